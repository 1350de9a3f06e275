// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import LinuxSystem
internal import LoadModel

/// What was really done to a disk: the least of the operations that ended, of what the kernel says that the process
/// moved (`/proc/PID/io`), and of what the device under the file system did.
///
/// The kernel counts a direct write when it is handed to the device, and a buffered one when it makes a page dirty; the
/// device counts a request when it has ended.
final class DiskWitness: Witness {
    /// What was read so far, as the sources have it.
    private struct Raw {
        var completed: Int64
        var submittedBytes: Int64
        var device: BlockDeviceCounters.Reading?
    }

    private let options: DiskOptions
    private let files: [ProcFile]
    private let claims: () -> Int64
    private let bytesPerWork: Double
    /// What the file system lies on, and the disks below it.
    private let upper: BlockDeviceCounters?
    private let disks: BlockDeviceCounters?
    private var idle: Raw?
    private var now: Raw?
    private var least: LeastWork
    /// What the device did while as much as there is was asked for: there, no number of operations is.
    private var freeBytes = 0.0
    private var freeRequests = 0.0
    /// For how many looks more what ends was begun then.
    private var freeLooks = 0
    private static let freeTail = 10
    /// How many requests one operation is.
    private let split: Double
    /// Codes of what was told; each is told once.
    private var told: Set<String> = []

    /// From which share of the load on what others do at the device is told: of its bytes, and of its operations, to
    /// which a file system adds its own.
    private static let (othersShare, othersOperations) = (0.1, 0.25)
    /// From which share of the operations on it is told that they were merged.
    private static let sizeShare = 0.03

    init?(_ request: WitnessRequest) {
        guard let options = DiskOptions(request.settings) else { return nil }
        self.options = options
        claims = request.claims
        files = request.processIDs.compactMap { ProcFile("/proc/\($0)/io", capacity: 512) }
        guard files.count == request.processIDs.count else { return nil }
        bytesPerWork = request.unit == .operationsPerSecond ? Double(options.block) : 1
        let device = BlockDevice(behind: options.directory, at: options.location)
        upper = device.flatMap { $0.isCounting ? BlockDeviceCounters(upper: $0) : nil }
        disks = device.flatMap { BlockDeviceCounters($0) }
        let total = options.engine == .uring ? options.depth * options.block : options.block
        let most = device?.largestRequest(pieceSize: RandomBuffer.pieceSize(count: total)) ?? options.block
        split = Double((options.block + most - 1) / most)
        // What is in flight, and what ends between the reading of one source and of the next.
        least = LeastWork(slack: Double(2 * options.bytesInFlight) / bytesPerWork)
        guard raw() != nil else { return nil }
    }

    func begin() { idle = raw() }

    func read(target: Double) -> WitnessReading? {
        guard let now = raw(), let idle else { return nil }
        freeLooks = target.isInfinite ? Self.freeTail : max(0, freeLooks - 1)
        if freeLooks > 0, let last = (self.now ?? idle).device, let device = now.device {
            freeBytes += Double(moved(device) - moved(last))
            freeRequests += Double(requests(device) - requests(last))
        }
        self.now = now
        return WitnessReading(
            least.add(
                LeastWork.Totals(
                    completed: Double(now.completed - idle.completed),
                    submitted: Double(now.submittedBytes - idle.submittedBytes) / bytesPerWork,
                    device: deviceWork(idle.device, now.device))))
    }

    /// What the device did, in units of work; `nil` where it does not count.
    private func deviceWork(_ idle: BlockDeviceCounters.Reading?, _ now: BlockDeviceCounters.Reading?) -> Double? {
        guard let idle, let now else { return nil }
        let bytes = Double(moved(now) - moved(idle))
        // Where operations are asked for by size and number, two that were merged are one.
        guard !options.mayMerge else { return bytes / bytesPerWork }
        let operations = (Double(requests(now) - requests(idle)) - freeRequests) / split
        return (freeBytes + min(bytes - freeBytes, operations * Double(options.block))) / bytesPerWork
    }

