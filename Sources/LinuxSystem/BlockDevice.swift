// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// The disks behind a directory, found through partitions, device-mapper and md devices and loop files.
///
/// Source: `/proc/self/mountinfo` and `/sys/dev/block`; see `Documentation/ABI/stable/sysfs-block` of the kernel.
public struct BlockDevice: Hashable, Sendable {
    /// The devices from the one that the file system is on, down to the disks, such as `dm-0`, `vda1`, `vda`.
    public var layers: [String]
    /// The disks at the bottom, in order of their names.
    public var disks: [String]
    /// Whether a layer keeps its data in memory: a RAM disk, or a loop device over a file on tmpfs.
    public var isMemory: Bool
    /// The directories of the disks under `/sys`.
    var directories: [String]
    /// The directories under `/sys` of what the file system itself is on: partitions, volumes, loop devices, disks.
    var upperDirectories: [String]

    /// What is told of the device in one line, such as `dm-0 > vda1 > vda`.
    public var text: String { layers.joined(separator: " > ") }

    /// Whether the disks, and what the file system is on, count what they do (`queue/iostats`).
    public var isCounting: Bool {
        (directories + upperDirectories).allSatisfy { SmallFile.text(Self.queue(of: $0) + "/iostats") != "0" }
    }

    /// What the file system itself is on, such as `vda1`.
    public var upperName: String { upperDirectories.map(Self.name).sorted().joined(separator: "+") }

