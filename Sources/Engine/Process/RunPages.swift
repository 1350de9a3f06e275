// SPDX-License-Identifier: Apache-2.0

internal import LinuxSystem
internal import LoadModel
internal import Synchronization
internal import SystemPackage

/// The memory that the observer and one stressor process share: control one way, gauges the other, and the job.
///
/// Layout: a header of 8 KiB (cells of 64 bits, the control word first, the failure's text from 2 KiB on, the notices
/// from 4 KiB on), then one gauge a worker, then the latency cells where operations are timed, then the job's bytes,
/// then two places for the curve's words, the second of which is empty where the target never changes: an edition is
/// written to the place that the one before is not in, and then announced. Only plain atomics, no locks: it stays
/// readable when either side is dead.
final class RunPages: @unchecked Sendable {
    // Unchecked: all that changes after the start are atomics.

    private static let headerSize = 8192
    private static let textOffset = 2048
    private static let textCapacity = 1024
    private static let noticeOffset = 4096

    private enum Cell: Int {
        case control, start, killAfter, workers, ready, jobSize, curveCapacity, textSize, textClaim, hasLatency
        case edition, firstWords, secondWords, firstChange, secondChange, leaseEnd, observerShare, leastLeft
    }

    /// Words that changes may add to a curve between two times that it is condensed.
    private static let spareWords = 4096

    private let mapping: SharedMapping
    /// What the stressor process maps; held by the observer only.
    private let descriptor: OwnedDescriptor?
    /// Its number; -1 in the stressor process.
    let rawDescriptor: Int32
    let control: ControlWord
    let gauges: [Gauge]
    let notices: NoticeBoard
    let latency: LatencyCells?
    private let curveOffset: Int

    private init(
        _ mapping: consuming SharedMapping, _ descriptor: consuming OwnedDescriptor?, rawNumber: Int32, workers: Int,
        hasLatency: Bool, jobSize: Int
    ) {
        curveOffset = Self.jobOffset(workers: workers, hasLatency: hasLatency) + (jobSize + 7) / 8 * 8
        rawDescriptor = rawNumber
        self.descriptor = descriptor
        control = ControlWord(at: mapping.base)
        let base = mapping.base
        gauges = (0..<workers).map { Gauge(at: base + Self.headerSize + $0 * Gauge.byteCount) }
        notices = NoticeBoard(at: base + Self.noticeOffset)
        latency = hasLatency ? LatencyCells(at: base + Self.headerSize + workers * Gauge.byteCount) : nil
        self.mapping = mapping
    }

    private func cell(_ cell: Cell) -> UnsafeMutablePointer<Atomic<Int64>> {
        (mapping.base + cell.rawValue * 8).assumingMemoryBound(to: Atomic<Int64>.self)
    }
    private subscript(_ cell: Cell) -> Int64 {
        get { self.cell(cell).pointee.load(ordering: .acquiring) }
        set { self.cell(cell).pointee.store(newValue, ordering: .releasing) }
    }

    /// Where the job's bytes begin.
    private static func jobOffset(workers: Int, hasLatency: Bool) -> Int {
        headerSize + workers * Gauge.byteCount + (hasLatency ? LatencyCells.byteCount : 0)
    }

