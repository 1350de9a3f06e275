// SPDX-License-Identifier: Apache-2.0

/// The system's table of open files, `/proc/sys/fs/file-nr`; kept open.
public final class SystemFileTable {
    /// A look at the table.
    public struct Reading: Hashable, Sendable {
        /// Open files of the whole system.
        public var used: Int64
        /// `fs.file-max`: beyond it only `CAP_SYS_ADMIN` opens files.
        public var most: Int64

        /// How many more may be opened.
        public var free: Int64 { most.subtractingSaturating(used) }
    }

    private let file: ProcFile

    /// Opens the kernel's figures; `nil` where they cannot be read.
    ///
    /// - Parameter path: where they are; tests give a fixture.
    public init?(_ path: String = "/proc/sys/fs/file-nr") {
        guard let file = ProcFile(path, capacity: 128) else { return nil }
        self.file = file
    }

    /// The figures of this moment.
    ///
    /// Linux 6.18 sums exactly; older kernels may be off by some tens for each processor
    /// (`percpu_counter_read_positive` in `fs/file_table.c`).
    public func read() -> Reading? {
        file.read(Self.parse)
    }

    /// Parses the text of `file-nr`: handles allocated, handles allocated and not used, and the most there may be.
    public static func parse(_ bytes: ArraySlice<UInt8>) -> Reading? {
        var scanner = ByteScanner(bytes)
        guard let used = scanner.nextInteger(), scanner.nextInteger() != nil, let most = scanner.nextInteger()
        else { return nil }
        return Reading(used: used, most: most)
    }

    /// `fs.nr_open`: as far as any `RLIMIT_NOFILE` may be raised; `nil` where it cannot be read.
    public static var greatestLimit: Int64? { number("/proc/sys/fs/nr_open") }

    /// `fs.inotify.max_user_instances`: how many inotify handles one user may have; `nil` where it cannot be read.
    public static var inotifyInstances: Int64? { number("/proc/sys/fs/inotify/max_user_instances") }

    private static func number(_ path: String) -> Int64? { ProcFile(path, capacity: 128)?.integer }
}
