// SPDX-License-Identifier: Apache-2.0

public import Engine
internal import LinuxSystem
public import LoadModel
internal import Synchronization
internal import SystemPackage

/// Holds memory: the resident set of the whole stressor process is the target, to the page; or what others leave of a
/// total.
public struct MemoryStressor: Stressor {
    /// The greatest target that may come, where it is shared out over nodes.
    private let nodePeak: Double
    private let options: MemoryArena.Options
    private let overhead: ProcessOverhead
    private let headroom: Headroom
    private let share: MemoryShare?
    private let nodes: NodeShares?
    private let context: StressorContext
    private let host: HostFacts

    /// See ``Stressor/settle(_:)``: lets the process itself lie on the first node that is named.
    public static func settle(_ settings: Settings) -> Bool {
        guard let node = settings.nodes(NodeSetting.key)?.nodes.first, NUMA.nodes.count > 1 else { return false }
        // Where a sandbox refuses it, running anew would change nothing.
        return (try? NUMA.setProcessPolicy(.preferred, on: [node])) != nil
    }

    /// See ``Stressor/init(_:process:)``.
    public init(_ settings: Settings, process: StressorContext) throws(StressorFailure) {
        let host = HostFacts.read()
        let placement = NodePlacement(settings, host: host)
        // Before anything else is allocated: the process's own memory, and its threads', is to lie there, too. Where it
        // is refused, the regions say so.
        if let placement { try? NUMA.setProcessPolicy(.preferred, on: [placement.home]) }
        self.host = host
        context = process
        let pages = Self.pages(settings, on: host)
        // Others may give back of what they held at the start, and a target that can change can grow, so that more than
        // the peak is to be held. Address space costs nothing.
        let most = max(process.peak, host.memoryTotal.map { Double($0) } ?? 0)
        let peak = process.mode == .total || process.course.isLive ? most : process.peak
        nodePeak = process.course.isLive ? most : process.peak
        options = MemoryArena.Options(
            pages: pages, content: settings.text("content") == "zero" ? .zero : .random,
            isLocked: settings.flag("lock"),
            peakShare: Int(peak / Double(process.workers)) + 2 * AnonymousReservation.hugePageSize)
        headroom = Headroom(
            hostReserve: BeyondLimit.isOfHost(settings)
                ? .min : Self.hostHeadroom(settings, revised: process.leastLeft),
            cgroupReserve: { Self.cgroupHeadroom(settings, limit: $0, revised: process.leastLeft) },
            groups: BeyondLimit.isOfGroup(settings) ? [] : host.memoryGroups,
            hidden: BeyondLimit.isOfGroup(settings) ? nil : host.hiddenMemoryLimit, nodes: placement?.nodes ?? [],
            cite: { process.cite(.refusal, source: $0, figure: $1) })
        guard ProcessOverhead.resident != nil else { throw .impossible("/proc/self/statm cannot be read") }
        overhead = ProcessOverhead(
            gauges: process.gauges, isAnonymous: process.mode == .total || LeftMemory.isAnonymous(settings),
            countsSwap: BeyondLimit.isOfGroup(settings))
        nodes = try placement.map { (placement) throws(StressorFailure) in
            try NodeShares(placement, gauges: process.gauges)
        }
        share = process.mode == .total ? try Self.share(settings, process, host, hasSwap: headroom.hasSwap) : nil
    }

    private static func share(
        _ settings: Settings, _ process: StressorContext, _ host: HostFacts, hasSwap: Bool
    ) throws(StressorFailure) -> MemoryShare {
        guard let use = MemoryUse(settings, host: host), use.used != nil else {
            throw .impossible("what is in use of the base cannot be read")
        }
        return MemoryShare(
            lanes: process.workers, used: { use.used },
            resident: { hasSwap ? ProcessOverhead.resident : nil }, tell: { process.tell($0, $1) })
    }

    /// See ``Stressor/run(on:)``.
    public func run(on lane: Lane) throws(StressorFailure) {
        var options = options
        if let nodes {
            let most = nodes.mostShare(of: Int64(nodePeak), lane: lane.index)
            options.peakShare = Int(most) + 2 * AnonymousReservation.hugePageSize
            confine(to: nodes.place(of: lane.index))
        }
        var arena = try MemoryArena(
            options, lane: lane, context: context, overhead: overhead, headroom: headroom, share: share, nodes: nodes)
        if let nodes { try place(arena, nodes.place(of: lane.index), nodes.placement.policy) }
        try lane.hold(&arena)
    }

