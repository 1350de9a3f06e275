// SPDX-License-Identifier: Apache-2.0

/// The memory nodes (NUMA) that a setting names: a list such as `0-1`, or an amount for each.
public struct NodeSelection: Hashable, Sendable {
    /// How much of a node.
    public enum Amount: Hashable, Sendable {
        /// Bytes.
        case bytes(Int64)
        /// Percent of the node's memory.
        case percent(Double)
    }

    /// The nodes' numbers, ascending, each once.
    public let nodes: [Int]
    /// What each node is to have, by its number; empty where the nodes are only named.
    public let amounts: [Int: Amount]

    /// Names nodes.
    public init(nodes: [Int]) {
        self.nodes = Set(nodes).sorted()
        amounts = [:]
    }

    /// Names nodes with an amount for each.
    public init(amounts: [Int: Amount]) {
        nodes = amounts.keys.sorted()
        self.amounts = amounts
    }
}
