// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc
public import SystemPackage

/// A way of doing something that kernels, sandboxes and containers may or may not allow, and whether it works here.
///
/// Found out by doing it and looking at what came of it: a sandbox may answer success and do nothing. Each trial is
/// bounded, and what it changed is put back.
public struct Technique: Hashable, Sendable {
    /// What is tried.
    public enum Name: String, CaseIterable, Sendable {
        case threadCPUClock = "thread_cpu_clock"
        case processCPUClock = "process_cpu_clock"
        case timer = "timer"
        case affinity = "affinity"
        case idleClass = "sched_idle"
        case negativeNice = "nice_negative"
        case realTimeClass = "sched_fifo"
        case populateWrite = "madvise_populate_write"
        case hugePages = "transparent_huge_pages"
        case lockMemory = "mlock"
        case bindMemory = "mbind"
        case sharedMemory = "memfd"
        case processHandle = "pidfd"
        case ioUring = "io_uring"
        case oomScore = "oom_score_adj"
        case cycleCounter = "perf_event"
        case resourceControl = "resctrl"
        case joinGroup = "cgroup_procs"
        case unnamedFile = "o_tmpfile"
        case allocate = "fallocate"
        case directIO = "o_direct"
    }

    /// A measured number; the name ends in its unit.
    public struct Figure: Hashable, Sendable {
        /// Such as `granularity_ns`.
        public var name: String
        /// The number.
        public var value: Double
    }

    /// Which one.
    public var name: Name
    /// Whether it works.
    public var isAvailable: Bool
    /// What was done to find out.
    public var verifiedBy: String
    /// What was seen, or why it does not work, in words.
    public var detail: String
    /// The error that the kernel gave; `nil` where it gave none.
    public var error: Errno?
    /// What was measured on the way.
    public var figures: [Figure]

    static func works(_ name: Name, by verifiedBy: String, _ detail: String, _ figures: [Figure] = []) -> Technique {
        Technique(name: name, isAvailable: true, verifiedBy: verifiedBy, detail: detail, figures: figures)
    }

    static func fails(
        _ name: Name, by verifiedBy: String, _ detail: String, _ error: Errno? = nil, _ figures: [Figure] = []
    ) -> Technique {
        let detail = CLinux_was_filtered() != 0 ? "not allowed here: a seccomp filter kills who does it" : detail
        return Technique(
            name: name, isAvailable: false, verifiedBy: verifiedBy, detail: detail, error: error, figures: figures)
    }
}

extension Errno {
    /// The constant's name, such as `EACCES`.
    public var name: String { CLinux_errno_name(rawValue).map { String(cString: $0) } ?? "errno \(rawValue)" }
}

extension Technique {
    /// Runs `body` in a thread of its own, whose policy, priority and affinity end with it.
    static func inOwnThread(_ name: Name, by means: String, _ body: @escaping @Sendable () -> Technique) -> Technique {
        let result = ResultBox()
        do throws(Errno) {
            let thread = try KernelThread(named: "exert-probe") { result.value = body() }
            thread.join()
        } catch {
            return .fails(name, by: means, "no thread could be started", error)
        }
        return result.value ?? .fails(name, by: means, "the thread did not answer")
    }

    /// Written by the thread and read after its end.
    private final class ResultBox: @unchecked Sendable {
        var value: Technique?
    }

    /// The errno that the call before left.
    static var lastError: Errno { Errno(rawValue: errno) }
}
