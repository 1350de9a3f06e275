// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc
public import SystemPackage

/// A child process, watched through a pidfd.
public final class ChildProcess {
    /// The process.
    public let id: Int32
    /// A descriptor that becomes readable when the process has ended.
    public let pidDescriptor: Int32
    private let pidfd: OwnedDescriptor?
    /// Between which times of `CLOCK_BOOTTIME` it was started, in ns.
    private let spawned: ClosedRange<Int64>
    private var end: End?

    /// How a process ended.
    public struct End: Sendable {
        /// The exit code; -1 where a signal ended it.
        public var exitCode: Int32
        /// The signal that ended it; 0 where it exited.
        public var signal: Int32
        /// CPU time that it took in all, in nanoseconds.
        public var cpuTime: Int64

        /// Creates an end.
        public init(exitCode: Int32, signal: Int32, cpuTime: Int64) {
            self.exitCode = exitCode
            self.signal = signal
            self.cpuTime = cpuTime
        }
    }

    /// This binary.
    public static let thisExecutable = "/proc/self/exe"

    /// Spawns a binary, this very one where nothing else is said.
    ///
    /// `posix_spawn`, never a bare `fork`: only async-signal-safe code may run in a fork of a Swift process.
    /// Call it on a thread that never ends: the child's parent-death signal is bound to the spawning thread.
    ///
    /// - Parameters:
    ///   - arguments: the command line, the binary's name first.
    ///   - descriptors: what the child's descriptors 0, 1, 2, … are; `nil` for the same as here. All others are closed.
    ///   - withheld: variables of the environment that are not passed on.
    public init(
        _ executable: String = thisExecutable, arguments: [String], descriptors: [Int32?],
        withholding withheld: [String] = []
    ) throws(Errno) {
        var argv: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
        defer { for argument in argv { free(argument) } }
        argv.append(nil)
        var environment: [UnsafeMutablePointer<CChar>?] = []
        var variable = environ
        while let text = variable.pointee {
            let name = String(cString: text).prefix { $0 != "=" }
            if !withheld.contains(String(name)) { environment.append(text) }
            variable += 1
        }
        environment.append(nil)
        var pid: pid_t = 0
        let before = Clocks.boot
        let numbers = descriptors.map { $0 ?? -1 }
        try checkCode(CLinux_spawn(&pid, executable, &argv, &environment, numbers, numbers.count))
        spawned = before...max(before, Clocks.boot)
        id = pid
        let descriptor = CLinux_pidfd_open(pid)
        pidDescriptor = descriptor
        // Kernels before 5.3 have no pidfd; then the observer finds out at its next sample.
        pidfd = descriptor >= 0 ? OwnedDescriptor(owning: descriptor) : nil
    }

    /// What is wrong with `/proc` where it does not show this very process by its number; `nil` where it does, or where
    /// the process has ended.
    public var procProblem: ProcMount.Problem? {
        if poll() != nil { return nil }
        return ProcMount.problem(ofChild: id, pidDescriptor: pidDescriptor, spawned: spawned)
    }

