// SPDX-License-Identifier: Apache-2.0

/// What the processes of one control group may do to a block device in a second, and what they did.
///
/// Sources: `io.max` and `io.stat` (v2), `blkio.throttle.*` (v1); `Documentation/admin-guide/cgroup-v2.rst` and
/// `cgroup-v1/blkio-controller.rst` of the kernel.
public final class GroupIO: GroupFiles {
    /// Reading and writing, bytes and requests; limits of a second, or counters.
    public struct Figures: Hashable, Sendable {
        /// In the order of ``kinds``; as a limit `.max` is none.
        public var values: [Int64]

        /// The names of the figures as `io.max` has them.
        public static let kinds = ["rbps", "wbps", "riops", "wiops"]
    }

    /// One device.
    public struct Reading: Hashable, Sendable {
        /// Which one.
        public var device: DeviceNumber
        /// What it is limited to.
        public var limits: Figures
        /// What was done so far.
        public var done: Figures
    }

    /// See ``GroupFiles/group``.
    public let group: CgroupView.Group
    private let files: [KeptFile]
    private let counters: [KeptFile]
    private var fresh = Fresh<[Reading]>()

    private static let limitFiles = [
        "read_bps_device", "write_bps_device", "read_iops_device", "write_iops_device",
    ]

    /// See ``GroupFiles/init(_:)``.
    public init(_ group: CgroupView.Group) {
        self.group = group
        func kept(_ names: [String]) -> [KeptFile] {
            names.map { KeptFile("\(group.directory)/\($0)", capacity: 16384) }
        }
        files = kept(group.version == 2 ? ["io.max"] : Self.limitFiles.map { "blkio.throttle.\($0)" })
        counters = kept(
            group.version == 2
                ? ["io.stat"]
                : ["blkio.throttle.io_service_bytes_recursive", "blkio.throttle.io_serviced_recursive"])
    }

    /// See ``GroupFiles/lookAgain()``.
    public func lookAgain() { for file in files + counters { file.lookAgain() } }

    /// The file that limits figure `kind` of ``Figures/kinds``.
    public func source(of kind: Int) -> String {
        group.directory + (group.version == 2 ? "/io.max" : "/blkio.throttle." + Self.limitFiles[kind])
    }

    /// The devices that are limited, at `now`, ns of any clock.
    public func read(at now: Int64) -> [Reading] {
        fresh.value(at: now) {
            var found: [DeviceNumber: Figures] = [:]
            for (kind, file) in files.enumerated() {
                _ = file.read { bytes in
                    if group.version == 2 {
                        found = Self.unifiedLimits(bytes)
                    } else {
                        for (device, value) in Self.limits(bytes) {
                            found[device, default: Figures(values: Array(repeating: .max, count: 4))].values[kind] =
                                value
                        }
                    }
                    return true
                }
            }
            return found.map { device, limits in Reading(device: device, limits: limits, done: done(on: device)) }
        }
    }

    private func done(on device: DeviceNumber) -> Figures {
        if group.version == 2 {
            return counters[0].read { Self.unifiedCounters($0, of: device) } ?? Figures(values: [0, 0, 0, 0])
        }
        return Figures(
            values: counters.flatMap { file in file.read { Self.counters($0, of: device) } ?? [0, 0] })
    }

    /// `8:16 rbps=2097152 wbps=max riops=max wiops=120` for each device.
    static func unifiedLimits(_ bytes: ArraySlice<UInt8>) -> [DeviceNumber: Figures] {
        var found: [DeviceNumber: Figures] = [:]
        var scanner = ByteScanner(bytes)
        while !scanner.isAtEnd {
            if let device = DeviceNumber(&scanner) {
                var limits = Figures(values: [])
                for key: StaticString in ["rbps=", "wbps=", "riops=", "wiops="] {
                    var rest = scanner
                    // `max` is no number, and no limit.
                    limits.values.append(rest.seek(field: key) ? rest.nextInteger() ?? .max : .max)
                }
                if limits.values.contains(where: { $0 != .max }) { found[device] = limits }
            }
            scanner.skipLine()
        }
        return found
    }

    /// `7:0 5000000` for each device.
    static func limits(_ bytes: ArraySlice<UInt8>) -> [DeviceNumber: Int64] {
        var found: [DeviceNumber: Int64] = [:]
        var scanner = ByteScanner(bytes)
        while !scanner.isAtEnd {
            if let device = DeviceNumber(&scanner), let value = scanner.nextInteger() { found[device] = value }
            scanner.skipLine()
        }
        return found
    }

    /// `8:16 rbytes=1459200 wbytes=314773504 rios=192 wios=353 dbytes=0 dios=0`.
    static func unifiedCounters(_ bytes: ArraySlice<UInt8>, of device: DeviceNumber) -> Figures? {
        var scanner = ByteScanner(bytes)
        while !scanner.isAtEnd {
            if DeviceNumber(&scanner) == device {
                var done = Figures(values: [])
                for key: StaticString in ["rbytes=", "wbytes=", "rios=", "wios="] {
                    var rest = scanner
                    done.values.append(rest.seek(field: key) ? rest.nextInteger() ?? 0 : 0)
                }
                return done
            }
            scanner.skipLine()
        }
        return nil
    }

    /// The figures of `7:0 Read 4096` and `7:0 Write 8192`, among other lines, in this order.
    static func counters(_ bytes: ArraySlice<UInt8>, of device: DeviceNumber) -> [Int64] {
        var done: [Int64] = [0, 0]
        var scanner = ByteScanner(bytes)
        while !scanner.isAtEnd {
            if DeviceNumber(&scanner) == device {
                scanner.skipBlanks()
                if scanner.take("Read ") {
                    done[0] = scanner.nextInteger() ?? 0
                } else if scanner.take("Write ") {
                    done[1] = scanner.nextInteger() ?? 0
                }
            }
            scanner.skipLine()
        }
        return done
    }
}

/// The major and minor number of a block device.
public struct DeviceNumber: Hashable, Sendable, CustomStringConvertible {
    /// The major number.
    public var major: Int64
    /// The minor number.
    public var minor: Int64

    /// Creates a number.
    public init(major: Int64, minor: Int64) {
        self.major = major
        self.minor = minor
    }

    /// Takes `8:16` from where the scanner stands.
    init?(_ scanner: inout ByteScanner) {
        guard let major = scanner.nextInteger(), scanner.take(":"), let minor = scanner.nextInteger() else {
            return nil
        }
        self.init(major: major, minor: minor)
    }

    /// As the kernel writes it, `8:16`.
    public var description: String { "\(major):\(minor)" }
}

extension BlockDevice {
    /// The numbers of all layers: a group may limit any of them but partitions.
    public var numbers: [DeviceNumber] {
        layers.compactMap { name in
            guard let text = try? SmallFile.bytes("/sys/class/block/\(name)/dev") else { return nil }
            var scanner = ByteScanner(text)
            return DeviceNumber(&scanner)
        }
    }
}