    /// The most that the device takes in one request, in bytes; `nil` where it does not say.
    ///
    /// A larger operation becomes several.
    ///
    /// Source: `queue/max_sectors_kb`, `max_segments` and `max_segment_size`, `Documentation/ABI/stable/sysfs-block`.
    ///
    /// - Parameter pieceSize: how many bytes of a buffer lie together in memory.
    public func largestRequest(pieceSize: Int) -> Int? {
        upperDirectories.compactMap { directory -> Int? in
            func figure(_ name: String) -> Int? {
                SmallFile.text(Self.queue(of: directory) + "/" + name).flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil }
            }
            guard let kibibytes = figure("max_sectors_kb") else { return nil }
            guard let segments = figure("max_segments") else { return kibibytes << 10 }
            let segment = min(pieceSize, figure("max_segment_size") ?? 65536)
            return min(kibibytes << 10, segments.multipliedReportingOverflow(by: segment).partialValue)
        }.min()
    }

    /// The directory of a device's queue: a partition has its disk's.
    private static func queue(of directory: String) -> String {
        access(directory + "/partition", F_OK) == 0
            ? String(directory.dropLast(name(directory).count)) + "queue" : directory + "/queue"
    }

    private static func name(_ path: String) -> String { String(path.split(separator: "/").last ?? "") }

    /// Finds the device of the mount that `path` lies on; `nil` where that is no block device that can be seen.
    ///
    /// - Parameters:
    ///   - location: what leads to the same, where `path` is not to be resolved again.
    ///   - prefix: put before every path under `/sys` and `/dev`; tests set it to a folder of fixtures.
    public init?(
        behind path: String, at location: String? = nil, mounts: MountTable = .read(), prefix: String = ""
    ) {
        guard let mount = mounts.mount(of: path, at: location) else { return nil }
        self.init(of: mount, mounts: mounts, prefix: prefix)
    }

    init?(of mount: MountTable.Entry, mounts: MountTable, prefix: String = "") {
        var search = Search(mounts: mounts, prefix: prefix)
        search.visit(mount, depth: 0)
        self.init(search)
    }

    /// What a walk has found; `nil` where that is no block device.
    init?(_ search: Search) {
        guard !search.disks.isEmpty else { return nil }
        layers = search.layers
        disks = search.disks.keys.sorted()
        directories = disks.compactMap { search.disks[$0] }
        isMemory = search.memory != nil
        upperDirectories = search.upper
    }

    /// One walk from a mount down.
    struct Search {
        private let mounts: MountTable
        private let prefix: String
        private(set) var layers: [String] = []
        private(set) var disks: [String: String] = [:]
        /// Where the walk came from a file system down to devices for the first time.
        private(set) var upper: [String] = []
        /// The way to the first layer that is in memory, such as `overlay on tmpfs`; `nil` where none is.
        private(set) var memory: String?
        /// What could not be looked behind, and why; `nil` where all could.
        private(set) var unknown: String?

        /// Deeper than any stack of devices that makes sense, and an end for one that bites its tail.
        private static let deepest = 16

        init(mounts: MountTable, prefix: String) {
            self.mounts = mounts
            self.prefix = prefix
        }

        mutating func visit(_ mount: MountTable.Entry, depth: Int, above: String = "") {
            let way = above + mount.type
            if FileSystemFacts.memoryTypes.contains(mount.type) {
                memory = memory ?? way
            } else if mount.type == "overlay" {
                // What is written goes to the upper directory, which may lie where this process cannot see it.
                if depth < Self.deepest, let upper = mounts.upper(of: mount) {
                    visit(upper, depth: depth + 1, above: way + " on ")
                } else {
                    unknown = unknown ?? "the upper directory of the \(way) cannot be seen from here"
                }
            } else if mount.major != 0, let directory = resolve("/sys/dev/block/\(mount.major):\(mount.minor)") {
                enter([directory], depth: depth, above: way + " on ")
            } else if mount.source.hasPrefix("/dev/"), let node = resolve(mount.source),
                let directory = resolve("/sys/class/block/\(Self.name(node))")
            {
                // btrfs makes up a device number of its own, and may have several devices.
                enter(mount.type == "btrfs" ? members(of: directory) : [directory], depth: depth, above: way + " on ")
            } else {
                unknown = unknown ?? "\(way) from \(mount.source) shows no device"
            }
        }

        private mutating func enter(_ devices: [String], depth: Int, above: String) {
            if upper.isEmpty { upper = devices }
            for device in devices { visit(device: device, depth: depth, above: above) }
        }

        /// All devices of the btrfs that one of them belongs to (`/sys/fs/btrfs/UUID/devices`, Linux 3.14).
        private func members(of directory: String) -> [String] {
            let name = Self.name(directory)
            for system in names(in: prefix + "/sys/fs/btrfs") {
                let folder = prefix + "/sys/fs/btrfs/\(system)/devices"
                let members = names(in: folder).sorted()
                guard members.contains(name) else { continue }
                let devices = members.compactMap { resolve("/sys/class/block/\($0)") }
                if devices.count == members.count { return devices }
            }
            return [directory]
        }

        private mutating func visit(device directory: String, depth: Int, above: String) {
            let name = Self.name(directory)
            let way = above + name
            guard depth < Self.deepest else {
                unknown = unknown ?? "\(way) goes on"
                return
            }
            if !layers.contains(name) { layers.append(name) }
            if exists(directory + "/partition") {
                visit(device: String(directory.dropLast(name.count + 1)), depth: depth + 1, above: way + " on ")
                return
            }
            let slaves = names(in: directory + "/slaves").sorted()
            for slave in slaves {
                if let below = realPath(directory + "/slaves/" + slave) {
                    visit(device: below, depth: depth + 1, above: way + " on ")
                }
            }
            if !slaves.isEmpty { return }
            if let file = SmallFile.text(directory + "/loop/backing_file") {
                let sectors = SmallFile.text(directory + "/size").flatMap { Int64($0) }
                if Self.isKernelMemory(file) {
                    memory = memory ?? way + " on memory (" + file + ")"
                } else if let mount = mounts.backing(file, size: sectors?.multipliedSaturating(by: 512) ?? 0) {
                    let before = disks.count
                    visit(mount, depth: depth + 1, above: way + " on ")
                    if disks.count > before { return }
                } else {
                    unknown = unknown ?? "the file behind \(way), \(file), cannot be seen from here"
                }
            }
            if Self.isRAMDisk(name) { memory = memory ?? way }
            disks[name] = directory
        }

        /// Whether a file behind a loop device is memory that has no mount to be seen.
        ///
        /// It is of memfd_create(2), shmget(2), or mapped and shared: `shmem_file_setup()` and its like name such a
        /// file, and it has no directory.
        private static func isKernelMemory(_ file: String) -> Bool {
            file.hasSuffix(" (deleted)")
                && ["/memfd:", "/SYSV", "/anon_hugepage", "/dev/zero"].contains { file.hasPrefix($0) }
        }

        /// Whether a device is one of brd or zram, which keep in memory what is written to them.
        private static func isRAMDisk(_ name: String) -> Bool {
            ["ram", "zram"].contains { kind in
                name.count > kind.count && name.hasPrefix(kind) && name.dropFirst(kind.count).allSatisfy(\.isNumber)
            }
        }

        private func resolve(_ path: String) -> String? { realPath(prefix + path) }

        private static func name(_ path: String) -> String { BlockDevice.name(path) }

        private func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

        private func names(in directory: String) -> [String] {
            guard let descriptor = try? OwnedDescriptor.open(directory, O_RDONLY | O_DIRECTORY) else { return [] }
            return DirectoryReader.names(ofDescriptor: descriptor.rawValue, limit: 256)
        }
    }
}

