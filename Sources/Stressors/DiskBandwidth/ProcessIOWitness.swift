// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import LinuxSystem
internal import LoadModel

/// What the kernel says a process moved at the block layer (`/proc/PID/io`), and beside it what the device did.
///
/// The kernel counts a direct write when it is handed to the device, and a buffered one when it makes a page dirty.
final class ProcessIOWitness: Witness {
    private let files: [ProcFile]
    private let operation: DiskOptions.Operation
    private let bytesPerWork: Double
    private let device: BlockDeviceCounters?
    private var idle: Int64 = 0

    init?(_ request: WitnessRequest) {
        guard let options = DiskOptions(request.settings) else { return nil }
        files = request.processIDs.compactMap { ProcFile("/proc/\($0)/io", capacity: 512) }
        guard files.count == request.processIDs.count else { return nil }
        operation = options.operation
        bytesPerWork = request.unit == .operationsPerSecond ? Double(options.block) : 1
        device = BlockDevice(behind: options.directory).flatMap(BlockDeviceCounters.init)
        guard bytes() != nil else { return nil }
    }

    func begin() { idle = bytes() ?? 0 }

    func read(target: Double) -> WitnessReading? {
        bytes().map { WitnessReading(Double($0 - idle) / bytesPerWork) }
    }

    func readDevice() -> DeviceCounters? {
        guard let device, let reading = device.read() else { return nil }
        return DeviceCounters(
            name: device.name, readBytes: reading.readBytes, writtenBytes: reading.writtenBytes,
            readOperations: reading.readOperations, writtenOperations: reading.writtenOperations,
            busyTime: reading.busyTime, queueTime: reading.queueTime)
    }

    private func bytes() -> Int64? {
        var sum: Int64 = 0
        for file in files {
            let operation = self.operation
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
