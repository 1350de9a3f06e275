// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import LinuxSystem
internal import LoadModel
internal import SystemPackage
internal import UndoRecords

/// Leaves another process a given number of free descriptors, by its soft limit.
///
/// `RLIMIT_NOFILE` bounds numbers, so the limit is put on the first unused number that may not be opened any more; what
/// is open stays open and usable. The amount is in numbers that are taken away: the limit of the plan less the present
/// one.
struct LimitSqueeze: Holding, ~Copyable {
    /// How often the process is looked at while it opens and closes.
    private static let shortestLook: Nanoseconds = .millisecond
    /// And while it does not.
    private static let longestLook: Nanoseconds = 20 * .millisecond
    /// How long after a change the next one is expected.
    private static let attention: Nanoseconds = 250 * .millisecond
    /// How much of a processor looking may take.
    private static let share: Nanoseconds = 20

    private let id: Int32
    private let startTime: UInt64
    private let table: DescriptorTable
    private let lane: Lane
    private let context: StressorContext
    private let journal: UndoJournal
    /// The soft limit when the run was planned, which figures are counted from.
    private let planned: Int64
    /// The soft limit that the process had last when it was not squeezed: what it is given back.
    private var original: UInt64
    /// What it was set to; `nil` while it is not squeezed.
    private var lowered: UInt64?
    private var record: UndoRecord?
    /// The greatest limit that the record covers.
    private var recordedUpTo: UInt64 = 0
    private let last = Look()
    private var lastFree = -1
    private var lastChange: Nanoseconds = 0
    private var pause: Nanoseconds = shortestLook

    init(
        of id: Int32, plannedLimit: UInt64, lane: Lane, context: StressorContext
    ) throws(StressorFailure) {
        let journal = UndoJournal.standard(run: context.runID)
        guard let startTime = ProcessIdentity.startTime(of: id) else { throw Self.gone(id) }
        let table: DescriptorTable
        let soft: UInt64
        do throws(Errno) {
            table = try DescriptorTable(of: id)
            soft = try OpenFileLimit.of(processID: id).soft
        } catch {
            throw .impossible("process \(id) cannot be squeezed: \(error)")
        }
        // A journal that cannot be written to is found out before the load begins.
        do throws(UndoProblem) {
            let trial = try journal.record(
                LoweredFileLimit(processID: id, startTime: startTime, soft: soft, lowered: 0))
            trial.discard()
        } catch {
            throw .impossible(error.description)
        }
        self.id = id
        self.startTime = startTime
        self.table = table
        self.lane = lane
        self.context = context
        self.journal = journal
        planned = Int64(clamping: plannedLimit)
        original = soft
    }

    private static func gone(_ id: Int32) -> StressorFailure { .refused("process \(id), the target, has ended") }

    var granularity: Int64 { 1 }

    /// How many numbers must be taken away for the process to have `planned - total` free.
    func holdings(for total: Int64) -> Int64 {
        guard total > 0 else { return 0 }
        let now = Clocks.monotonic
        // A process that opens and closes without rest must not keep us from sleeping.
        if last.total == total, now - last.time < Self.shortestLook { return last.holdings }
        last.total = total
        // An ended process cannot be squeezed: the step toward this is refused, and so told.
        let wanted = limit(leaving: Int(max(0, planned - total)))
        last.holdings = wanted.map { $0 < original ? max(0, planned - Int64(clamping: $0)) : 0 } ?? total
        last.time = Clocks.monotonic
        return last.holdings
    }

    /// What was found when the process was looked at last.
    private final class Look {
        var time: Nanoseconds = 0
        var total: Int64 = -1
        var holdings: Int64 = 0
    }

    /// The limit below which `free` numbers are not in use, as high as that can be; `nil` where the process is gone.
    ///
    /// As high as can be, since `poll(2)` refuses more descriptors than the limit, however few of them are open.
    private func limit(leaving free: Int) -> UInt64? {
        if let lowered, isOurs(lowered), table.unused(below: lowered) == free { return lowered }
        // One that waits to be reaped has no descriptors either.
        guard let numbers = table.numbers(), !numbers.isEmpty || isRunning else { return nil }
        return min(original, Self.unusedNumber(free, among: numbers))
    }