/// The absolute path without links; `nil` where there is no such file.
func realPath(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
}

/// What block devices did since they were attached.
///
/// Source: the `stat` file, `Documentation/block/stat.rst` of the kernel.
public final class BlockDeviceCounters {
    /// One look.
    public struct Reading: Hashable, Sendable {
        /// Bytes read.
        public var readBytes: Int64 = 0
        /// Bytes written.
        public var writtenBytes: Int64 = 0
        /// Reads completed.
        public var readOperations: Int64 = 0
        /// Writes completed.
        public var writtenOperations: Int64 = 0
        /// Nanoseconds with a request in flight; of several disks, the busiest one's.
        public var busyTime: Int64 = 0
        /// Nanoseconds of all requests added up.
        public var queueTime: Int64 = 0
    }

    /// The devices, joined by `+`.
    public let name: String
    private let files: [ProcFile]

    /// Opens the counters of a device's disks; `nil` where they cannot be read.
    public convenience init?(_ device: BlockDevice) {
        self.init(device.directories, name: device.disks.joined(separator: "+"))
    }

    /// Opens the counters of what the file system itself is on, which others on the same disk have no part in; `nil`
    /// where they cannot be read.
    public convenience init?(upper device: BlockDevice) {
        self.init(device.upperDirectories, name: device.upperName)
    }

    private init?(_ directories: [String], name: String) {
        files = directories.compactMap { ProcFile($0 + "/stat", capacity: 512) }
        guard !files.isEmpty, files.count == directories.count else { return nil }
        self.name = name
    }

    /// Reads them, added up over the disks; `nil` once a device is gone.
    public func read() -> Reading? {
        var sum = Reading()
        for file in files {
            guard let one = file.read(Self.parse) else { return nil }
            sum.readBytes = sum.readBytes.addingSaturating(one.readBytes)
            sum.writtenBytes = sum.writtenBytes.addingSaturating(one.writtenBytes)
            sum.readOperations = sum.readOperations.addingSaturating(one.readOperations)
            sum.writtenOperations = sum.writtenOperations.addingSaturating(one.writtenOperations)
            sum.busyTime = max(sum.busyTime, one.busyTime)
            sum.queueTime = sum.queueTime.addingSaturating(one.queueTime)
        }
        return sum
    }

    /// Reads the fields of one `stat` file.
    static func parse(_ bytes: ArraySlice<UInt8>) -> Reading? {
        var scanner = ByteScanner(bytes)
        var reading = Reading()
        // A sector is 512 bytes here, whatever the device's own are.
        guard let reads = scanner.nextInteger(), scanner.nextInteger() != nil, let readSectors = scanner.nextInteger(),
            scanner.nextInteger() != nil, let writes = scanner.nextInteger(), scanner.nextInteger() != nil,
            let writtenSectors = scanner.nextInteger(), scanner.nextInteger() != nil, scanner.nextInteger() != nil,
            let busy = scanner.nextInteger(), let queued = scanner.nextInteger()
        else { return nil }
        reading.readBytes = readSectors.multipliedSaturating(by: 512)
        reading.writtenBytes = writtenSectors.multipliedSaturating(by: 512)
        reading.readOperations = reads
        reading.writtenOperations = writes
        reading.busyTime = busy.multipliedSaturating(by: 1_000_000)
        reading.queueTime = queued.multipliedSaturating(by: 1_000_000)
        return reading
    }
}
