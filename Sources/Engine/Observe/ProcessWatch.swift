// SPDX-License-Identifier: Apache-2.0

internal import LinuxSystem
internal import LoadModel

/// What `/proc` says of one stressor process: whether it is stopped, its groups, its own limits.
final class ProcessWatch {
    let id: Int32
    private let state: ProcFile
    private let membership: ProcFile?
    private let limits: ProcFile?
    private let status: ProcFile?
    private var lastMembership: [UInt8] = []

    /// Opens the files of process `id`; `nil` where they cannot be read.
    init?(_ id: Int32) {
        // The first thread's: for the whole process the kernel adds up the times of all threads, at a µs each.
        guard let state = ProcFile("/proc/\(id)/task/\(id)/stat", capacity: 1024) else { return nil }
        self.id = id
        self.state = state
        membership = ProcFile("/proc/\(id)/cgroup", capacity: 16384)
        limits = ProcFile("/proc/\(id)/limits")
        status = ProcFile("/proc/\(id)/status")
    }

    /// Whether a signal or a tracer has stopped it: state `T` or `t`, proc(5).
    var isStopped: Bool { state.read { ProcessState.isStopped($0) } ?? false }

    /// The text of `/proc/PID/cgroup` where it is not what it was the last time that this was asked.
    func takeNewMembership() -> [UInt8]? {
        guard let new = membership(unlike: lastMembership) else { return nil }
        lastMembership = new
        return new
    }

    /// The text of `/proc/PID/cgroup` where it is another one than `last`.
    func membership(unlike last: [UInt8]) -> [UInt8]? {
        guard let new = membership?.read({ $0.elementsEqual(last) ? nil : Array($0) }) else { return nil }
        // One that has ended is in the root (see proc_cgroup_show(), kernel/cgroup/cgroup.c).
        return state.read { ProcessState.hasEnded($0) } ?? true ? nil : new
    }

    /// Its threads, `limit` at most; empty where they may not be listed.
    func threadIDs(limit: Int) -> [Int32] {
        guard let folder = try? OwnedDescriptor.open("/proc/\(id)/task", 0o200000 /* O_DIRECTORY */) else { return [] }
        return DirectoryReader.names(ofDescriptor: folder.rawValue, limit: limit).compactMap { Int32($0) }
    }

    /// Its limits; `nil` once it is gone.
    var processLimits: ProcessLimits? { limits?.read { ProcessLimits($0) } }

    /// The processors that it may run on; `nil` once it is gone.
    var allowedCPUs: [Int]? { status?.read { ProcessStatus($0).allowedCPUs } }
}
