// SPDX-License-Identifier: Apache-2.0

public import Engine
internal import LinuxSystem
public import LoadModel

extension MemoryBandwidthStressor {
    /// See ``Stressor/manifest``.
    public static let manifest = Manifest(
        kind: "memory-bandwidth",
        summary: "Move memory at a rate: bytes per second read, written or copied past the caches.",
        details: """
            Each worker goes through a buffer of its own, 101 bursts a second, in vectors; the buffers together are \
            several times the last-level caches, resident and filled before the load begins. The figures are payload, \
            as STREAM counts: the bytes that the loops asked to read or to write, a copy both. What the memory moves \
            is by estimate the payload for read and write-nt, 2 times the payload for write and 1.5 times for copy, \
            since a plain store reads its cache line first. Where resctrl is mounted with memory bandwidth monitoring \
            and this user may use it, the processor counts those cache lines for the stressor's threads (witness: \
            resctrl_mbm), and the workers' own count stands as far as that bears it out; elsewhere no kernel interface \
            tells what memory one process moves, and achieved is the workers' own count (witness: none). It takes CPU \
            time too, which the log tells at the end, with what filling the buffers took. It leaves nothing behind.
            """,
        reach: .ownProcess, drive: .rate, unit: .bytesPerSecond, amounts: [.bytesPerSecond, .max],
        keys: [
            .init(
                "access", .choice(MemoryAccess.allCases.map(\.rawValue)), default: .text("read"),
                reach: .always(.ownProcess),
                help: "What is done: read; write by plain stores; write-nt by non-temporal stores; copy from one half "
                    + "of the buffer to the other."),
            .init(
                "buffer", .bytes, default: nil, reach: .always(.ownProcess),
                help: "The memory that each worker goes through; unless given, all together 4 times the last-level "
                    + "caches, and between 64MiB and a quarter of what is available."),
            .init(
                "workers", .integer(1...1024), default: nil, reach: .always(.ownProcess),
                help: "Threads that share the target; unless given, one for each GB/s, and one for each CPU at most."),
            CPUSetting.key,
            .init(
                NodeSetting.key, .nodes, default: nil, reach: .always(.ownProcess),
                help: "Memory nodes that the buffers lie on, in turn where there are several. The workers run on the "
                    + "processors of their buffer's node, or on 'cpus': then the memory may be a remote one."),
        ],
        tolerance: ToleranceRule(.percent(1)), witness: "none",
        examples: ["2GB/s", "max", "ramp to 10GB/s in 30s", "pulse 5GB/s for 2s every 10s"])

    /// See ``Stressor/base(_:)``.
    ///
    /// There is no percentage: nobody tells what the memory can do, and to measure it would load the host before the
    /// load begins, and take another figure for 100 % in each run.
    public static func base(_ request: LoadRequest) throws(PlanProblem) -> Base {
        _ = try CPUSetting.cpus(request.settings, request.host)
        _ = try NodeSetting.nodes(request.settings, request.host)
        return Base(
            capacity: Base.unlimited, free: Base.unlimited,
            text: "payload by \(access(request.settings).traffic); max is as fast as it goes")
    }

    /// See ``Stressor/prepare(_:base:curve:)``.
    public static func prepare(
        _ request: LoadRequest, base: Base, curve: Curve
    ) throws(PlanProblem) -> Preparation {
        let nodes = try NodeSetting.nodes(request.settings, request.host)
        let near = nodes.map { NodeSetting.cpus(of: $0, request.host) } ?? []
        let cpus = request.settings.cpus("cpus") ?? (near.isEmpty ? request.host.affinityCPUs : near)
        let planner = StreamPlanner(request: request, cpus: cpus, cacheBytes: CPUCaches.lastLevelBytes(of: cpus))
        var preparation = try planner.prepare(peak: curve.peak)
        let access = access(request.settings)
        let (finding, range) = trafficFinding(access)
        preparation.findings.append(finding)
        if range != nil { preparation.witness = TrafficWitness.name }
        return preparation
    }

    /// What is to be told of the witness, and what it would count for a byte of payload; `nil` where there is none.
    static func trafficFinding(
        _ access: MemoryAccess,
        _ look: () throws(Resctrl.Problem) -> Resctrl = { () throws(Resctrl.Problem) in
            try Resctrl()
        }
    ) -> (Finding, ClosedRange<Double>?) {
        let reason: String
        do throws(Resctrl.Problem) {
            let resctrl = try look()
            if let range = access.traffic(counting: resctrl.traffic) {
                let low = NumberText.text(range.lowerBound, places: 1, trimming: true)
                let high = NumberText.text(range.upperBound, places: 1, trimming: true)
                let factor = low == high ? low : "\(low) to \(high)"
                let message =
                    "a monitor group in \(resctrl.groups) counts the stressor's cache lines, \(factor) bytes"
                    + " for each byte of payload; achieved is the workers' own count as long as the two agree "
                    + "within \(NumberText.text(TrafficComparison.disagreement * 100, places: 0)) %. This was tried on "
                    + "fixtures only, and on no such processor yet"
                return (Finding(code: "traffic_witness", severity: .note, message: message), range)
            }
            reason = "it is not known whether this processor counts what access: \(access.rawValue) does"
        } catch {
            reason = error.text
        }
        let finding = Finding(
            code: "no_witness", severity: .note,
            message:
                "nothing tells what memory the stressor moves (\(reason)); achieved is the workers' own count, and "
                + "what the kernel says of the load is its CPU time, at the end")
        return (finding, nil)
    }

    /// See ``Stressor/witness(_:)``.
    public static func witness(_ request: WitnessRequest) -> (any Witness)? {
        let isPlaced = request.settings.nodes(NodeSetting.key) != nil
        let maps = isPlaced ? request.processIDs.first.flatMap { NumaMaps(processID: $0) } : nil
        let access = access(request.settings)
        guard trafficFinding(access).1 != nil else { return PayloadCount(request.claims, maps) }
        do throws(Resctrl.Problem) {
            let cpus = request.settings.cpus("cpus") ?? request.host.affinityCPUs
            return try TrafficWitness.open(request, access, cacheBytes: CPUCaches.lastLevelBytes(of: cpus), maps: maps)
        } catch {
            request.tell(
                "witness_lost",
                "the memory traffic is not counted after all (\(error.text)); achieved is the workers' own count")
            return PayloadCount(request.claims, maps)
        }
    }
}

/// What the workers say: the plan, the log and a finding name no witness.
private final class PayloadCount: Witness {
    private let claims: () -> Int64
    /// Where the buffers lie; only where the profile says where they are to lie.
    private let maps: NumaMaps?

    init(_ claims: @escaping () -> Int64, _ maps: NumaMaps?) {
        self.claims = claims
        self.maps = maps
    }

    func read(target: Double) -> WitnessReading? { WitnessReading(Double(claims())) }

    func readNodes() -> NodeReading? {
        maps?.anonymousBytes(home: 0).map { NodeReading(bytes: $0.mapValues(Double.init)) }
    }
}
