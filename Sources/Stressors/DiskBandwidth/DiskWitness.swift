// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import LinuxSystem
internal import LoadModel

/// What was really done to a disk: the least of the operations that ended, of what the kernel says that the process
/// moved (`/proc/PID/io`), and of what the device under the file system did.
///
/// The kernel counts a direct write when it is handed to the device, and a buffered one when it makes a page dirty; the
/// device counts a request when it has ended. Of a load that reads and writes, each direction is proven by itself: what
/// others read does not stand for what we do not write.
final class DiskWitness: Witness {
    /// What was read so far, as the sources have it; of each direction.
    private struct Raw {
        var completed: [Int64]
        var submittedBytes: [Int64]
        var device: BlockDeviceCounters.Reading?
    }

    private let options: DiskOptions
    private let files: [ProcFile]
    private let claims: () -> (all: Int64, reads: Int64)
    private let bytesPerWork: Double
    /// What the file system lies on, and the disks below it.
    private let upper: BlockDeviceCounters?
    private let disks: BlockDeviceCounters?
    private let directions: [DiskDirection]
    private var idle: Raw?
    private var now: Raw?
    private var least: [LeastWork]
    /// What the device did while as much as there is was asked for: there, no number of operations is.
    private var freeBytes: [Double]
    private var freeRequests: [Double]
    /// For how many looks more what ends was begun then.
    private var freeLooks = 0
    private static let freeTail = 10
    /// How many requests one operation is, in the mean.
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
        claims = { (request.claims(), request.claimedReads()) }
        directions = options.operation.directions
        files = request.processIDs.compactMap { ProcFile("/proc/\($0)/io", capacity: 512) }
        guard files.count == request.processIDs.count else { return nil }
        bytesPerWork = request.unit == .operationsPerSecond ? options.sizes.mean : 1
        let device = BlockDevice(behind: options.directory, at: options.location)
        upper = device.flatMap { $0.isCounting ? BlockDeviceCounters(upper: $0) : nil }
        disks = device.flatMap { BlockDeviceCounters($0) }
        let total = options.engine == .uring ? options.depth * options.largest : options.largest
        let most = Int64(device?.largestRequest(pieceSize: RandomBuffer.pieceSize(count: total)) ?? options.largest)
        split = options.sizes.mean { Double(($0 + most - 1) / most) }
        // What is in flight, and what ends between the reading of one source and of the next; and by how much
        // operations of several sizes stray from their mean.
        let stray = options.sizes.parts.count > 1 ? 4 * options.largest : 0
        let slack = Double(2 * options.bytesInFlight + stray) / bytesPerWork
        least = directions.map { _ in LeastWork(slack: slack) }
        freeBytes = directions.map { _ in 0 }
        freeRequests = freeBytes
        guard raw() != nil else { return nil }
    }

    func begin() { idle = raw() }

    func read(target: Double) -> WitnessReading? {
        guard let now = raw(), let idle else { return nil }
        freeLooks = target.isInfinite ? Self.freeTail : max(0, freeLooks - 1)
        if freeLooks > 0, let last = (self.now ?? idle).device, let device = now.device {
            for (index, direction) in directions.enumerated() {
                freeBytes[index] += Double(direction.bytes(device) - direction.bytes(last))
                freeRequests[index] += Double(direction.operations(device) - direction.operations(last))
            }
        }
        self.now = now
        let done = directions.indices.map { index in
            least[index].add(
                LeastWork.Totals(
                    completed: Double(now.completed[index] - idle.completed[index]),
                    submitted: Double(now.submittedBytes[index] - idle.submittedBytes[index]) / bytesPerWork,
                    device: deviceWork(index, idle.device, now.device)))
        }
        let reads = directions.count > 1 ? zip(directions, done).first { $0.0 == .read }?.1 : nil
        return WitnessReading(done.reduce(0, +), reads: reads)
    }

    /// What the device did of a direction, in units of work; `nil` where it does not count.
    private func deviceWork(
        _ index: Int, _ idle: BlockDeviceCounters.Reading?, _ now: BlockDeviceCounters.Reading?
    ) -> Double? {
        guard let idle, let now else { return nil }
        let direction = directions[index]
        let bytes = Double(direction.bytes(now) - direction.bytes(idle))
        // Where operations are asked for by size and number, two that were merged are one.
        guard !options.mayMerge else { return bytes / bytesPerWork }
        let requests = Double(direction.operations(now) - direction.operations(idle))
        let operations = (requests - freeRequests[index]) / split
        return (freeBytes[index] + min(bytes - freeBytes[index], operations * options.sizes.mean)) / bytesPerWork
    }

    private func moved(_ reading: BlockDeviceCounters.Reading) -> Int64 {
        directions.reduce(0) { $0 + $1.bytes(reading) }
    }

    private func requests(_ reading: BlockDeviceCounters.Reading) -> Int64 {
        directions.reduce(0) { $0 + $1.operations(reading) }
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
        let own = Double(now.completed.reduce(0, +) - idle.completed.reduce(0, +)) * bytesPerWork
        let (bytes, operations) = (Double(moved(after) - moved(before)), Double(requests(after) - requests(before)))
        guard own > 0, bytes > 0 else { return nil }
        let others = bytes - Double(now.submittedBytes.reduce(0, +) - idle.submittedBytes.reduce(0, +))
        if others > Self.othersShare * own, others > 0x1p20, told.insert("device_shared").inserted {
            let (theirs, ours) = HumanUnits.amounts(others, own, .bytes)
            return Finding(
                code: "device_shared", severity: .note,
                message: "besides the load's \(ours), \(theirs) were moved at \(upper.name), by others or by the file "
                    + "system for itself; where its counters cannot tell them apart, the figures rest on the "
                    + "operations that ended and on /proc/PID/io")
        }
        let asked = own / options.sizes.mean
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
        let (all, reads) = claims()
        let completed = directions.count > 1 ? directions.map { $0 == .read ? reads : all - reads } : [all]
        guard let bytes = submittedBytes() else { return nil }
        return Raw(completed: completed, submittedBytes: bytes, device: upper?.read())
    }

    private func submittedBytes() -> [Int64]? {
        var sums = directions.map { _ in Int64(0) }
        for file in files {
            let directions = directions
            // Reads of the file system's own blocks are no part of a write load, and the other way round.
            let bytes: [Int64]? = file.read { text in
                let counts = directions.compactMap { ByteScanner.integer(after: $0.processKey, in: text) }
                return counts.count == directions.count ? counts : nil
            }
            guard let bytes else { return nil }
            for (index, count) in bytes.enumerated() { sums[index] = sums[index].addingSaturating(count) }
        }
        return sums
    }
}

/// One of the two ways that bytes go, and who counts them.
enum DiskDirection {
    case read, write

    /// The name in `/proc/PID/io` of what was handed to the block layer.
    var processKey: StaticString { self == .read ? "read_bytes:" : "write_bytes:" }

    /// The bytes that a device has moved so far.
    func bytes(_ reading: BlockDeviceCounters.Reading) -> Int64 {
        self == .read ? reading.readBytes : reading.writtenBytes
    }

    /// The requests that a device has ended so far.
    func operations(_ reading: BlockDeviceCounters.Reading) -> Int64 {
        self == .read ? reading.readOperations : reading.writtenOperations
    }
}

extension DiskOptions.Operation {
    /// Which ways its bytes go.
    var directions: [DiskDirection] {
        switch self {
        case .read: [.read]
        case .write: [.write]
        case .mix: [.read, .write]
        }
    }
}
