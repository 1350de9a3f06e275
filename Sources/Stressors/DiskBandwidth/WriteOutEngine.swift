// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import LinuxSystem
internal import LoadModel

/// Writes through the page cache, and counts a write when the device has it.
///
/// The kernel takes a buffered write at once and writes it out when it likes, some 30 s later. Here the writes of a few
/// milliseconds are a window, which is written out together; an operation has ended when its window is on the device.
/// What is dirty is bounded, so that a device that cannot follow holds the load up, and that little is left to be
/// written when the load is over.
struct WriteOutEngine: Issuing, ~Copyable {
    private struct Write {
        var ticket: Ticket
        var submitted: Nanoseconds
        var offset: Int64
        var count: Int64
        var work: Int64
        var failure: Int32
    }
    /// Writes that are written out together.
    private struct Window {
        var count: Int
        var startedAt: Nanoseconds
    }

    /// The most that may be dirty, in bytes.
    static let mostDirty = 16 << 20
    /// How long writes are gathered, and how many bytes of them at most.
    private static let gathering: Nanoseconds = 2 * .millisecond
    private static let largestWindow = 1 << 20
    /// Of how much time the writes may be dirty at the target's rate: a journal's commit holds a disk up for a tenth
    /// of a second.
    private static let dirtyTime = 0.15
    /// How long a window is left to the device before it is waited for, which holds the schedule up: what is achieved
    /// is behind by that much, and of a ramp it is missing at the end.
    private static let patience: Nanoseconds = 2 * .millisecond

    private let set: WorkingSet
    private let time: any TimeSource
    private let buffer: RandomBuffer
    private let base: UnsafeMutableRawPointer
    private let countsOperations: Bool
    private let windowCount: Int
    private let most: Int
    private var stamps: UInt64
    /// The writes that have not ended, in their order: those of the windows, then those that are still gathered.
    private var writes: [Write] = []
    private var windows: [Window] = []
    private var gatheredSince: Nanoseconds = 0

    /// - Parameter rate: the greatest target of the lane, in bytes a second.
    init(_ set: WorkingSet, time: any TimeSource, countsOperations: Bool, rate: Double, stamp: UInt64) {
        self.set = set
        self.time = time
        self.countsOperations = countsOperations
        let block = set.options.largest
        let mean = set.options.sizes.mean
        stamps = stamp
        buffer = RandomBuffer(count: block)
        base = buffer.base
        let window = Self.window(block: block, rate: rate)
        windowCount = max(1, Int(Double(window) / mean))
        let dirty = max(4 * window, Int(min(rate * Self.dirtyTime, Double(Self.mostDirty))))
        // A page that is still dirty when the next pass reaches it would be written, and counted, once for two.
        most = max(1, Int(Double(min(max(dirty, block), Int(set.options.size / 2))) / mean))
    }

    /// How much is written out together at a rate, in bytes; one block at least.
    static func window(block: Int, rate: Double) -> Int {
        max(block, Int(min(rate * gathering.seconds, Double(largestWindow))))
    }

    private var gathered: Int { writes.count - inFlight }
    var room: Int { max(0, most - writes.count) }
    var inFlight: Int { windows.reduce(0) { $0 + $1.count } }

    mutating func issue(_ ticket: Ticket, at now: Nanoseconds) throws(StressorFailure) {
        let operation = set.next()
        try set.mayWrite(operation.count)
        RandomBuffer.stamp(base, count: operation.count, number: stamps)
        stamps &+= UInt64(operation.count / 4096 + 1)
        if gathered == 0 { gatheredSince = now }
        let submitted = time.now
        let failure = set.transfer(base, operation)
        writes.append(
            Write(
                ticket: ticket, submitted: submitted, offset: operation.offset, count: Int64(operation.count),
                work: operation.work(countsOperations), failure: failure))
        if gathered >= windowCount { startWindow() }
    }

    mutating func reap(
        until wake: Nanoseconds, _ time: any TimeSource, _ finished: (Completion) -> Void
    ) throws(StressorFailure) {
        let now = time.now
        if gathered > 0, room == 0 || now >= gatheredSince + Self.gathering || windows.isEmpty && now >= wake {
            startWindow()
        }
        if let window = windows.first, room == 0 || time.isStopping || now >= window.startedAt + Self.patience {
            return end(window, finished)
        }
        var wake = wake
        if gathered > 0 { wake = min(wake, gatheredSince + Self.gathering) }
        if let window = windows.first { wake = min(wake, window.startedAt + Self.patience) }
        _ = time.wait(until: wake)
    }

    private mutating func startWindow() {
        let range = inFlight..<writes.count
        windows.append(Window(count: range.count, startedAt: time.now))
        for run in runs(of: range) { set.file.startWriteOut(at: run.offset, count: run.bytes) }
    }

    /// Waits for a window, the oldest one, and reports its writes.
    private mutating func end(_ window: Window, _ finished: (Completion) -> Void) {
        for run in runs(of: 0..<window.count) {
            let failure = Int32(-set.file.waitForWriteOut(at: run.offset, count: run.bytes))
            guard failure != 0 else { continue }
            set.note(failure: failure, isWrite: true, at: run.offset)
            for index in run.writes where writes[index].failure == 0 { writes[index].failure = failure }
        }
        let ended = time.now
        for write in writes.prefix(window.count) {
            finished(
                Completion(
                    ticket: write.ticket, submitted: write.submitted, ended: ended,
                    work: write.failure == 0 ? write.work : 0, failure: write.failure))
        }
        writes.removeFirst(window.count)
        windows.removeFirst()
    }

    /// The ranges of the file that some writes lie in: of a sequential load one or two.
    private func runs(of range: Range<Int>) -> [(offset: Int64, bytes: Int64, writes: Range<Int>)] {
        var runs: [(offset: Int64, bytes: Int64, writes: Range<Int>)] = []
        for index in range {
            let (offset, count) = (writes[index].offset, writes[index].count)
            if let last = runs.last, last.offset + last.bytes == offset {
                runs[runs.count - 1].bytes += count
                runs[runs.count - 1].writes = last.writes.lowerBound..<index + 1
            } else {
                runs.append((offset, count, index..<index + 1))
            }
        }
        return runs
    }
}
