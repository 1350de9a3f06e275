// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import LinuxSystem
internal import LoadModel

/// Holds space of a file system: an amount of its own, or what others leave of a total.
struct SpaceHolder: Holding, ~Copyable {
    struct Options: Sendable {
        var pile: SpacePile.Options
        /// What is never taken, in bytes.
        var keepFree: Int64
        /// Whether the blocks reserved for root are taken too.
        var usesReserved: Bool
        /// What the file system keeps from root, too, in bytes.
        var heldBack: Int64
        /// Whether the figures lag behind until the file system is written out.
        var isStale: Bool
        var mode: LoadMode
    }

    private let options: Options
    private let lane: Lane
    private let gauge: FileSystemGauge
    private let pile: SpacePile
    private static let followInterval: Nanoseconds = 2 * .millisecond

    private var rhythm = FollowRhythm()
    private var isTold = false
    private var nextNote: Nanoseconds = 0
    private var nextMeasure: Nanoseconds = 0
    private let tell: (String, String) -> Void

    // Where figures lag: those of the last time that they were true, and what was held then.
    private var trueSpace: FileSystemSpace
    private var heldThen: Int64 = 0
    private var shownSince: FileSystemSpace
    private var nextSync: Nanoseconds = 0
    private var syncsInARow = 0

    init(
        _ options: Options, lane: Lane, tell: @escaping (String, String) -> Void
    ) throws(StressorFailure) {
        guard let gauge = FileSystemGauge(options.pile.location) else {
            throw .impossible("\(options.pile.directory) cannot be opened")
        }
        let pile = try SpacePile(options.pile, tell: tell)
        if options.isStale { gauge.sync() }
        guard let space = gauge.space else { throw .impossible("\(options.pile.directory) does not tell its space") }
        self.options = options
        self.lane = lane
        self.gauge = gauge
        self.pile = pile
        self.tell = tell
        trueSpace = space
        shownSince = space
    }

    deinit {
        pile.removeAll()
        // The space is free at once, and btrfs shows it with its next commit.
        if options.isStale { gauge.sync() }
    }

    var granularity: Int64 { pile.granularity }

    func holdings(for total: Int64) -> Int64 { granted(for: total).granted }

    /// What is to be held for `total`, and what of it may be.
    private func granted(for total: Int64) -> (wanted: Int64, granted: Int64) {
        guard total > 0 else { return (0, 0) }
        // Without figures nothing is moved.
        guard let now = options.isStale ? trueSpace : gauge.space else { return (pile.allocated, pile.allocated) }
        let held = options.isStale ? heldThen : pile.allocated
        let wanted = max(0, options.mode == .total ? held + total - now.used : total)
        return (wanted, min(wanted, max(0, held + room(now))))
    }

    /// What may be taken beyond what is held; negative where others have taken of what is to be kept free.
    private func room(_ space: FileSystemSpace) -> Int64 {
        (options.usesReserved ? space.unused - options.heldBack : space.available) - options.keepFree
    }

    func held(since last: Int64) -> Int64 { pile.allocated }

    mutating func move(toward target: Int64) throws(StressorFailure) -> Int64 {
        let held = try pile.move(toward: target)
        // The program that others look at may be this very one.
        rhythm.note(others: nil, at: lane.time.now)
        return held
    }

    mutating func upkeep(at now: Nanoseconds) throws(StressorFailure) -> Nanoseconds {
        pile.rest()
        let total = Int64(lane.curve.value(at: now).rounded())
        noteShortage(for: total, at: now)
        // The driver looks again before it sleeps.
        if noteLoss(at: now) { return now }
        let next = try followed(total, at: now)
        return pile.allocated > 0 ? min(next, nextMeasure) : next
    }

    private mutating func followed(_ total: Int64, at now: Nanoseconds) throws(StressorFailure) -> Nanoseconds {
        if options.isStale { return syncWhereDue(at: now, isLoaded: total > 0) }
        // A step takes some 30 µs, so a target that moves is followed closely.
        let isTurning = lane.curve.constantUntil(after: now) <= now
        let next = isTurning ? now + Self.followInterval : nextNote > now ? nextNote : .max
        guard total > 0, options.mode == .total || options.keepFree > 0, let space = gauge.space else { return next }
        rhythm.note(others: space.used - pile.allocated, at: now)
        return min(next, rhythm.next(after: now))
    }

    // MARK: Loss

