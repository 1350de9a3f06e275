// SPDX-License-Identifier: Apache-2.0

internal import CNUMA
internal import Glibc
public import SystemPackage

/// The memory nodes of this host, from libnuma and sysfs, and where memory is to lie.
public enum NUMA {
    /// A node with memory.
    public struct Node: Hashable, Sendable {
        /// Its number.
        public var number: Int
        /// Its memory in bytes.
        public var total: Int64
        /// What of it could be taken now: free, or page cache that is not in use; in bytes.
        public var free: Int64
        /// Its processors; a node may have none.
        public var cpus: [Int]
        /// Whether this process may use its memory (`cpuset`).
        public var isAllowed: Bool
    }

    /// Which node a page is taken from.
    public enum Policy: String, Sendable, CaseIterable {
        /// The node while it has room, then others (`MPOL_PREFERRED`).
        case preferred
        /// The nodes and no others: the OOM killer comes where they are full (`MPOL_BIND`).
        case bind
        /// The nodes in turn (`MPOL_INTERLEAVE`).
        case interleave

        fileprivate var mode: Int32 {
            switch self {
            case .preferred: MPOL_PREFERRED
            case .bind: MPOL_BIND
            case .interleave: MPOL_INTERLEAVE
            }
        }
    }

    /// How many nodes with memory there are; 1 where the kernel has no NUMA.
    public static var nodesWithMemory: Int {
        guard numa_available() >= 0 else { return 1 }
        var count = 0
        for node in 0...max(0, numa_max_node()) where numa_node_size64(node, nil) > 0 { count += 1 }
        return max(1, count)
    }

    /// The nodes with memory, ascending; empty where the kernel tells none.
    ///
    /// From sysfs, and from `/proc/self/status` what of it is allowed: sandboxes refuse `get_mempolicy`, by which
    /// libnuma would ask.
    public static var nodes: [Node] {
        let root = "/sys/devices/system/node"
        let allowed = (try? SmallFile.bytes("/proc/self/status")).flatMap { ProcessStatus($0[...]).allowedNodes }
        return (SmallFile.text("\(root)/has_memory").flatMap(CPUList.parse) ?? []).compactMap { number in
            var free: Int64 = 0
            let total = numa_node_size64(Int32(number), &free)
            guard total > 0 else { return nil }
            let cpus = SmallFile.text("\(root)/node\(number)/cpulist").flatMap(CPUList.parse) ?? []
            return Node(
                number: number, total: total, free: Gauge(of: number)?.available ?? free, cpus: cpus,
                isAllowed: allowed?.contains(number) ?? true)
        }
    }

    /// What can be taken of one node's memory.
    public final class Gauge {
        private let file: ProcFile
        private let freeKey: [UInt8]
        private let cacheKey: [UInt8]

        /// Opens the figures of `node`; `nil` where there are none.
        public init?(of node: Int) {
            guard let file = ProcFile("/sys/devices/system/node/node\(node)/meminfo") else { return nil }
            self.file = file
            freeKey = Array("Node \(node) MemFree:".utf8)
            cacheKey = Array("Node \(node) Inactive(file):".utf8)
        }

        /// Free memory and page cache that is not in use, in bytes.
        public var available: Int64? {
            file.read { [freeKey, cacheKey] bytes in
                guard let free = ByteScanner.integer(after: freeKey, in: bytes) else { return nil }
                return (free + (ByteScanner.integer(after: cacheKey, in: bytes) ?? 0)) * 1024
            }
        }
    }

    /// Says where the pages of a range will lie that are not there yet.
    ///
    /// The corresponding C function is `mbind`.
    public static func place(
        _ address: UnsafeMutableRawPointer, _ count: Int, on nodes: [Int], _ policy: Policy
    ) throws(Errno) {
        let mask = mask(of: nodes)
        _ = try check(mbind(address, UInt(count), policy.mode, mask, UInt(mask.count * UInt.bitWidth + 1), 0))
    }

    /// Says where the calling thread's new pages will lie, and those of threads that it starts; an `execve` keeps it.
    ///
    /// The corresponding C function is `set_mempolicy`.
    public static func setProcessPolicy(_ policy: Policy, on nodes: [Int]) throws(Errno) {
        let mask = mask(of: nodes)
        _ = try check(set_mempolicy(policy.mode, mask, UInt(mask.count * UInt.bitWidth + 1)))
    }

    private static func mask(of nodes: [Int]) -> [UInt] {
        var words = [UInt](repeating: 0, count: (nodes.max() ?? 0) / UInt.bitWidth + 1)
        for node in nodes { words[node / UInt.bitWidth] |= 1 << UInt(node % UInt.bitWidth) }
        return words
    }
}
