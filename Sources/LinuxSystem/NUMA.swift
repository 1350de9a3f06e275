// SPDX-License-Identifier: Apache-2.0

internal import CNUMA

/// The memory nodes of this host, from libnuma.
public enum NUMA {
    /// How many nodes with memory there are; 1 where the kernel has no NUMA.
    public static var nodesWithMemory: Int {
        guard numa_available() >= 0 else { return 1 }
        var count = 0
        for node in 0...max(0, numa_max_node()) where numa_node_size64(node, nil) > 0 { count += 1 }
        return max(1, count)
    }
}