    /// Lets the thread run where its memory is: a remote one fills slower, and may draw the pages to itself.
    private func confine(to place: NodePlacement.Place) {
        let cpus = NodeSetting.cpus(of: place.nodes, host)
        if !cpus.isEmpty { try? CurrentThread.setAffinity(cpus) }
    }

    /// Places the lane's memory; where the kernel may not be told, pages lie where the thread runs that touches them.
    private func place(
        _ arena: borrowing MemoryArena, _ place: NodePlacement.Place, _ policy: NUMA.Policy
    ) throws(StressorFailure) {
        do throws(Errno) {
            try arena.place(on: place.nodes, policy)
        } catch {
            let names = place.nodes.map(String.init).joined(separator: ", ")
            guard place.nodes.count == 1, !NodeSetting.cpus(of: place.nodes, host).isEmpty, error != .invalidArgument
            else {
                throw .impossible("memory cannot be placed on node \(names): mbind is refused (\(error))")
            }
            context.tell(
                "placement_by_first_touch",
                "mbind is refused (\(error)): memory is placed by touching it on processors of its node; node_bytes "
                    + "tells where it lies")
        }
    }

    static func pages(_ settings: Settings, on host: HostFacts) -> AnonymousReservation.Pages {
        settings.text("pages") == "small" || !["always", "madvise"].contains(host.hugePages) ? .small : .huge
    }

    static func hostHeadroom(_ settings: Settings, revised: Int64 = 0) -> Int64 {
        BeyondLimit.isOfHost(settings) ? 0 : LeftMemory.headroom(settings, usual: 64 << 20, revised: revised)
    }

    /// Near a cgroup's limit the kernel kills rather than refuses, so exert refuses first.
    static func cgroupHeadroom(_ settings: Settings, limit: Int64, revised: Int64 = 0) -> Int64 {
        BeyondLimit.isOfGroup(settings)
            ? 0 : LeftMemory.headroom(settings, usual: min(64 << 20, max(4 << 20, limit / 50)), revised: revised)
    }
}

/// What the stressor process itself has resident besides the memory it holds: it is part of the target.
final class ProcessOverhead: Sendable {
    private let gauges: [Gauge]
    private let bytes: Atomic<Int64>
    private let isAnonymous: Bool
    private let countsSwap: Bool

    /// Measures the process before it holds anything.
    ///
    /// - Parameters:
    ///   - isAnonymous: whether shared code is left out, which belongs to whoever read it first.
    ///   - countsSwap: whether what is paged out counts as held.
    init(gauges: [Gauge], isAnonymous: Bool = false, countsSwap: Bool = false) {
        self.gauges = gauges
        self.isAnonymous = isAnonymous
        self.countsSwap = countsSwap
        let own = (isAnonymous ? Self.anonymous : Self.resident) ?? 0
        bytes = Atomic(own)
        gauges[0].own = own
    }

    var value: Int64 { bytes.load(ordering: .relaxed) }

    /// Measures anew when all lanes together hold `holdings`; `false` where they do not yet.
    ///
    /// A reading below half of the last one means that held pages were swapped out, and is not believed: more memory
    /// would be taken for each page that the kernel pages out.
    func measure(holding holdings: Int64) -> Bool {
        let held = gauges.reduce(0) { $0 + $1.claimed }
        guard held == holdings, let own = isAnonymous ? Self.anonymous : Self.resident else { return false }
        let measured = own + (countsSwap ? Self.swapped : 0) - held
        guard measured >= value / 2, measured < 64 << 20 else { return true }
        bytes.store(measured, ordering: .relaxed)
        gauges[0].own = measured
        return true
    }

    /// What of the process is paged out, in bytes; 0 where the kernel does not tell (`VmSwap` of proc(5)).
    private static var swapped: Int64 {
        guard let bytes = try? SmallFile.bytes("/proc/self/status") else { return 0 }
        return ByteScanner.bytes(afterKiB: "VmSwap:", in: bytes[...]) ?? 0
    }

    /// The process's anonymous memory in bytes.
    static var anonymous: Int64? {
        guard let bytes = try? SmallFile.bytes("/proc/self/statm") else { return nil }
        return MemoryText.anonymous(bytes[...])
    }

    /// The process's resident set in bytes.
    static var resident: Int64? {
        guard let bytes = try? SmallFile.bytes("/proc/self/statm") else { return nil }
        return MemoryText.resident(bytes[...])
    }
}
