// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import LinuxSystem
internal import LoadModel
internal import SystemPackage

/// One lane's memory: whole units from the bottom of a reservation up, and a small region for the exact remainder.
///
/// Part of a huge page cannot be given back: the kernel keeps the rest charged until it splits the page. So the level
/// is held in whole huge pages, and what is left over, less than one of them, in a region of small pages.
struct MemoryArena: Holding, ~Copyable {
    enum Content { case random, zero }

    struct Options: Sendable {
        var pages: AnonymousReservation.Pages
        var content: Content
        var isLocked: Bool
        /// The most that one lane will hold, in bytes.
        var peakShare: Int
    }

    /// The most that is populated between two looks at the headroom and the control word: 3 ms at 20 GB/s.
    private static let populateChunk = 64 << 20
    /// The most content written in one go: 2 ms at 5 GB/s.
    private static let contentChunk = 8 << 20
    /// How often every unit is touched, so that reclaim and swap see it in use.
    private static let touchInterval: Nanoseconds = 10 * .second

    private var units: MemoryRegion
    private var remainder: MemoryRegion
    private let options: Options
    private let lane: Lane
    private let context: StressorContext
    private let overhead: ProcessOverhead
    private let tile: RandomTile
    private let headroom: Headroom
    /// What others leave of a total; `nil` where the amount is put on top of what is there.
    private let share: MemoryShare?
    /// What lies on which memory node; `nil` where the kernel places it.
    private let nodes: NodeShares?
    private var nextMeasure: Nanoseconds = 0
    private var nextTouch: Nanoseconds = touchInterval
    private var isMeasured = false
    /// The most that is taken in one step.
    private var growth = populateChunk

    init(
        _ options: Options, lane: Lane, context: StressorContext, overhead: ProcessOverhead, headroom: Headroom,
        share: MemoryShare? = nil, nodes: NodeShares? = nil
    ) throws(StressorFailure) {
        let unit = options.pages == .huge ? AnonymousReservation.hugePageSize : AnonymousReservation.pageSize
        let units = try MemoryRegion(count: options.peakShare, pages: options.pages, unit: unit, options)
        // In small pages there is no remainder; the region is then never used.
        let remainder = try MemoryRegion(
            count: AnonymousReservation.hugePageSize, pages: .small, unit: AnonymousReservation.pageSize, options,
            firstStamp: 1 << 40)
        self.options = options
        self.lane = lane
        self.context = context
        self.overhead = overhead
        self.units = units
        self.remainder = remainder
        tile = RandomTile(seed: UInt64(lane.index) &+ 0x6578_6572_74)
        self.headroom = headroom
        self.share = share
        self.nodes = nodes
    }

    /// Says on which nodes the memory will lie.
    func place(on nodes: [Int], _ policy: NUMA.Policy) throws(Errno) {
        try units.place(on: nodes, policy)
        try remainder.place(on: nodes, policy)
    }

    var granularity: Int64 { Int64(AnonymousReservation.pageSize) }

    /// As much as the target wants, and no more than a limit leaves that was lowered meanwhile.
    func holdings(for total: Int64) -> Int64 {
        let wanted = holdingsWanted(for: total)
        let held = context.gauges.reduce(0) { $0 + $1.claimed }
        return min(wanted, headroom.ceiling.cap(holding: held))
    }

    /// The process's own resident set is part of what the kernel shows, so it is part of the target; of a total, it is
    /// among what others have.
    private func holdingsWanted(for total: Int64) -> Int64 {
        if let share { return share.holdings(for: total, at: lane.time.now) }
        // Of memory on nodes, each node's part has its own.
        if nodes != nil { return max(0, total) }
        return total <= 0 ? 0 : max(0, total - overhead.value)
    }

    func share(of total: Int64, on lane: Lane) -> Int64 {
        nodes?.share(of: total, lane: lane.index) ?? lane.share(of: total, granularity: granularity)
    }

    /// The node that a full one of which would bring the OOM killer.
    private var node: Int? {
        guard let nodes, nodes.placement.policy == .bind else { return nil }
        return nodes.place(of: lane.index).nodes.first
    }

    private var held: Int64 { Int64(units.held + remainder.held) }

    mutating func move(toward target: Int64) throws(StressorFailure) -> Int64 {
        isMeasured = false
        share?.move(lane.index, within: reach(toward: target))
        defer { share?.settle(lane.index, at: held) }
        let unit = units.unit
        let wantedUnits = Int(target) / unit * unit
        let wantedRemainder = Int(target) - wantedUnits
        // Down before up, so that on the way from one mix to the other the level is never above both.
        if units.held > wantedUnits {
            try units.shrink(to: max(wantedUnits, units.held - 16 * Self.populateChunk))
        } else if remainder.held > wantedRemainder {
            try remainder.shrink(to: wantedRemainder)
        } else if units.held < wantedUnits {
            let chunk = try headroom.grant(min(wantedUnits - units.held, growth), unit: unit, on: node)
            defer { headroom.settle(chunk) }
            do throws(StressorFailure) {
                try units.grow(to: units.held + chunk)
            } catch {
                noteFailure(error)
                throw error
            }
        } else if remainder.held < wantedRemainder {
            let chunk = try headroom.grant(wantedRemainder - remainder.held, unit: remainder.unit, on: node)
            defer { headroom.settle(chunk) }
            try remainder.grow(to: remainder.held + chunk)
        }
        publishContent()
        return held
    }

