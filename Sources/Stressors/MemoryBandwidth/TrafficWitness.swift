// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import LinuxSystem
internal import LoadModel
internal import UndoRecords

/// What of the workers' own count the processor's count of memory traffic bears out.
///
/// The processor counts cache lines and knows no payload, and is not exact: the kernel's own test of it allows 8 %
/// (`MAX_DIFF_PERCENT` in tools/testing/selftests/resctrl/mbm_test.c). So the workers' count, which is exact, stands as
/// long as the traffic of the last second agrees with it; where it does not, as much counts as the traffic can carry.
struct TrafficComparison {
    /// How far the two may differ, as a share.
    static let disagreement = 0.1
    /// The time that is compared.
    static let window = Nanoseconds.second

    private struct Mark {
        var time: Nanoseconds
        var claimed: Int64
        var moved: Int64
    }

    /// Bytes that are counted for a byte of payload: at least, and at most.
    let perPayload: ClosedRange<Double>
    /// What may lie in the caches and be moved later, or not at all, in bytes.
    let slack: Double
    private var marks: [Mark] = []
    private var claimed: Int64 = 0
    /// The payload that is borne out, in bytes.
    private(set) var amount = 0.0

    init(perPayload: ClosedRange<Double>, slack: Double) {
        self.perPayload = perPayload
        self.slack = slack
    }

    /// Takes in both counts at a time; `moved` is `nil` where the processor does not tell.
    mutating func add(claimed: Int64, moved: Int64?, at time: Nanoseconds) {
        let done = Double(max(0, claimed - self.claimed))
        self.claimed = claimed
        guard let moved, moved >= marks.last?.moved ?? 0 else {
            // What cannot be compared is believed, as it is where there is no such counter.
            marks = []
            amount += done
            return
        }
        let before = marks.last
        marks.append(Mark(time: time, claimed: claimed, moved: moved))
        // The last mark that is old enough, and all after it.
        while marks.count > 2, time - marks[1].time >= Self.window { marks.removeFirst() }
        guard let before, let first = marks.first, time - first.time >= Self.window,
            !agrees(Double(claimed - first.claimed), Double(moved - first.moved))
        else {
            amount += done
            return
        }
        let traffic = Double(moved - before.moved)
        amount += min(max(done, traffic / perPayload.upperBound), traffic / perPayload.lowerBound)
    }

    private func agrees(_ claimed: Double, _ moved: Double) -> Bool {
        let least = moved / perPayload.upperBound * (1 - Self.disagreement) - slack
        let most = moved / perPayload.lowerBound * (1 + Self.disagreement) + slack
        return claimed >= least && claimed <= most
    }
}

extension MemoryAccess {
    /// Bytes that the processor counts for a byte of payload, at least and at most; `nil` where that says nothing of
    /// the payload, since it may be none.
    func traffic(counting kinds: Resctrl.Traffic) -> ClosedRange<Double>? {
        // A plain store reads its line before it, and a copy does so for half of its payload.
        let (reads, writeBacks, nonTemporal): (Double, Double, Double) =
            switch self {
            case .read: (1, 0, 0)
            case .write: (1, 1, 0)
            case .writeNonTemporal: (0, 0, 1)
            case .copy: (1, 0.5, 0)
            }
        let parts = [(reads, kinds.reads), (writeBacks, kinds.writeBacks), (nonTemporal, kinds.nonTemporal)]
        let least = parts.reduce(0) { $0 + ($1.1 == .always ? $1.0 : 0) }
        let most = parts.reduce(0) { $0 + ($1.1 == .never ? 0 : $1.0) }
        return least > 0 ? least...most : nil
    }
}

/// The workers' count, as far as the processor's count of the stressor's memory traffic bears it out.
final class TrafficWitness: Witness {
    /// Its name in plans and logs.
    static let name = "resctrl_mbm"

    private let claims: () -> Int64
    private let counter: ResctrlCounter
    private let clock: () -> Nanoseconds
    private let group: ResctrlGroup?
    private let maps: NumaMaps?
    private var comparison: TrafficComparison
    private var base: Int64?

    /// Creates a witness from counters that are there.
    init(
        claims: @escaping () -> Int64, counter: ResctrlCounter, group: ResctrlGroup? = nil, maps: NumaMaps? = nil,
        comparison: TrafficComparison, clock: @escaping () -> Nanoseconds = { Clocks.monotonic }
    ) {
        self.claims = claims
        self.counter = counter
        self.group = group
        self.maps = maps
        self.comparison = comparison
        self.clock = clock
    }

    /// Makes a monitor group for the stressor's processes.
    static func open(
        _ request: WitnessRequest, _ access: MemoryAccess, cacheBytes: Int64?, maps: NumaMaps?
    ) throws(Resctrl.Problem) -> TrafficWitness {
        let resctrl = try Resctrl()
        guard let range = access.traffic(counting: resctrl.traffic) else {
            throw Resctrl.Problem(text: "it is not known whether it counts what access: \(access.rawValue) does")
        }
        let group = try ResctrlGroup(in: resctrl)
        for id in request.processIDs { try group.add(processID: id) }
        guard let counter = ResctrlCounter(group.directory), counter.bytes != nil else {
            throw Resctrl.Problem(text: "\(group.directory)/mon_data tells nothing")
        }
        return TrafficWitness(
            claims: request.claims, counter: counter, group: group, maps: maps,
            comparison: TrafficComparison(perPayload: range, slack: Double(max(4 << 20, cacheBytes ?? 32 << 20))))
    }

    func begin() { base = counter.bytes }

    func read(target: Double) -> WitnessReading? {
        // The traffic is read last: what is counted in between is not held against it.
        let claimed = claims()
        let moved = counter.bytes.flatMap { bytes in base.map { bytes - $0 } }
        comparison.add(claimed: claimed, moved: moved, at: clock())
        return WitnessReading(comparison.amount)
    }

    func readNodes() -> NodeReading? {
        maps?.anonymousBytes(home: 0).map { NodeReading(bytes: $0.mapValues(Double.init)) }
    }

    func end() { group?.remove() }
}
