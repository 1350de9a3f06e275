// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import LinuxSystem

/// The resident set of the whole stressor process, or the use of a whole base.
///
/// While nothing is asked for, what is resident is the idle process itself and no load, and what others use is none
/// either: then the resident set is counted from what it was before the load began. Of a base's use, the process's own
/// part is its anonymous memory: shared code is charged to whoever read it first. So it is where a load leaves a part
/// of what there is.
final class ResidentSetWitness: Witness {
    private let statm: ProcFile
    private let rollup: ProcFile?
    private let use: MemoryUse?
    private let isAnonymous: Bool
    /// What is paged out counts, too: the load is to go to where that begins.
    private let status: ProcFile?
    private var idle: Int64?

    /// Opens the accounting of a process, and that of a base where its total use is the figure.
    init?(processID: Int32, use: MemoryUse? = nil, isAnonymous: Bool = false, countsSwap: Bool = false) {
        status = countsSwap ? ProcFile("/proc/\(processID)/status") : nil
        self.isAnonymous = isAnonymous || use != nil
        guard let statm = ProcFile("/proc/\(processID)/statm", capacity: 128) else { return nil }
        self.statm = statm
        self.use = use
        rollup = ProcFile("/proc/\(processID)/smaps_rollup")
    }

    private var ownBytes: Int64? {
        statm.read(isAnonymous ? MemoryText.anonymous : MemoryText.resident).map { $0 + (swapped ?? 0) }
    }

    private var swapped: Int64? { status?.read { ByteScanner.bytes(afterKiB: "VmSwap:", in: $0) } }

    func begin() { idle = ownBytes }

    func read(target: Double) -> WitnessReading? {
        guard let bytes = ownBytes, let idle else { return nil }
        let own = Double(target > 0 ? bytes : max(0, bytes - idle))
        guard let use else { return WitnessReading(own) }
        // Released: what others use is no load.
        guard target > 0 else { return WitnessReading(own, own: own) }
        return use.used.map { WitnessReading(Double($0), own: own) }
    }

    func readExactly() -> Double? {
        let key: StaticString = isAnonymous && use == nil ? "Anonymous:" : "Rss:"
        return rollup?.read { ByteScanner.integer(after: key, in: $0) }.map { Double($0 * 1024 + (swapped ?? 0)) }
    }
}

/// The anonymous memory of the whole stressor process, and where it lies.
final class NodeWitness: Witness {
    private let statm: ProcFile
    private let rollup: ProcFile?
    private let maps: NumaMaps
    private let placement: NodePlacement
    private let nodes: [Int]
    private var idle: Int64?

    init?(processID: Int32, _ placement: NodePlacement, host: HostFacts) {
        guard let statm = ProcFile("/proc/\(processID)/statm", capacity: 128),
            let maps = NumaMaps(processID: processID)
        else { return nil }
        self.statm = statm
        self.maps = maps
        self.placement = placement
        nodes = host.memoryNodes.map(\.number)
        rollup = ProcFile("/proc/\(processID)/smaps_rollup")
    }

    func begin() { idle = statm.read(MemoryText.anonymous) }

    func read(target: Double) -> WitnessReading? {
        guard let idle, let bytes = statm.read(MemoryText.anonymous) else { return nil }
        return WitnessReading(Double(target > 0 ? bytes : max(0, bytes - idle)))
    }

    func readExactly() -> Double? {
        rollup?.read { ByteScanner.integer(after: "Anonymous:", in: $0) }.map { Double($0 * 1024) }
    }

    func readNodes() -> NodeReading? {
        guard let found = maps.anonymousBytes(home: placement.home) else { return nil }
        var bytes = Dictionary(nodes.map { ($0, 0.0) }, uniquingKeysWith: { first, _ in first })
        for (node, count) in found { bytes[node] = Double(count) }
        // Of what there is: how much that is, the level tells. Nodes in turn are even only by and large.
        let sum = found.values.reduce(0, +)
        return NodeReading(bytes: bytes, targets: placement.isInTurn ? nil : placement.targets(of: sum))
    }
}
