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
    }

    /// The mounts, in the order of mounting.
    public var entries: [Entry]
    /// Whether the kernel's own numbers of mounts are those of this table.
    private var isReal = false

    /// Reads the table of this process; empty where it cannot be read.
    public static func read() -> MountTable {
        var table = MountTable(SmallFile.text("/proc/self/mountinfo") ?? "")
        table.isReal = true
        return table
    }

    /// Parses the text of `mountinfo`; lines that are not mounts are passed over.
    public init(_ text: String) {
        entries = text.split(separator: "\n").compactMap { line in
            // 36 35 98:0 /root /point options [optional …] - type source superoptions
            let fields = line.split(separator: " ")
            guard let dash = fields.firstIndex(of: "-"), dash >= 6, fields.count > dash + 2, let id = Int64(fields[0])
            else { return nil }
            let device = fields[2].split(separator: ":").compactMap { Int($0) }
            guard device.count == 2 else { return nil }
            return Entry(
                id: id, major: device[0], minor: device[1], point: Self.unescape(fields[4]),
                type: String(fields[dash + 1]), source: Self.unescape(fields[dash + 2]),
                options: fields.count > dash + 3 ? Self.unescape(fields[dash + 3]) : "")
        }
    }

    /// The mount that `path`, an absolute path without links, lies on.
    ///
    /// The kernel's own number where it tells one (Linux 5.8), else the longest mount point above the path.
    public func mount(of path: String) -> Entry? {
        if isReal, let directory = try? OwnedDescriptor.open(path, 0o10000000 /* O_PATH */) {
            let id = CLinux_mount_id(directory.rawValue)
            if id >= 0, let entry = entries.first(where: { $0.id == id }) { return entry }
        }
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
    static func unescape(_ text: Substring) -> String {
        guard text.contains("\\") else { return String(text) }
        var bytes: [UInt8] = []
        let source = Array(text.utf8)
        var index = 0
        while index < source.count {
            if source[index] == 0x5C, index + 3 < source.count,
                let value = UInt8(String(decoding: source[(index + 1)...(index + 3)], as: UTF8.self), radix: 8)
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
}
