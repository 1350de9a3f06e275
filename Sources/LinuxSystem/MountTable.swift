// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc

/// The file systems that this process sees, from `/proc/self/mountinfo`; see `proc(5)`.
public struct MountTable: Sendable {
    /// One mount.
    public struct Entry: Hashable, Sendable {
        /// Its number, as `statx(2)` tells it.
        public var id: Int64
        /// The device of its files; major 0 where the file system made the number up.
        public var major: Int
        /// The minor number.
        public var minor: Int
        /// Where it is mounted.
        public var point: String
        /// The file system, such as `ext4`.
        public var type: String
        /// What is mounted, such as `/dev/vda1`.
        public var source: String
        /// The options of the file system itself, separated by commas.
        public var options: String
        /// The directory of the file system that is mounted; `/` but for bind mounts, subvolumes and control groups.
        public var root: String = "/"
    }

    /// The mounts, in the order of mounting.
    public var entries: [Entry]
    /// Whether the kernel's own numbers of mounts are those of this table.
    private(set) var isReal = false

    /// Reads the table of this process; empty where it cannot be read.
    public static func read() -> MountTable {
        var table = MountTable(bytes: ((try? SmallFile.bytes("/proc/self/mountinfo", limit: 16 << 20)) ?? [])[...])
        table.isReal = true
        return table
    }

    /// Parses the text of `mountinfo`; lines that are not mounts are passed over.
    public init(_ text: String) { self.init(bytes: Array(text.utf8)[...]) }

    /// Parses the bytes of `mountinfo`; lines that are not mounts are passed over.
    public init(bytes: ArraySlice<UInt8>) {
        entries = bytes.split(separator: 0x0A).compactMap(Self.entry)
    }

    private static func entry(_ line: ArraySlice<UInt8>) -> Entry? {
        // 36 35 98:0 /root /point options [optional …] - type source superoptions
        let fields = line.split(separator: 0x20)
        guard fields.count > 8, let dash = fields.firstIndex(where: { $0.elementsEqual([0x2D]) }), dash >= 6,
            fields.count > dash + 2, let id = number(fields[0])
        else { return nil }
        let device = fields[2].split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard device.count == 2, let major = number(device[0]), let minor = number(device[1]) else { return nil }
        return Entry(
            id: id, major: Int(major), minor: Int(minor), point: unescape(fields[4]),
            type: String(decoding: fields[dash + 1], as: UTF8.self), source: unescape(fields[dash + 2]),
            options: fields.count > dash + 3 ? unescape(fields[dash + 3]) : "", root: unescape(fields[3]))
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> Int64? {
        var scanner = ByteScanner(bytes)
        guard let value = scanner.nextInteger(), scanner.isAtEnd else { return nil }
        return value
    }

    /// The mount that `path`, an absolute path without links, lies on.
    ///
    /// The kernel's own number where it tells one (Linux 5.8), else the longest mount point above the path.
    ///
    /// - Parameter location: what leads to the same, where `path` is not to be resolved again.
    public func mount(of path: String, at location: String? = nil) -> Entry? {
        if isReal, let directory = try? OwnedDescriptor.open(location ?? path, 0o10000000 /* O_PATH */) {
            let id = CLinux_mount_id(directory.rawValue)
            if id >= 0, let entry = entries.first(where: { $0.id == id }) { return entry }
        }
        return mount(above: path)
    }

    /// The mount of the longest mount point above `path`, by names alone: no file system is asked, dead or alive.
    public func mount(above path: String) -> Entry? {
        // Of two mounts on one point the later one hides the other.
        var found: Entry?
        for entry in entries where Self.contains(entry.point, path) {
            if entry.point.utf8.count >= found?.point.utf8.count ?? 0 { found = entry }
        }
        return found
    }

    private static func contains(_ point: String, _ path: String) -> Bool {
        point == "/" || path == point || path.hasPrefix(point + "/")
    }

    /// Undoes what the kernel does to space, tab, newline and backslash: it writes them as three octal digits.
    static func unescape(_ source: ArraySlice<UInt8>) -> String {
        guard source.contains(0x5C) else { return String(decoding: source, as: UTF8.self) }
        var bytes: [UInt8] = []
        var index = source.startIndex
        while index < source.endIndex {
            if source[index] == 0x5C, index + 3 < source.endIndex, let value = octal(source[(index + 1)...(index + 3)])
            {
                bytes.append(value)
                index += 4
            } else {
                bytes.append(source[index])
                index += 1
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func octal(_ digits: ArraySlice<UInt8>) -> UInt8? {
        var value = 0
        for digit in digits {
            guard (0x30...0x37).contains(digit) else { return nil }
            value = value * 8 + Int(digit - 0x30)
        }
        return UInt8(exactly: value)
    }
}
