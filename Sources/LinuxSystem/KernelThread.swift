// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc
public import SystemPackage

/// A real kernel thread, named and joined.
///
/// Load runs on these and never on Swift tasks: the cooperative pool has as many threads as processors, and a task that
/// spins takes one of them away for good.
public struct KernelThread: ~Copyable {
    private var handle: pthread_t

    private final class Start {
        let name: String
        let body: @Sendable () -> Void
        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    /// Starts a thread; `name` is cut to the 15 characters that Linux keeps.
    public init(named name: String, _ body: @escaping @Sendable () -> Void) throws(Errno) {
        let start = Unmanaged.passRetained(Start(name: name, body: body))
        var handle = pthread_t()
        let code = pthread_create(
            &handle, nil,
            { argument in
                let start = Unmanaged<Start>.fromOpaque(argument!).takeRetainedValue()
                // Cosmetic; some sandboxes refuse it.
                _ = CLinux_set_thread_name(start.name)
                start.body()
                return nil
            }, start.toOpaque())
        if code != 0 {
            start.release()
            throw Errno(rawValue: code)
        }
        self.handle = handle
    }

    /// Lets the thread end on its own; the process's exit takes it along.
    public consuming func detach() { pthread_detach(handle) }

    /// Waits until the thread has ended.
    public consuming func join() {
        let code = pthread_join(handle, nil)
        precondition(code == 0, "pthread_join failed with \(code)")
    }
}

/// Settings of the calling thread.
public enum CurrentThread {
    /// The kernel's id.
    public static var id: Int32 { CLinux_gettid() }

    /// Has writing to a pipe that nobody reads fail with an error in this thread, and end nothing.
    ///
    /// Whether SIGPIPE ends the process is for the program to say, and not for a library in it.
    public static func blockBrokenPipeSignal() {
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// Lets absolute sleeps end on time: the default slack lets the kernel be 50 µs late (`PR_SET_TIMERSLACK`).
    public static func setMinimalTimerSlack() { _ = CLinux_set_timer_slack(1) }

    /// Confines the thread to `cpus`.
    ///
    /// The corresponding C function is `sched_setaffinity`.
    public static func setAffinity(_ cpus: [Int]) throws(Errno) {
        let numbers = cpus.map(Int32.init)
        _ = try check(CLinux_set_thread_affinity(numbers, numbers.count))
    }

    /// The CPUs that the thread may run on, ascending.
    public static func affinity() throws(Errno) -> [Int] {
        var cpus = [Int32](repeating: 0, count: 8192)
        let count = try check(CLinux_get_affinity(&cpus, cpus.count))
        return cpus[..<Int(count)].map(Int.init)
    }

    /// Sets the thread's nice value; below 0 needs `CAP_SYS_NICE`.
    public static func setNice(_ nice: Int) throws(Errno) { _ = try check(CLinux_set_thread_nice(Int32(nice))) }

    /// Makes the thread run only where nothing else wants the processor (`SCHED_IDLE`).
    public static func setIdlePolicy() throws(Errno) { _ = try check(CLinux_set_thread_idle()) }
}