    /// The number that is not in use and has `index` such numbers below it.
    static func unusedNumber(_ index: Int, among used: [Int32]) -> UInt64 {
        var left = index
        var next = 0
        for number in used {
            let gap = Int(number) - next
            if left < gap { break }
            left -= gap
            next = Int(number) + 1
        }
        return UInt64(next + left)
    }

    private var isRunning: Bool { ProcessFacts.isRunning(id, startedAt: startTime) }

    private func isOurs(_ lowered: UInt64) -> Bool { (try? OpenFileLimit.of(processID: id).soft) == lowered }

    mutating func move(toward target: Int64) throws(StressorFailure) -> Int64 {
        guard isRunning else {
            context.tell("target_ended", "process \(id) ended during the run; nothing can be taken from it any more")
            throw Self.gone(id)
        }
        guard target > 0 else {
            try restore()
            return 0
        }
        _ = noticeForeignChange()
        try squeeze(to: UInt64(clamping: max(0, planned - target)))
        return target
    }

    private mutating func squeeze(to wanted: UInt64) throws(StressorFailure) {
        if wanted > recordedUpTo || record == nil { try writeRecord(upTo: wanted) }
        try set(wanted)
        lowered = wanted
    }

    /// A limit that is not what it was set to was changed by its process or by somebody else: that is what is restored.
    private mutating func noticeForeignChange() -> Bool {
        guard let soft = try? OpenFileLimit.of(processID: id).soft, soft != lowered ?? original else { return false }
        original = soft
        lowered = nil
        record.take()?.discard()
        context.tell(
            "target_limit_changed",
            "process \(id) had its limit on open files set to \(soft) by somebody else; that is what it gets back")
        return true
    }

    /// Writes down what is to be restored, before it is changed; with room to follow, since each record waits for disk.
    private mutating func writeRecord(upTo limit: UInt64) throws(StressorFailure) {
        let bound = min(original, limit + limit + 64)
        do throws(UndoProblem) {
            let written = try journal.record(
                LoweredFileLimit(processID: id, startTime: startTime, soft: original, lowered: bound))
            record.take()?.discard()
            record = consume written
            recordedUpTo = bound
        } catch {
            throw .impossible(error.description)
        }
    }

    private func set(_ soft: UInt64) throws(StressorFailure) {
        do throws(Errno) {
            try OpenFileLimit.setSoft(soft, ofProcess: id)
        } catch {
            throw .refused("the limit of process \(id) cannot be set to \(soft): \(error)")
        }
    }

    mutating func upkeep(at now: Nanoseconds) throws(StressorFailure) -> Nanoseconds {
        let total = Int64(lane.curve.value(at: now).rounded())
        guard total > 0 else { return .max }
        let start = Clocks.monotonic
        // What is held is now not what was held before, and the driver need not know.
        if let before = lowered, isRunning, noticeForeignChange(), before < original { try squeeze(to: before) }
        let free = table.unused(below: lowered ?? original) ?? -1
        if free != lastFree { lastChange = now }
        lastFree = free
        pause = now - lastChange < Self.attention ? Self.shortestLook : min(Self.longestLook, pause * 2)
        // A large table takes milliseconds to list.
        return now + max(pause, (Clocks.monotonic - start) * Self.share)
    }

    /// Gives the process its limit back, and removes the record when the kernel shows that it has it.
    mutating func restore() throws(StressorFailure) {
        guard lowered != nil else { return }
        guard isRunning else {
            lowered = nil
            record.take()?.discard()
            return
        }
        if noticeForeignChange() { return }
        do throws(Errno) {
            let hard = try OpenFileLimit.of(processID: id).hard
            try OpenFileLimit.setSoft(min(original, hard), ofProcess: id)
            guard try OpenFileLimit.of(processID: id).soft == min(original, hard) else { throw .notPermitted }
        } catch {
            context.tell(
                "limit_not_restored",
                "the limit on open files of process \(id) cannot be set back to \(original): \(error); exert cleanup "
                    + "tries again")
            throw .refused("the limit of process \(id) cannot be restored: \(error)")
        }
        lowered = nil
        record.take()?.discard()
    }
}
