// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import SystemPackage

/// The kernel's memory bandwidth monitoring, where it is mounted and this user may use it.
///
/// The processor counts the cache lines that pass between its last-level caches and memory, for each monitor group of
/// tasks (Intel RDT MBM, AMD QoS). It is used where somebody has mounted it, and never mounted here: a mount is an
/// effect on the whole host.
/// Source: `Documentation/arch/x86/resctrl.rst` of the kernel (`Documentation/filesystems/resctrl.rst` since 6.17).
public struct Resctrl: Hashable, Sendable {
    /// Why it cannot be used, for people.
    public struct Problem: Error, Hashable, Sendable {
        /// One sentence without a full stop.
        public var text: String
        /// Creates a problem.
        public init(text: String) { self.text = text }
    }

    /// Whether the counter counts some kind of traffic.
    public enum Counts: Hashable, Sendable { case always, never, unknown }

    /// What the counter counts.
    public struct Traffic: Hashable, Sendable {
        /// Lines that are read, those of stores that read their line first among them.
        public var reads: Counts
        /// Lines that are written back when they leave the cache.
        public var writeBacks: Counts
        /// Stores that go past the caches.
        public var nonTemporal: Counts

        /// Creates a description.
        public init(reads: Counts, writeBacks: Counts, nonTemporal: Counts) {
            self.reads = reads
            self.writeBacks = writeBacks
            self.nonTemporal = nonTemporal
        }
    }

    /// Where it is mounted as a rule.
    public static let usualRoot = "/sys/fs/resctrl"

    /// The directory in which monitor groups are made: that of the control group that this process is in, since a task
    /// can only be monitored within its own.
    public let groups: String
    /// What the counter counts.
    public let traffic: Traffic

    /// Looks whether monitor groups can be made.
    ///
    /// - Parameters:
    ///   - root: where it is mounted; tests set it to a folder of fixtures.
    ///   - membership: the file that tells which groups this process is in (Linux 5.6).
    public init(
        root: String = Resctrl.usualRoot, membership: String = "/proc/self/cpu_resctrl_groups"
    ) throws(Problem) {
        guard let features = Self.lines(root + "/info/L3_MON/mon_features") else {
            throw Problem(text: "no resctrl file system with monitoring is mounted at \(root)")
        }
        guard features.contains("mbm_total_bytes") else {
            throw Problem(text: "this processor does not count the memory traffic of tasks (mbm_total_bytes)")
        }
        guard let groups = Self.lines(membership), let control = Self.value("res:", groups),
            let monitor = Self.value("mon:", groups)
        else { throw Problem(text: "the kernel does not tell which resctrl group a process is in (\(membership))") }
        // To be moved out of it would take the load out of what somebody else measures.
        guard monitor.isEmpty else {
            throw Problem(text: "exert is in the monitor group '\(monitor)' of somebody else")
        }
        let name = control == "/" ? "" : "/" + control
        guard !control.isEmpty, !control.dropFirst().contains("/"), control != ".." else {
            throw Problem(text: "the control group '\(control)' is not one that can be found")
        }
        self.groups = root + name + "/mon_groups"
        guard access(self.groups, W_OK) == 0 else {
            throw Problem(text: "no monitor group can be made in \(self.groups): \(Errno(rawValue: errno))")
        }
        traffic = Self.traffic(SmallFile.text(root + "/info/L3_MON/mbm_total_bytes_config"))
    }

    /// What is counted by the bits of each domain, such as `0=0x7f;1=0x7f`; where there are none, as with all of
    /// Intel's, reads are, and nobody tells of the rest.
    static func traffic(_ configuration: String?) -> Traffic {
        let domains = (configuration ?? "").split(separator: ";").map { domain -> UInt32? in
            let parts = domain.split(separator: "=")
            return parts.count == 2 && parts[1].hasPrefix("0x") ? UInt32(parts[1].dropFirst(2), radix: 16) : nil
        }
        let bits = domains.compactMap(\.self)
        guard !bits.isEmpty, bits.count == domains.count else {
            return Traffic(reads: .always, writeBacks: .unknown, nonTemporal: .unknown)
        }
        /// Of memory of this node and of others, of all domains alike.
        func counts(_ mask: UInt32) -> Counts {
            if bits.allSatisfy({ $0 & mask == mask }) { return .always }
            return bits.allSatisfy { $0 & mask == 0 } ? .never : .unknown
        }
        return Traffic(reads: counts(0b11), writeBacks: counts(0b100_0000), nonTemporal: counts(0b1100))
    }

    private static func lines(_ path: String) -> [String]? {
        (try? SmallFile.bytes(path)).map { String(decoding: $0, as: UTF8.self).split(separator: "\n").map(String.init) }
    }

    private static func value(_ key: String, _ lines: [String]) -> String? {
        lines.first { $0.hasPrefix(key) }.map { String($0.dropFirst(key.utf8.count)) }
    }
}

/// The bytes that a monitor group has moved from and to memory, on all caches together.
public final class ResctrlCounter {
    private let files: [ProcFile]

    /// Opens the counters of a monitor group, `mon_data/mon_L3_*/mbm_total_bytes`; `nil` where there are none.
    public init?(_ directory: String) {
        let data = directory + "/mon_data"
        guard let folder = try? OwnedDescriptor.open(data, O_RDONLY | O_DIRECTORY) else { return nil }
        let names = DirectoryReader.names(ofDescriptor: folder.rawValue).filter { $0.hasPrefix("mon_L3_") }.sorted()
        let files = names.compactMap { ProcFile("\(data)/\($0)/mbm_total_bytes", capacity: 64) }
        guard !files.isEmpty, files.count == names.count else { return nil }
        self.files = files
    }

    /// The bytes so far; `nil` where any of the caches does not tell.
    ///
    /// A file says `Unavailable` while its counter has nothing yet, `Error` where it cannot be read, and `Unassigned`
    /// where the processor has counters for some groups only. The kernel looks each second at counters of 24 bits and
    /// more, so that what it tells does not wrap (`mbm_overflow_count` in fs/resctrl/monitor.c).
    public var bytes: Int64? {
        var sum: Int64 = 0
        for file in files {
            guard let bytes = file.integer, bytes >= 0 else { return nil }
            let (total, isOver) = sum.addingReportingOverflow(bytes)
            guard !isOver else { return nil }
            sum = total
        }
        return sum
    }
}