    /// Makes the pages of a stressor.
    ///
    /// - Parameter isLive: whether the target may change while the load is on.
    static func create(for job: StressorJob, isLive: Bool = false) throws(Errno) -> RunPages {
        let text = job.text
        let words = job.curve.words
        let jobOffset = jobOffset(workers: job.workers, hasLatency: job.hasLatency)
        // Cut and resumed, a section stands there twice until it is past.
        let capacity = isLive ? 3 * words.count + spareWords : words.count
        let size = jobOffset + (text.count + 7) / 8 * 8 + (isLive ? 2 : 1) * capacity * 8
        let descriptor = try OwnedDescriptor.sharedMemory(named: "exert-\(job.name)", size: size)
        let number = descriptor.rawValue
        let mapping = try SharedMapping(of: descriptor, count: size)
        let pages = RunPages(
            mapping, descriptor, rawNumber: number, workers: job.workers, hasLatency: job.hasLatency,
            jobSize: text.count)
        pages[.hasLatency] = job.hasLatency ? 1 : 0
        pages[.workers] = Int64(job.workers)
        pages[.killAfter] = job.killAfter
        pages[.jobSize] = Int64(text.count)
        pages[.curveCapacity] = Int64(capacity)
        let jobBase = pages.mapping.base + jobOffset
        text.withUnsafeBytes { jobBase.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
        pages.write(words, changedAt: 0, place: 0)
        pages[.edition] = isLive ? 2 : 0
        return pages
    }

    /// Maps the pages that the observer made and reads the job; `nil` where they are not such pages.
    static func attach(descriptor: Int32) -> (pages: RunPages, job: StressorJob)? {
        guard let size = try? FileFacts.size(ofDescriptor: descriptor), size > headerSize,
            let mapping = try? SharedMapping(rawDescriptor: descriptor, count: size)
        else { return nil }
        let base = mapping.base
        let workers = Int((base + Cell.workers.rawValue * 8).load(as: Int64.self))
        guard (1...8192).contains(workers) else { return nil }
        let hasLatency = (base + Cell.hasLatency.rawValue * 8).load(as: Int64.self) == 1
        guard jobOffset(workers: workers, hasLatency: hasLatency) < size else { return nil }
        let textSize = Int((base + Cell.jobSize.rawValue * 8).load(as: Int64.self))
        guard (1...size).contains(textSize) else { return nil }
        let pages = RunPages(
            mapping, nil, rawNumber: -1, workers: workers, hasLatency: hasLatency, jobSize: textSize)
        let capacity = Int(pages[.curveCapacity])
        let places = pages.isLive ? 2 : 1
        guard (1...size / 8).contains(capacity), pages.curveOffset + places * capacity * 8 <= size else { return nil }
        let jobBase = jobOffset(workers: workers, hasLatency: hasLatency)
        let text = Array(UnsafeRawBufferPointer(start: base + jobBase, count: textSize))
        guard let curve = pages.curve(place: Int(pages[.edition] & 1)),
            let job = StressorJob(text: text, curve: curve, workers: workers, killAfter: pages[.killAfter])
        else { return nil }
        return (pages, job)
    }

    // MARK: Course

    private func write(_ words: [UInt64], changedAt: Nanoseconds, place: Int) {
        let base = mapping.base + curveOffset + place * Int(self[.curveCapacity]) * 8
        words.withUnsafeBytes { base.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
        self[place == 0 ? .firstChange : .secondChange] = changedAt
        self[place == 0 ? .firstWords : .secondWords] = Int64(words.count)
    }

    private func curve(place: Int) -> Curve? {
        let (capacity, count) = (self[.curveCapacity], self[place == 0 ? .firstWords : .secondWords])
        guard (1...capacity).contains(count) else { return nil }
        let base = mapping.base + curveOffset + place * Int(capacity) * 8
        return Curve(words: (0..<Int(count)).map { (base + $0 * 8).load(as: UInt64.self) })
    }

    /// Whether the target may change.
    var isLive: Bool { self[.edition] != 0 }

    /// Changes the target from `time` on; `false`, and nothing changed, where there is no room for the curve.
    ///
    /// Only the observer calls this, and not twice within a lane's reading time, which is microseconds.
    func announce(_ curve: Curve, changedAt time: Nanoseconds) -> Bool {
        guard isLive, hasRoom(for: curve) else { return false }
        let next = self[.edition] + 1
        write(curve.words, changedAt: time, place: Int(next & 1))
        self[.edition] = next
        control.wake()
        return true
    }

    /// Whether the pages can take a curve.
    func hasRoom(for curve: Curve) -> Bool { curve.wordCount <= Int(self[.curveCapacity]) }

    /// Until when the lease lasts, ns of `CLOCK_MONOTONIC`; 0 where there is none.
    var leaseEnd: Nanoseconds {
        get { self[.leaseEnd] }
        set { self[.leaseEnd] = newValue }
    }

    /// CPU time of the observer that counts as part of the load so far, in ns.
    var observerShare: Nanoseconds {
        get { self[.observerShare] }
        set { self[.observerShare] = newValue }
    }

    /// The least that a load which came while the run went on leaves, in the stressor's unit; 0 where none did.
    var leastLeft: Int64 {
        get { self[.leastLeft] }
        set { self[.leastLeft] = newValue }
    }

    /// When the load begins, ns of `CLOCK_MONOTONIC`.
    var start: Nanoseconds {
        get { self[.start] }
        set { self[.start] = newValue }
    }

    /// How many workers are ready.
    var ready: Int { Int(self[.ready]) }

    /// Counts a worker as ready.
    func countReady() { cell(.ready).pointee.add(1, ordering: .acquiringAndReleasing) }

    /// Why the stressor process gave up; readable after its death.
    var failure: String? {
        get {
            let size = Int(self[.textSize])
            guard size > 0, size <= Self.textCapacity else { return nil }
            let bytes = UnsafeRawBufferPointer(start: mapping.base + Self.textOffset, count: size)
            return String(decoding: bytes, as: UTF8.self)
        }
        set {
            // The first failure is the cause; what follows are its consequences. Two workers may fail at once.
            guard let newValue,
                cell(.textClaim).pointee.compareExchange(
                    expected: 0, desired: 1, ordering: .acquiringAndReleasing
                ).exchanged
            else { return }
            let bytes = Array(newValue.utf8.prefix(Self.textCapacity))
            bytes.withUnsafeBytes {
                (mapping.base + Self.textOffset).copyMemory(from: $0.baseAddress!, byteCount: $0.count)
            }
            self[.textSize] = Int64(bytes.count)
        }
    }
}

extension RunPages: Course.Source {
    /// See ``Course/Source/newest``.
    var newest: UInt32 { UInt32(truncatingIfNeeded: self[.edition]) }

    /// See ``Course/Source/edition()``.
    func edition() -> Course.Edition? {
        // The place is written over by the next edition but one; then it is read again.
        for _ in 0..<100 {
            let number = self[.edition]
            let place = Int(number & 1)
            let changedAt = self[place == 0 ? .firstChange : .secondChange]
            let curve = curve(place: place)
            if self[.edition] == number, let curve {
                return Course.Edition(
                    number: UInt32(truncatingIfNeeded: number), curve: curve, changedAt: changedAt)
            }
        }
        return nil
    }
}
