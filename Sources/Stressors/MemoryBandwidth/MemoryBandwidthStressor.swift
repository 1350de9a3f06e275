// SPDX-License-Identifier: Apache-2.0

public import Engine
internal import LinuxSystem
public import LoadModel

/// Moves memory at a rate: bytes a second that loops ask to read or to write, on buffers that no cache holds.
public struct MemoryBandwidthStressor: Stressor {
    private let access: MemoryAccess
    private let bufferCount: Int
    private let pages: AnonymousReservation.Pages
    private let cpus: [Int]?
    private let nodes: [Int]?
    private let host: HostFacts
    private let control: ControlWord
    private let headroom: Headroom

    /// See ``Stressor/init(_:process:)``.
    public init(_ settings: Settings, process: StressorContext) throws(StressorFailure) {
        guard let buffer = settings.bytes("buffer") else {
            throw .impossible("the plan of '\(process.name)' lacks the buffer's size")
        }
        let host = HostFacts.read()
        access = Self.access(settings)
        bufferCount = Int(buffer)
        pages = Self.pages(on: host)
        cpus = settings.cpus("cpus")
        nodes = settings.nodes(NodeSetting.key)?.nodes
        self.host = host
        control = process.control
        headroom = Headroom(
            hostReserve: Self.hostReserve, cgroupReserve: { Self.cgroupReserve(limit: $0) },
            groups: host.memoryGroups, hidden: host.hiddenMemoryLimit,
            cite: { process.cite(.refusal, source: $0, figure: $1) })
    }

    /// See ``Stressor/run(on:)``.
    public func run(on lane: Lane) throws(StressorFailure) {
        // Before the first touch: the kernel takes memory near the processor that touches it.
        try place(lane)
        let buffer = try StreamBuffer(count: bufferCount, pages: pages)
        if let node = node(of: lane) {
            do {
                try buffer.place(on: node)
            } catch {
                throw .impossible("a buffer cannot be placed on memory node \(node): mbind is refused (\(error))")
            }
        }
        let count = buffer.count
        try buffer.fill(seed: UInt64(lane.index + 1), headroom: headroom) { ready in
            lane.gauge.setup = Int64(ready) * 1000 / Int64(count)
        }
        var worker = StreamWorker(buffer, access: access, control: control, gauge: lane.gauge)
        // A neighbour's time slices are bridged; more would come back as a burst over the target.
        try lane.pace(
            &worker, workPerArea: Self.manifest.unit.workPerArea, catchUp: .backlog(window: 100 * .millisecond))
    }

    /// The memory node of a lane's buffer; `nil` where nobody says, or there is nothing to choose.
    private func node(of lane: Lane) -> Int? {
        guard let nodes, !nodes.isEmpty, host.memoryNodes.count > 1 else { return nil }
        return nodes[lane.index % nodes.count]
    }

    private func place(_ lane: Lane) throws(StressorFailure) {
        guard let cpus = cpus ?? node(of: lane).map({ NodeSetting.cpus(of: [$0], host) }), !cpus.isEmpty else { return }
        try CPUSetting.confine(lane, to: cpus)
    }

    static func access(_ settings: Settings) -> MemoryAccess {
        settings.text("access").flatMap(MemoryAccess.init(rawValue:)) ?? .read
    }

    static func pages(on host: HostFacts) -> AnonymousReservation.Pages {
        ["always", "madvise"].contains(host.hugePages) ? .huge : .small
    }

    /// Bytes of `MemAvailable` that the buffers leave.
    static let hostReserve: Int64 = 64 << 20

    /// Bytes that the buffers leave below a cgroup's limit, where the kernel kills rather than refuses.
    static func cgroupReserve(limit: Int64) -> Int64 { min(64 << 20, max(4 << 20, limit / 50)) }
}