    /// Whether the process has ended, whether somebody has waited for it or not: `waitid(2)`, `WNOWAIT`.
    public var hasEnded: Bool {
        if end != nil { return true }
        var info = siginfo_t()
        // An error is for `poll()` to make something of.
        return waitid(P_PID, id_t(id), &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_signo == SIGCHLD
    }

    /// How the process ended; `nil` while it runs.
    public func poll() -> End? { wait(noHang: true) }

    /// How the process ended, waiting for that for at most `milliseconds`; `nil` where it has not by then.
    public func wait(milliseconds: Int32) -> End? {
        if let end = poll() { return end }
        let deadline = Clocks.monotonic + Int64(milliseconds) * 1_000_000
        repeat {
            // Without a pidfd there is nothing to wait for but time.
            let left = Int32(clamping: max(0, (deadline - Clocks.monotonic) / 1_000_000))
            _ = EventPoll.wait([pidDescriptor], timeout: pidDescriptor < 0 ? min(10, left) : left)
            if let end = poll() { return end }
        } while Clocks.monotonic < deadline
        return nil
    }

    /// Sends a signal, unless the process is already reaped.
    public func send(signal: Int32) { if end == nil { kill(id, signal) } }

    /// Whether any child is stopped, or was and has gone on; that stays so until somebody takes note of it.
    ///
    /// What a tracer stops is told to the tracer alone: `ptrace(2)`.
    public static var anyHasStopped: Bool {
        var info = siginfo_t()
        guard waitid(P_ALL, 0, &info, WSTOPPED | WCONTINUED | WNOHANG | WNOWAIT) == 0 else { return false }
        return info.si_signo == SIGCHLD
    }

    /// Whether child `id` was stopped and has gone on since this was last asked; see `waitid(2)`, `WCONTINUED`.
    public static func takeContinued(_ id: Int32) -> Bool {
        var info = siginfo_t()
        guard waitid(P_PID, id_t(id), &info, WCONTINUED | WNOHANG) == 0 else { return false }
        return info.si_signo == SIGCHLD
    }

    private func wait(noHang: Bool) -> End? {
        if let end { return end }
        var exitCode: Int32 = 0
        var signal: Int32 = 0
        var cpuTime: Int64 = 0
        while true {
            let result = CLinux_wait(id, noHang ? 1 : 0, &exitCode, &signal, &cpuTime)
            if result == 0 { return nil }
            if result < 0, errno == EINTR { continue }
            let end =
                result < 0
                ? End(exitCode: -1, signal: 0, cpuTime: 0)
                : End(exitCode: exitCode, signal: signal, cpuTime: cpuTime)
            self.end = end
            return end
        }
    }
}

/// Facts and settings of this process.
public enum CurrentProcess {
    /// This process.
    public static var id: Int32 { getpid() }
    /// The command line as `execve(2)` passed it, the binary's own name first.
    ///
    /// Swift's `CommandLine` reads `/proc/self/cmdline`, and is empty where there is no `/proc`.
    public static let arguments: [String] = (0..<CLinux_argument_count()).compactMap { index in
        CLinux_argument(index).map { String(cString: $0) }
    }
    /// The parent process.
    public static var parentID: Int32 { getppid() }

    /// Has the kernel send SIGKILL to this process after `nanoseconds` of `CLOCK_BOOTTIME`, whatever is blocked by
    /// then.
    ///
    /// The corresponding C function is `timer_create`.
    public static func armKillTimer(after nanoseconds: Int64) throws(Errno) {
        _ = try check(CLinux_kill_self_after(nanoseconds))
    }

    /// Has the kernel send a signal, SIGKILL unless told otherwise, when the thread that spawned this process ends: the
    /// third net, see `prctl(2)`.
    public static func setParentDeathSignal(_ signal: Int32 = 9) { _ = CLinux_set_parent_death_signal(signal) }

    /// Makes this process the first that the OOM killer takes; anybody may raise their own score.
    public static func offerToOOMKiller() throws(Errno) {
        let file = try OwnedDescriptor.open("/proc/self/oom_score_adj", O_WRONLY)
        try file.write(all: Array("1000".utf8))
    }

    /// Lets this process leave no core dump: a dump of a memory stressor would be a second outage.
    public static func disableCoreDumps() {
        var limit = rlimit(rlim_cur: 0, rlim_max: 0)
        setrlimit(__rlimit_resource_t(4) /* RLIMIT_CORE */, &limit)
    }

    /// The soft limit on locked memory in bytes; `nil` where there is none.
    public static var lockedMemoryLimit: Int64? {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(8) /* RLIMIT_MEMLOCK */, &limit)
        return limit.rlim_cur == rlim_t.max ? nil : Int64(clamping: limit.rlim_cur)
    }

    /// Whether this process may lock memory beyond its limit (`CAP_IPC_LOCK`).
    public static var mayLockMemory: Bool { CLinux_has_capability(14) == 1 }

    /// Leaves at once, without running exit handlers; the kernel takes everything back.
    public static func exitImmediately(_ code: Int32) -> Never { _exit(code) }
}