    private func moved(_ reading: BlockDeviceCounters.Reading) -> Int64 {
        (options.operation == .write ? 0 : reading.readBytes) + (options.operation == .read ? 0 : reading.writtenBytes)
    }

    private func requests(_ reading: BlockDeviceCounters.Reading) -> Int64 {
        (options.operation == .write ? 0 : reading.readOperations)
            + (options.operation == .read ? 0 : reading.writtenOperations)
    }

    func readDevice() -> DeviceCounters? {
        guard let disks, let reading = disks.read() else { return nil }
        return DeviceCounters(
            name: disks.name, readBytes: reading.readBytes, writtenBytes: reading.writtenBytes,
            readOperations: reading.readOperations, writtenOperations: reading.writtenOperations,
            busyTime: reading.busyTime, queueTime: reading.queueTime)
    }

    /// Whether the device did something else than what it was handed, or so much for others that its counters say
    /// little of this load.
    func takeFinding() -> Finding? {
        guard let upper, let idle, let now, let before = idle.device, let after = now.device else { return nil }
        let own = Double(now.completed - idle.completed) * bytesPerWork
        let (bytes, operations) = (Double(moved(after) - moved(before)), Double(requests(after) - requests(before)))
        guard own > 0, bytes > 0 else { return nil }
        let others = bytes - Double(now.submittedBytes - idle.submittedBytes)
        if others > Self.othersShare * own, others > 0x1p20, told.insert("device_shared").inserted {
            let (theirs, ours) = HumanUnits.amounts(others, own, .bytes)
            return Finding(
                code: "device_shared", severity: .note,
                message: "besides the load's \(ours), \(theirs) were moved at \(upper.name), by others or by the file "
                    + "system for itself; where its counters cannot tell them apart, the figures rest on the "
                    + "operations that ended and on /proc/PID/io")
        }
        let asked = own / Double(options.block)
        // Small ones of a neighbour weigh nothing, and may stand for ours that were merged.
        let strangers = operations / split - asked
        if !options.mayMerge, strangers > max(100, Self.othersOperations * asked), told.insert("device_shared").inserted
        {
            return Finding(
                code: "device_shared", severity: .note,
                message: "besides the load's \(Int(asked)) operations, \(upper.name) got \(Int(strangers)) requests of "
                    + "others, or of the file system for itself: whether operations of the load were merged cannot be "
                    + "told from its counters, and the figures rest on the operations that ended and on /proc/PID/io")
        }
        guard !options.mayMerge, asked >= 100, operations / split < (1 - Self.sizeShare) * asked,
            told.insert("operations_merged").inserted
        else { return nil }
        return Finding(
            code: "operations_merged",
            message: "\(upper.name) got \(Int(operations)) requests for \(Int(asked)) operations: neighbours on the "
                + "disk were merged below, where an I/O limit or a scheduler held them back. Take pattern: random, or "
                + "say merge: allowed where bytes are what counts")
    }

    // What ended is read first: it is in the other figures already.
    private func raw() -> Raw? {
        let completed = claims()
        guard let bytes = submittedBytes() else { return nil }
        return Raw(completed: completed, submittedBytes: bytes, device: upper?.read())
    }

    private func submittedBytes() -> Int64? {
        var sum: Int64 = 0
        for file in files {
            let operation = options.operation
            let bytes: Int64? = file.read { text in
                // Reads of the file system's own blocks are no part of a write load, and the other way round.
                let read = operation == .write ? 0 : ByteScanner.integer(after: "read_bytes:", in: text)
                let written = operation == .read ? 0 : ByteScanner.integer(after: "write_bytes:", in: text)
                guard let read, let written else { return nil }
                return read.addingSaturating(written)
            }
            guard let bytes else { return nil }
            sum += bytes
        }
        return sum
    }
}
