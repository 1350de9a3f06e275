// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import LinuxSystem
internal import LoadModel

/// The setting `nodes` of every kind that knows memory nodes.
enum NodeSetting {
    static let key = "nodes"

    /// Looks for nodes that are not here, or not ours.
    static func check(_ settings: Settings, _ host: HostFacts) throws(PlanProblem) {
        guard let selection = settings.nodes(key) else { return }
        let known = host.memoryNodes.map(\.number)
        let missing = selection.nodes.filter { !(known.isEmpty ? [0] : known).contains($0) }
        if known.count <= 1, !missing.isEmpty || (known.isEmpty && !selection.amounts.isEmpty) {
            throw .unsupported(
                "this host has one memory node, \(known.first ?? 0); leave 'nodes' out, or run where there are more")
        }
        if let node = missing.first {
            throw .invalid(
                setting: key(of: node, settings),
                "there is no memory node \(node) here; there are \(known.map(String.init).joined(separator: ", "))")
        }
    }

    /// The nodes of a kind that takes no amounts for them; `nil` where none are named.
    static func nodes(_ settings: Settings, _ host: HostFacts) throws(PlanProblem) -> [Int]? {
        guard let selection = settings.nodes(key) else { return nil }
        try check(settings, host)
        guard selection.amounts.isEmpty else {
            throw .invalid(setting: key, "'nodes' takes no amounts here; name the nodes alone, such as 0-1")
        }
        return selection.nodes
    }

    /// The processors of `nodes` that this process may run on, ascending.
    static func cpus(of nodes: [Int], _ host: HostFacts) -> [Int] {
        let cpus = host.memoryNodes.filter { nodes.contains($0.number) }.flatMap(\.cpus)
        // Without NUMA there is one node, and all processors are its own.
        return host.memoryNodes.isEmpty ? host.affinityCPUs : host.affinityCPUs.filter(cpus.contains)
    }

    /// What is worth saying where there is nothing to choose.
    static func findings(_ settings: Settings, _ host: HostFacts) -> [Finding] {
        guard settings.nodes(key) != nil, host.memoryNodes.count <= 1 else { return [] }
        return [
            Finding(
                code: "one_memory_node", severity: .note,
                message: "this host has one memory node, so 'nodes' makes no difference here")
        ]
    }

    /// The setting that names `node`.
    static func key(of node: Int, _ settings: Settings) -> String {
        let key = "\(key).\(node)"
        return settings.marks[key] == nil ? Self.key : key
    }
}
