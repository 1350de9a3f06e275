// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import LinuxSystem
internal import LoadModel

/// On which memory nodes the memory lies and in which proportion: the settings `nodes` and `placement`.
struct NodePlacement: Sendable {
    /// Where some of the lanes take their memory: one node, or all of them in turn.
    struct Place: Hashable, Sendable {
        var nodes: [Int]
        /// Its part of the whole: its pages where nodes have amounts, else 1.
        var weight: Int64
    }

    static let placementKey = "placement"
    /// The settings, for manifests.
    static let keys: [Manifest.Key] = [
        .init(
            NodeSetting.key, .nodes, default: nil, reach: .always(.ownProcess),
            help: "Memory nodes that it lies on: a list such as 0-1, or an amount for each such as {0: 1GiB, 1: 40%}, "
                + "whose sum is then 100 %. The target is then the process's anonymous memory, told per node."),
        .init(
            placementKey, .choice(NUMA.Policy.allCases.map(\.rawValue)), default: .text("preferred"),
            reach: .always(.ownProcess),
            help: "preferred and bind give each node its part, interleave all nodes in turn. A full node's part goes "
                + "to others with preferred; with bind it is refused, and should others fill the node, the OOM killer "
                + "may come although other nodes have memory."),
    ]

    let places: [Place]
    let policy: NUMA.Policy

    /// The placement of `settings`; `nil` where they name no nodes, or the kernel knows none.
    init?(_ settings: Settings, host: HostFacts) {
        guard let selection = settings.nodes(NodeSetting.key), let first = selection.nodes.first,
            !host.memoryNodes.isEmpty
        else { return nil }
        policy = settings.text(Self.placementKey).flatMap(NUMA.Policy.init) ?? .preferred
        let amounts = Self.bytes(selection, host)
        let page = Int64(AnonymousReservation.pageSize)
        if policy == .interleave, first != selection.nodes.last {
            places = [Place(nodes: selection.nodes, weight: 1)]
        } else {
            places = selection.nodes.map { Place(nodes: [$0], weight: amounts[$0].map { $0 / page } ?? 1) }
        }
    }

    /// Whether pages come from several nodes in turn.
    var isInTurn: Bool { places[0].nodes.count > 1 }

    /// The node that the process's own memory lies on.
    var home: Int { places[0].nodes[0] }

    /// All nodes, ascending.
    var nodes: [Int] { places.flatMap(\.nodes) }

    /// The bytes of each place of `total`, in whole pages; a total of all amounts is exactly those.
    func parts(of total: Int64) -> [Int64] {
        let page = Int64(AnonymousReservation.pageSize)
        let pages = max(0, total) / page
        let whole = max(1, places.reduce(0) { $0 + $1.weight })
        var parts = places.map { place in
            whole.dividingFullWidth(pages.multipliedFullWidth(by: place.weight)).quotient
        }
        // What the division left, less than a page for each place, goes to the first that have any part.
        var rest = pages - parts.reduce(0, +)
        for index in parts.indices where rest > 0 && places[index].weight > 0 {
            parts[index] += 1
            rest -= 1
        }
        return parts.map { $0 * page }
    }

    /// What each node is to have of `total`.
    func targets(of total: Int64) -> [Int: Double] {
        var targets: [Int: Double] = [:]
        for (place, part) in zip(places, parts(of: total)) {
            for node in place.nodes { targets[node] = Double(part) / Double(place.nodes.count) }
        }
        return targets
    }

    // MARK: Plan

    /// The amounts in bytes, in whole pages; empty where the nodes are only named.
    static func bytes(_ selection: NodeSelection, _ host: HostFacts) -> [Int: Int64] {
        let page = Int64(AnonymousReservation.pageSize)
        var bytes: [Int: Int64] = [:]
        for (node, amount) in selection.amounts {
            switch amount {
            case .bytes(let count): bytes[node] = count / page * page
            case .percent(let percent):
                let total = host.memoryNodes.first { $0.number == node }?.total ?? 0
                bytes[node] = Int64(percent / 100 * Double(total)) / page * page
            }
        }
        return bytes
    }

