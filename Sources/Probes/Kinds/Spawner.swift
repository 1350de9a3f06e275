// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc
internal import LinuxSystem
internal import Synchronization

/// Starts programs on a thread of its own.
///
/// execve(2) returns when the program is loaded, which takes long from a disk under load: no other probe would be asked
/// in that time. A program ends with the thread, and so with the prober however that ends: the kernel kills it. What it
/// has started itself is killed with its group, by a prober that lives.
final class Spawner: Sendable {
    /// A program to start, and how it is told what became of that.
    struct Job: Sendable {
        var output: Int32
        var error: Int32
        /// The counter that is raised when ``outcome`` is there.
        var counter: SharedCounter
        var outcome: Outcome
    }

    /// A counter that is closed when neither thread has a use for it: its number would be somebody else's.
    final class SharedCounter: Sendable {
        let descriptor: Int32
        init() throws(ProbeProblem) {
            descriptor = CLinux_eventfd()
            guard descriptor >= 0 else { throw ProbeProblem("no descriptor to be had: \(ErrorText.last)") }
        }
        deinit { close(descriptor) }
    }

    /// What became of a start: the process, or an errno.
    final class Outcome: Sendable {
        private let state = Mutex<(value: (pid: Int32, error: Int32)?, isAbandoned: Bool)>((nil, false))
        var value: (pid: Int32, error: Int32)? { state.withLock { $0.value } }

        func set(pid: Int32, error: Int32) {
            let isAbandoned = state.withLock { state in
                state.value = (pid, error)
                return state.isAbandoned
            }
            if isAbandoned && error == 0 { Spawner.end(pid) }
        }

        /// Ends the process, now or as soon as it is there: whoever asked for it is gone.
        func abandon() {
            let value = state.withLock { state in
                state.isAbandoned = true
                return state.value
            }
            if let value, value.error == 0 { Spawner.end(value.pid) }
        }
    }

    /// Kills a process group and waits for its leader, for a second at most: a dead child that nobody has waited for
    /// stays in the table of processes.
    static func end(_ pid: Int32) {
        kill(-pid, SIGKILL)
        var (code, signal, cpu): (Int32, Int32, Int64) = (-1, 0, 0)
        for _ in 0..<1000 where CLinux_wait(pid, 1, &code, &signal, &cpu) == 0 { usleep(1000) }
    }

    private let jobs = Mutex<(jobs: [Job], isOver: Bool)>(([], false))
    private let counter: SharedCounter

    init(_ arguments: [String], path: String) throws(ProbeProblem) {
        counter = try SharedCounter()
        let (counter, null) = (counter, open("/dev/null", O_RDONLY | O_CLOEXEC))
        guard null >= 0 else { throw ProbeProblem("/dev/null cannot be opened: \(ErrorText.last)") }
        do {
            let thread = try KernelThread(named: "exert-spawn") { [weak self] in
                while Self.next(counter, { self?.take() }, null, arguments, path) {}
                close(null)
            }
            thread.detach()
        } catch {
            throw ProbeProblem("no thread to be had: \(error)")
        }
    }

    /// Starts the thread's last turn.
    func end() {
        jobs.withLock { $0.isOver = true }
        EventCounter.signal(counter.descriptor)
    }

    /// Has a program started.
    func submit(_ job: Job) {
        jobs.withLock { $0.jobs.append(job) }
        EventCounter.signal(counter.descriptor)
    }

    private func take() -> (jobs: [Job], isOver: Bool) {
        jobs.withLock { state in
            defer { state.jobs = [] }
            return state
        }
    }

    /// Waits for jobs and does them; whether there will be more.
    private static func next(
        _ counter: SharedCounter, _ take: () -> (jobs: [Job], isOver: Bool)?, _ null: Int32, _ arguments: [String],
        _ path: String
    ) -> Bool {
        _ = EventPoll.wait([counter.descriptor])
        EventCounter.reset(counter.descriptor)
        guard let (jobs, isOver) = take() else { return false }
        for job in jobs {
            var argv: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
            var pid: pid_t = 0
            let error = CLinux_spawn_bound(&pid, path, &argv, environ, [null, job.output, job.error])
            for argument in argv { free(argument) }
            close(job.output)
            close(job.error)
            job.outcome.set(pid: pid, error: error)
            EventCounter.signal(job.counter.descriptor)
        }
        return !isOver
    }

    /// The file that a program's name stands for, by `PATH` where it has no slash: execvp(3).
    static func path(of name: String) -> String? {
        if name.contains("/") { return access(name, X_OK) == 0 ? name : nil }
        let places = getenv("PATH").map { String(cString: $0) } ?? "/usr/local/bin:/usr/bin:/bin"
        return places.split(separator: ":").map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }
}