    /// How often the files are looked at: two µs each time.
    private static let measureInterval: Nanoseconds = 100 * .millisecond

    /// What others cut off is told, and taken anew with the next step.
    private mutating func noteLoss(at now: Nanoseconds) -> Bool {
        guard now >= nextMeasure else { return false }
        nextMeasure = now + Self.measureInterval
        let lost = pile.measureAll()
        guard lost >= granularity else { return false }
        lane.gauge.claimed = pile.allocated
        lane.gauge.noteRefusal(.others)
        tell(
            "files_cut",
            "somebody cut \(HumanUnits.bytes(lost)) off the files that hold the space (by way of /proc/PID/fd?); they "
                + "are taken anew")
        return true
    }

    // MARK: Shortage

    /// Counts it as a refusal where less is held than the target wants, ten times a second at most.
    private mutating func noteShortage(for total: Int64, at now: Nanoseconds) {
        let (wanted, granted) = granted(for: total)
        guard wanted - granted >= granularity, now >= nextNote else { return }
        nextNote = now + 100 * .millisecond
        lane.gauge.noteRefusal(options.keepFree > 0 ? .refusal : .saturation)
        if isTold { return }
        isTold = true
        let missing = HumanUnits.bytes(wanted - granted)
        if options.keepFree > 0 {
            tell(
                "keep_free_reached",
                "\(HumanUnits.bytes(options.keepFree)) are kept free, so that \(missing) of the target are not held")
        } else {
            tell("disk_full", "the file system is full; \(missing) of the target cannot be held")
        }
    }

    // MARK: Figures that lag

    /// The least time between two times that the file system is written out: each costs others a commit.
    private static let syncInterval: Nanoseconds = 20 * .millisecond
    /// How much longer to wait while others write, which nobody sees before it is written out.
    private static let livelySyncPause: Nanoseconds = 200 * .millisecond
    /// And where nothing seems to change.
    private static let calmSyncPause: Nanoseconds = 2 * .second
    private static let mostSyncsInARow = 3

    private mutating func syncWhereDue(at now: Nanoseconds, isLoaded: Bool) -> Nanoseconds {
        let isMoved = heldThen != pile.allocated
        let isChanged = gauge.space != shownSince
        if !isMoved, !isChanged, !isLoaded { return .max }
        let isTurning = lane.curve.constantUntil(after: now) <= now
        if now >= nextSync { syncsInARow = 0 }
        // What was moved because of the last time shows only after one more: two are on target where one is behind.
        let isConfirmation = isMoved && syncsInARow < Self.mostSyncsInARow
        let isUrgent = isMoved || isChanged || isTurning
        let pause = isUrgent ? 0 : rhythm.isLively(at: now) ? Self.livelySyncPause : Self.calmSyncPause
        let due = isConfirmation ? now : nextSync + pause
        if now < due {
            // The kernel commits by itself, too: then figures change, and the look is worth it.
            return min(due, isLoaded ? now + (isTurning ? Self.followInterval : 20 * .millisecond) : .max)
        }
        let begin = lane.time.now
        gauge.sync()
        let end = lane.time.now
        if let space = gauge.space {
            let others = space.used - pile.allocated
            if others != trueSpace.used - heldThen { rhythm.note(others: others, at: now) }
            trueSpace = space
            shownSince = space
            heldThen = pile.allocated
        }
        syncsInARow += 1
        nextSync = end + max(Self.syncInterval, 2 * Int64(syncsInARow) * (end - begin))
        // What was found may move the target: the driver looks before it sleeps.
        return end
    }
}

/// How often to look at what others do: each millisecond while they do something, and less often when they rest.
struct FollowRhythm {
    private static let lively: Nanoseconds = 500 * .millisecond
    private var lastOthers: Int64 = .min
    private var lastChange: Nanoseconds = 0

    /// Takes in what others hold; `nil` where it was not looked at.
    mutating func note(others: Int64?, at now: Nanoseconds) {
        guard let others, others != lastOthers else { return }
        lastOthers = others
        lastChange = now
    }

    /// Whether others did something just now.
    func isLively(at now: Nanoseconds) -> Bool { now - lastChange < Self.lively }

    /// When to look again.
    func next(after now: Nanoseconds) -> Nanoseconds {
        isLively(at: now) ? now + .millisecond : now + min(20 * .millisecond, (now - lastChange) / 50)
    }
}