    /// Of what is no longer promised whole, the next step takes half: what is left is taken, too.
    private mutating func noteFailure(_ failure: StressorFailure) {
        guard case .refused(_, .overcommit) = failure else { return }
        growth = max(units.unit, growth / 2 / units.unit * units.unit)
        guard let commit = CommitLimit.current else { return }
        context.cite(.overcommit, source: "/proc/sys/vm/overcommit_memory", figure: commit.text)
    }

    /// What may be held in the course of one move: on the way down a whole unit may go before the remainder comes.
    private func reach(toward target: Int64) -> ClosedRange<Int64> {
        target > held
            ? held...min(target, held + Int64(Self.populateChunk)) : max(0, target - Int64(units.unit))...held
    }

    /// Says that a limit was lowered and that for its sake less is held than was asked for.
    private func noteLoweredLimit(at now: Nanoseconds) {
        guard let lowered = headroom.ceiling.lowered else { return }
        let total = Int64(lane.curve.value(at: now).rounded())
        guard holdings(for: total) < holdingsWanted(for: total) else { return }
        lane.gauge.noteRefusal(.refusal)
        let (limit, used) = (lowered.limit >> 20, lowered.used >> 20)
        context.cite(.refusal, source: lowered.source, figure: "lowered to \(limit) MiB, of which \(used) are used")
        context.tell(
            "limit_lowered",
            "\(lowered.source) was lowered to \(limit) MiB while the load was on; memory is given back, so that the "
                + "OOM killer does not come")
    }

    mutating func upkeep(at now: Nanoseconds) throws(StressorFailure) -> Nanoseconds {
        var next = headroom.ceiling.nextLook(after: now)
        if lane.index == 0 { noteLoweredLimit(at: now) }
        if lane.index == 0 {
            if !isMeasured || now >= nextMeasure {
                let total = share?.aim ?? holdings(for: Int64(lane.curve.value(at: now).rounded()))
                isMeasured =
                    nodes?.measure(total: total) ?? overhead.measure(holding: total / granularity * granularity)
                nextMeasure = now + (isMeasured ? .second : 20 * .millisecond)
            }
            next = min(next, nextMeasure)
        }
        if let share, lane.curve.value(at: now) > 0 { next = min(next, share.nextLook(after: now)) }
        if options.content == .random {
            let wrote =
                units.writeContent(upTo: Self.contentChunk, tile)
                || remainder.writeContent(upTo: Self.contentChunk, tile)
            publishContent()
            if wrote { return now }
        }
        if now >= nextTouch {
            // Without swap nothing can be taken, and a pass over a guest's memory may cost its hypervisor dear.
            if headroom.hasSwap {
                units.touch()
                remainder.touch()
            }
            nextTouch = now + Self.touchInterval
        }
        return min(next, nextTouch)
    }

    private func publishContent() {
        if options.content == .random { lane.gauge.content = Int64(units.content + remainder.content) }
    }
}

/// A reservation that is held from its start up to a watermark.
struct MemoryRegion: ~Copyable {
    private let reservation: AnonymousReservation
    private let isLocked: Bool
    /// Stamps of two regions must not meet, or their pages would be the same.
    private let firstStamp: UInt64
    let unit: Int
    /// Bytes that are resident.
    private(set) var held = 0
    /// Bytes that have content.
    private(set) var content = 0

    init(
        count: Int, pages: AnonymousReservation.Pages, unit: Int, _ options: MemoryArena.Options,
        firstStamp: UInt64 = 0
    ) throws(StressorFailure) {
        do {
            reservation = try AnonymousReservation(count: count, pages: pages)
        } catch {
            throw .impossible(CommitLimit.words(reserving: count, error))
        }
        isLocked = options.isLocked
        self.firstStamp = firstStamp
        self.unit = unit
    }

    func place(on nodes: [Int], _ policy: NUMA.Policy) throws(Errno) { try reservation.place(on: nodes, policy) }

    mutating func grow(to wanted: Int) throws(StressorFailure) {
        let range = held..<min(wanted, reservation.count)
        guard !range.isEmpty else { throw .refused("the reservation is full") }
        do {
            try reservation.populate(range)
            if isLocked { try reservation.lock(range) }
        } catch {
            // What was populated before the refusal must not stay uncounted.
            try? reservation.release(range)
            let isOvercommit = error == .noMemory && reservation.isCommittedPiecewise && CommitLimit.isStrict
            throw .refused(
                "\(HumanUnits.bytes(range.count)) more are refused: \(error)",
                because: isOvercommit ? .overcommit : .refusal)
        }
        held = range.upperBound
    }

    mutating func shrink(to wanted: Int) throws(StressorFailure) {
        do {
            if isLocked { try reservation.unlock(wanted..<held) }
            try reservation.release(wanted..<held)
        } catch {
            throw .impossible("\(HumanUnits.bytes(held - wanted)) cannot be given back: \(error)")
        }
        held = wanted
        content = min(content, held)
    }

    /// Fills the next bytes that have no content; `false` where there are none.
    mutating func writeContent(upTo limit: Int, _ tile: borrowing RandomTile) -> Bool {
        guard content < held else { return false }
        let range = content..<min(held, content + limit)
        reservation.fill(range, from: tile, firstStamp: firstStamp + UInt64(content / AnonymousReservation.pageSize))
        content = range.upperBound
        return true
    }

    func touch() { reservation.touch(0..<held, stride: unit) }
}
