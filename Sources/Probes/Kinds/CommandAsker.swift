// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc
internal import LinuxSystem
internal import LoadModel

/// Runs a program and looks at how it ends; no shell is involved.
///
/// The program is first of a process group of its own, which is killed when it has ended or has taken too long.
final class CommandAsker: Asker {
    /// How much of a number's text is read, and how much of standard error is kept, in bytes.
    private static let (outputLimit, noteLimit) = (4096, 256)
    private static let spareCount = 5

    private enum State {
        case free
        /// On its way; the asker may want it no more.
        case starting(Spawner.Outcome, isWanted: Bool)
        case running(pid: Int32)
        /// Killed, and not reaped.
        case dying(pid: Int32)
    }

    private let spawner: Spawner
    private let readsNumber: Bool
    private let watch: Watch
    private let counter: Spawner.SharedCounter
    private var state = State.free
    private var pidfd: Int32 = -1
    private var output: Int32 = -1
    private var error: Int32 = -1
    /// Held for what a start takes, two pipes and a pidfd: a load that takes all file handles finds them taken.
    private var spare: [Int32] = []
    private var printed: [UInt8] = []
    private var complaint: [UInt8] = []

    init(_ spawner: Spawner, readsNumber: Bool, _ watch: Watch) throws(ProbeProblem) {
        self.spawner = spawner
        self.readsNumber = readsNumber
        self.watch = watch
        counter = try Spawner.SharedCounter()
        watch.renew()
        watch.watch(counter.descriptor, .toRead)
        holdSpare()
        guard spare.count == Self.spareCount else { throw ProbeProblem("no descriptor to be had: \(ErrorText.last)") }
    }

    deinit {
        switch state {
        case .starting(let outcome, _): outcome.abandon()
        case .running(let pid), .dying(let pid): Spawner.end(pid)
        case .free: break
        }
        closeAll()
        letGoOfSpare()
    }

    // The counter is watched from the first to the last; what else is closed tells nothing any more.
    func isCurrent(_ generation: UInt32) -> Bool { true }
    var isFree: Bool { if case .free = state { true } else { false } }

    func ask() -> Reply? {
        (printed, complaint) = ([], [])
        letGoOfSpare()
        var (out, err): ([Int32], [Int32]) = ([-1, -1], [-1, -1])
        guard CLinux_pipe(&out) == 0, CLinux_pipe(&err) == 0 else {
            for descriptor in out + err where descriptor >= 0 { Glibc.close(descriptor) }
            holdSpare()
            return Reply(.noResource)
        }
        (output, error) = (out[0], err[0])
        for descriptor in [output, error] {
            _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
            watch.watch(descriptor, .toRead)
        }
        let outcome = Spawner.Outcome()
        state = .starting(outcome, isWanted: true)
        spawner.submit(.init(output: out[1], error: err[1], counter: counter, outcome: outcome))
        return nil
    }

    func wake() -> Reply? { proceed() }
    func tick() -> Reply? { proceed() }

    private func proceed() -> Reply? {
        if case .starting(let outcome, let isWanted) = state {
            guard let (pid, error) = outcome.value else { return nil }
            EventCounter.reset(counter.descriptor)
            guard error == 0 else {
                free()
                let note = "not started: \(String(cString: strerror(error)))"
                return isWanted ? Reply(ErrorText.isOfResources(error) ? .noResource : .status, note: note) : nil
            }
            state = .running(pid: pid)
            // Kernels before 5.3 have none; then the end is seen at the next tick.
            pidfd = CLinux_pidfd_open(pid)
            if pidfd >= 0 { watch.watch(pidfd, .toRead) }
            if !isWanted { giveUp() }
        }
        drain()
        switch state {
        case .running(let pid):
            guard let code = reap(pid) else { return nil }
            drain()
            free()
            return judge(code)
        case .dying(let pid):
            if reap(pid) != nil { free() }
            return nil
        default: return nil
        }
    }

    /// The exit code of what has ended, -1 where a signal ended it; `nil` while it runs.
    ///
    /// Takes the rest of its group along, which has its number as long as nobody has asked how it ended.
    private func reap(_ pid: Int32) -> Int32? {
        var info = siginfo_t()
        let result = waitid(P_PID, id_t(pid), &info, WEXITED | WNOHANG | WNOWAIT)
        guard result != 0 || info.si_signo == SIGCHLD else { return nil }
        kill(-pid, SIGKILL)
        var (code, signal, cpu): (Int32, Int32, Int64) = (-1, 0, 0)
        return CLinux_wait(pid, 1, &code, &signal, &cpu) == pid ? code : -1
    }

    private func judge(_ code: Int32) -> Reply {
        let note = complaint.isEmpty ? nil : String(decoding: complaint, as: UTF8.self)
        guard code == 0 else { return Reply(.status, note: note ?? "exit code \(code)") }
        guard readsNumber else { return Reply(.good, note: note) }
        let text = String(decoding: printed, as: UTF8.self).filter { !$0.isWhitespace }
        guard let value = Double(text), value.isFinite, printed.count < Self.outputLimit else {
            return Reply(.body, note: note ?? "not one number on standard output")
        }
        return Reply(.good, value: value, note: note)
    }

    private func drain() {
        if Self.read(output, into: &printed, limit: Self.outputLimit) { close(&output) }
        if Self.read(error, into: &complaint, limit: Self.noteLimit) { close(&error) }
    }

    /// Takes what is there and keeps the first of it; whether that was the end.
    private static func read(_ descriptor: Int32, into bytes: inout [UInt8], limit: Int) -> Bool {
        guard descriptor >= 0 else { return false }
        var buffer = [UInt8](repeating: 0, count: 4096)
        // What writes without end is left alone when its turn is over.
        for _ in 0..<16 {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return count == 0 }
            bytes += buffer[..<count].prefix(limit - bytes.count)
        }
        return false
    }

    func giveUp() {
        switch state {
        case .starting(let outcome, _): state = .starting(outcome, isWanted: false)
        case .running(let pid):
            kill(-pid, SIGKILL)
            state = .dying(pid: pid)
        default: break
        }
    }

    private func free() {
        state = .free
        closeAll()
    }

    private func closeAll() {
        close(&pidfd)
        close(&output)
        close(&error)
        holdSpare()
    }

    private func holdSpare() {
        while spare.count < Self.spareCount {
            let descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { return }
            spare.append(descriptor)
        }
    }

    private func letGoOfSpare() {
        for descriptor in spare { Glibc.close(descriptor) }
        spare = []
    }

    private func close(_ descriptor: inout Int32) {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }
}
