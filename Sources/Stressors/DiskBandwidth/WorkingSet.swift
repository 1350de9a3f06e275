// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import Glibc
internal import LinuxSystem
internal import LoadModel
internal import Synchronization
internal import UndoRecords

/// The file that all lanes of a disk-bandwidth load work on, and what they have used of its bounds.
final class WorkingSet: Sendable {
    let file: WorkingFile
    let options: DiskOptions
    private let pattern: OperationPattern
    private let context: StressorContext
    private let operations = Atomic<Int64>(0)
    private let written = Atomic<Int64>(0)
    private let hasTold = Atomic<Bool>(false)

    /// How much is written in one go before the load begins.
    private static let layoutChunk = 4 << 20

    init(_ options: DiskOptions, context: StressorContext) throws(StressorFailure) {
        self.options = options
        self.context = context
        pattern = options.pattern
        do {
            file = try WorkingFile.create(in: options.location, isDirect: options.isDirect)
            file.setNoCopyOnWrite()
            file.adviseRandom()
            try file.preallocate(options.size)
        } catch {
            let size = HumanUnits.bytes(options.size)
            throw .impossible("a file of \(size) cannot be made in '\(options.directory)': \(error)")
        }
    }

    /// What the next operation is; each is given to one lane.
    func next() -> OperationPattern.Operation {
        pattern.operation(operations.add(1, ordering: .relaxed).oldValue)
    }

    /// Counts a write that is about to be made, unless it would be more than may be written.
    func mayWrite(_ count: Int) throws(StressorFailure) {
        let total = written.add(Int64(count), ordering: .relaxed).newValue
        guard total <= options.maxWritten else {
            written.subtract(Int64(count), ordering: .relaxed)
            if !hasTold.exchange(true, ordering: .relaxed) {
                context.tell(
                    "max_written_reached",
                    "\(HumanUnits.bytes(options.maxWritten)) were written, which is the bound; raise 'max-written' to "
                        + "go on for longer")
            }
            throw .refused("no more than \(HumanUnits.bytes(options.maxWritten)) may be written", because: .refusal)
        }
    }

    /// Says what kept an operation from being done; the first time is told.
    func note(failure code: Int32, isWrite: Bool, at offset: Int64) {
        guard !hasTold.exchange(true, ordering: .relaxed) else { return }
        context.tell(
            "io_error",
            "a \(isWrite ? "write" : "read") at byte \(offset) of the working file failed: "
                + String(cString: strerror(code)))
    }

    /// Does an operation whole, by calls that wait; why that failed, an errno, or 0.
    func transfer(_ bytes: UnsafeMutableRawPointer, _ operation: OperationPattern.Operation) -> Int32 {
        let isDurable = options.durability == .directDurable
        var done = 0
        while done < operation.count {
            let (count, offset) = (operation.count - done, operation.offset + Int64(done))
            let result =
                operation.isWrite
                ? file.write(bytes + done, count: count, at: offset, isDurable: isDurable)
                : file.read(bytes + done, count: count, at: offset)
            if result == -Int(EINTR) || result == -Int(EAGAIN) { continue }
            guard result > 0 else {
                let failure = result == 0 ? EIO : Int32(-result)
                note(failure: failure, isWrite: operation.isWrite, at: offset)
                return failure
            }
            done += result
        }
        return 0
    }

    /// Drops what an operation that has ended has left in the page cache: the next one is to find it on the disk.
    func dropCache(of operation: OperationPattern.Operation) {
        if !options.isDirect { file.dropCache(at: operation.offset, count: Int64(operation.count)) }
    }

    /// Writes the whole file once with bytes that do not compress, where the load needs that.
    func layOut(_ gauge: Gauge) throws(StressorFailure) {
        guard options.needsContent else { return }
        let bytes = RandomBuffer(count: Self.layoutChunk)
        var offset: Int64 = 0
        while offset < options.size, context.control.state != .stop {
            let count = Int(min(Int64(bytes.count), options.size - offset))
            RandomBuffer.stamp(bytes.base, count: count, number: UInt64(offset))
            var done = 0
            while done < count {
                let result = file.write(bytes.base + done, count: count - done, at: offset + Int64(done))
                if result == -Int(EINTR) { continue }
                guard result > 0 else {
                    throw .impossible(
                        "the working file cannot be written before the load begins: "
                            + String(cString: strerror(Int32(-result))))
                }
                done += result
            }
            offset += Int64(count)
            written.add(Int64(count), ordering: .relaxed)
            gauge.setup = offset * 1000 / options.size
        }
        // What the device still holds back must not be written out under the load.
        let result = file.syncData()
        guard result == 0 else {
            throw .impossible(
                "the working file cannot be made durable before the load begins: "
                    + String(cString: strerror(Int32(-result))))
        }
        if !options.isDirect { file.dropCache(at: 0, count: options.size) }
    }
}