    /// Looks for what cannot be placed here.
    static func check(_ settings: Settings, _ host: HostFacts) throws(PlanProblem) {
        guard let selection = settings.nodes(NodeSetting.key) else { return }
        try NodeSetting.check(settings, host)
        for node in host.memoryNodes where selection.nodes.contains(node.number) && !node.isAllowed {
            throw .unsupported("memory node \(node.number) is not in this process's cpuset (Mems_allowed)")
        }
        let amounts = bytes(selection, host)
        for node in host.memoryNodes {
            guard let amount = amounts[node.number], amount > node.total else { continue }
            let (whole, wanted) = HumanUnits.amounts(Double(node.total), Double(amount), .bytes)
            throw .invalid(
                setting: NodeSetting.key(of: node.number, settings),
                "node \(node.number) has \(whole), less than \(wanted)")
        }
        guard !selection.amounts.isEmpty else { return }
        guard amounts.values.contains(where: { $0 > 0 }) else {
            throw .invalid(setting: NodeSetting.key, "no node is to have a whole page; raise an amount")
        }
        if settings.text(placementKey) == NUMA.Policy.interleave.rawValue {
            throw .invalid(
                setting: placementKey, "interleave gives all nodes the same; name the nodes without amounts")
        }
        if settings.text("of") != "auto" {
            throw .invalid(setting: "of", "the amounts of 'nodes' say what 100 % is; leave 'of' out")
        }
    }

    /// What 100 % is of memory on nodes; `nil` where `of` says it.
    static func base(_ settings: Settings, _ host: HostFacts, headroom: Int64) -> Base? {
        guard let selection = settings.nodes(NodeSetting.key), NodePlacement(settings, host: host) != nil
        else { return nil }
        let amounts = bytes(selection, host)
        if !amounts.isEmpty {
            let sum = Double(amounts.values.reduce(0, +))
            let parts = selection.nodes.map { "\(amounts[$0] ?? 0) bytes on node \($0)" }
            return Base(capacity: sum, free: sum, text: "nodes: \(parts.joined(separator: ", "))")
        }
        guard settings.text("of") == "auto" else { return nil }
        let nodes = host.memoryNodes.filter { selection.nodes.contains($0.number) }
        let limit = host.memoryBound?.value ?? .infinity
        let total = Double(nodes.reduce(0) { $0 + $1.total })
        guard total <= limit else { return nil }
        let free = nodes.reduce(0) { $0 + max(0, $1.free - headroom) }
        let names = selection.nodes.map(String.init).joined(separator: ", ")
        var base = Base(
            capacity: total, free: Double(free),
            text: "nodes \(names): MemTotal \(Int64(total)) bytes (/sys/devices/system/node)")
        base.whole = Double(nodes.reduce(0) { $0 + max(0, $1.free) })
        base.leastLeft = Double(settings.bytes("headroom") ?? 0) * Double(nodes.count)
        return base
    }

    /// What is worth telling of a target that goes up to `peak`.
    static func findings(_ settings: Settings, _ peak: Double, _ host: HostFacts, headroom: Int64) -> [Finding] {
        let tight = NodePlacement(settings, host: host)?.tightNodes(peak, host, headroom: headroom) ?? []
        return NodeSetting.findings(settings, host) + tight
    }

    /// Nodes that have less room than they are to have taken.
    private func tightNodes(_ peak: Double, _ host: HostFacts, headroom: Int64) -> [Finding] {
        var findings: [Finding] = []
        let targets = targets(of: peak < 0x1p62 ? Int64(peak) : .max)
        for node in host.memoryNodes {
            let room = max(0, node.free - headroom)
            guard let target = targets[node.number], target > Double(room) else { continue }
            let (wanted, free) = HumanUnits.amounts(target, Double(room), .bytes)
            findings.append(
                Finding(
                    code: "target_beyond_node",
                    message: "node \(node.number) is to have \(wanted); \(free) can be taken there before the "
                        + "headroom is reached. Lower its part, or free memory on it first."))
        }
        return findings
    }
}
