// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import LinuxSystem
internal import LoadModel
internal import SystemPackage

/// What the kernel still promises of memory where it promises no more than it has (`vm.overcommit_memory=2`).
///
/// Sources: `/proc/sys/vm/overcommit_memory`, `CommitLimit` and `Committed_AS` of `/proc/meminfo`;
/// `Documentation/mm/overcommit-accounting.rst` of the kernel.
struct CommitLimit {
    /// In bytes.
    var limit: Int64
    /// What is promised already, to everybody.
    var committed: Int64
    /// What can still be promised.
    var free: Int64 { max(0, limit - committed) }

    /// Whether the kernel counts what is reserved, and refuses it.
    static var isStrict: Bool { SmallFile.text("/proc/sys/vm/overcommit_memory") == "2" }

    /// The figures of now; `nil` where the kernel promises more than it has.
    static var current: CommitLimit? {
        guard isStrict, let bytes = try? SmallFile.bytes("/proc/meminfo") else { return nil }
        return CommitLimit(MemoryInfo(bytes[...]))
    }

    init?(_ info: MemoryInfo) {
        guard let limit = info.commitLimit, let committed = info.committed else { return nil }
        self.limit = limit
        self.committed = committed
    }

    /// What is left, and of what.
    var text: String {
        "vm.overcommit_memory is 2, and CommitLimit (\(limit >> 20) MiB) less Committed_AS (\(committed >> 20) MiB) "
            + "leaves \(free >> 20) MiB"
    }

    /// Says that a target cannot be promised; `nil` where it can, or nobody asks.
    func finding(forPeak peak: Double) -> Finding? {
        guard peak > Double(free) else { return nil }
        return Finding(
            code: "target_beyond_commit_limit",
            message: "the target goes up to \(mebibytes(peak)), and no more is promised: \(text). Lower the target, or "
                + "raise vm.overcommit_ratio, or set vm.overcommit_memory to 0")
    }

    /// Why so many bytes of address space cannot be had.
    static func words(reserving count: Int, _ error: some Error) -> String {
        let wish = "\(mebibytes(Double(count))) of address space cannot be reserved: \(error)"
        guard error as? Errno == .noMemory else { return wish }
        if let current {
            return wish + "; \(current.text). Lower the target, or raise vm.overcommit_ratio, or set "
                + "vm.overcommit_memory to 0"
        }
        return wish + "; see RLIMIT_AS (ulimit -v) and vm.max_map_count"
    }
}

/// Such as `2 MiB`.
func mebibytes(_ bytes: Double) -> String { "\(Int64((bytes / 0x1p20).rounded(.up))) MiB" }
