// SPDX-License-Identifier: Apache-2.0

public import Glibc

/// How far a zone's clocks are ahead of UTC, at any time.
///
/// Read from the time zone database that the host has, without changing what this process takes for its own zone: the C
/// library would have to be told by the environment, which belongs to all threads. Format: RFC 8536 (TZif), of which
/// the footer is a `TZ` string of POSIX.1-2017, 8.3.
public struct TimeZoneRules: Hashable, Sendable {
    /// Why there are no rules of a zone.
    public enum Failure: Error, Hashable, Sendable {
        /// The database has no such zone, or there is none here.
        case unknown
        /// Its file cannot be understood.
        case damaged
    }

    /// When the offset changes, in seconds since the Unix epoch, ascending.
    private var transitions: [Int64] = []
    /// The offset from each of them on, in seconds.
    private var offsets: [Int64] = []
    /// The offset before the first one.
    private var first: Int64 = 0
    /// What holds after the last one.
    private var rule: DaylightRule?

    /// A zone that is always as far ahead, in seconds.
    public init(offset: Int64) { first = offset }

    /// The zone `UTC`, `Z`, `+02:00`, `local`, or one of the database such as `Europe/Berlin`.
    ///
    /// - Parameters:
    ///   - directory: where the database is.
    ///   - variable: what `TZ` says, which is what `local` is where it says something.
    public init(
        named name: String, in directory: String = "/usr/share/zoneinfo",
        variable: String? = getenv("TZ").map { String(cString: $0) }
    ) throws(Failure) {
        if name == "local", let zone = variable?.drop(while: { $0 == ":" }), !zone.isEmpty {
            // A rule by itself, as POSIX has it; else a name.
            if let rule = DaylightRule(Array(zone.utf8)[...]) {
                self.init(offset: 0)
                self.rule = rule
            } else {
                try self.init(named: zone == "local" ? "UTC" : String(zone), in: directory, variable: nil)
            }
        } else if name == "UTC" || name == "Z" {
            self.init(offset: 0)
        } else if let offset = Self.fixedOffset(name) {
            self.init(offset: offset)
        } else {
            guard Self.isName(name) else { throw .unknown }
            let path = name == "local" ? "/etc/localtime" : "\(directory)/\(name)"
            guard let bytes = try? RegularFile.bytes(path, limit: 1 << 20) else { throw .unknown }
            try self.init(bytes)
        }
    }

    /// Whether `name` may name a zone: it stands in a path.
    public static func isName(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        let parts = bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        return bytes.count <= 64 && !parts.contains { $0.isEmpty || $0.first == UInt8(ascii: ".") }
            && bytes.first.map(isLetter) == true
            && bytes.allSatisfy { isLetter($0) || (0x30...0x39).contains($0) || "/_+-".utf8.contains($0) }
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (0x41...0x5A).contains(byte & 0xDF) }

    /// The seconds of `+02:00` or `-0930`; `nil` where `name` is no such thing.
    private static func fixedOffset(_ name: String) -> Int64? {
        var bytes = Array(name.utf8)
        guard let sign = bytes.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") else { return nil }
        bytes.removeFirst()
        if bytes.count == 5, bytes[2] == UInt8(ascii: ":") { bytes.remove(at: 2) }
        guard bytes.count == 4, bytes.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        let digits = bytes.map { Int64($0 - 0x30) }
        let (hours, minutes) = (digits[0] * 10 + digits[1], digits[2] * 10 + digits[3])
        guard hours < 24, minutes < 60 else { return nil }
        return (sign == UInt8(ascii: "-") ? -1 : 1) * (hours * 3600 + minutes * 60)
    }

    /// The zone that a file of the database describes.
    public init(_ bytes: [UInt8]) throws(Failure) {
        var reader = TZifReader(bytes)
        guard let file = reader.read() else { throw .damaged }
        transitions = file.transitions
        offsets = file.offsets
        first = file.first
        rule = DaylightRule(file.footer)
    }

    /// How many seconds the zone is ahead of UTC at `time`, in seconds since the Unix epoch.
    public func offset(at time: Int64) -> Int64 {
        guard let last = transitions.last, time >= transitions[0] else {
            return transitions.isEmpty ? rule?.offset(at: time) ?? first : first
        }
        if time >= last, let rule { return rule.offset(at: time) }
        var (low, high) = (0, transitions.count)
        while low + 1 < high {
            let middle = (low + high) / 2
            if transitions[middle] <= time { low = middle } else { high = middle }
        }
        return offsets[low]
    }

    /// The last time until `now` at which the zone's clocks show `second` of the day, in seconds since the Unix epoch.
    public func lastTime(showing second: Int64, notAfter now: Int64) -> Int64 {
        let here = now + offset(at: now)
        let midnight = here - ((here % 86_400) + 86_400) % 86_400
        // The day before yesterday where a day is 25 hours long.
        for day in 0...2 {
            let shown = midnight - Int64(day) * 86_400 + second
            let time = shown - offset(at: shown - offset(at: shown))
            if time <= now { return time }
        }
        return now
    }
}

/// Reads a file of the time zone database.
private struct TZifReader {
    /// What is needed of it.
    struct File {
        var transitions: [Int64]
        var offsets: [Int64]
        var first: Int64
        var footer: ArraySlice<UInt8>
    }

    private let bytes: [UInt8]
    private var at = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// RFC 8536, 3: two blocks, of which the second has times of 64 bits, and a footer; one block in the first version.
    mutating func read() -> File? {
        guard let first = header() else { return nil }
        guard first.version >= UInt8(ascii: "2") else { return block(first, timeSize: 4) }
        let counts = first.counts
        // Times and types of changes, types, names, leap seconds, and two kinds of indicator.
        let size = counts[3] * 5 + counts[4] * 6 + counts[5] + counts[2] * 8 + counts[1] + counts[0]
        guard skip(size), let second = header(), var file = block(second, timeSize: 8) else { return nil }
        // The footer stands between two line feeds.
        let rest = bytes[at...].drop { $0 == 0x0A }
        file.footer = rest.prefix { $0 != 0x0A }
        return file
    }

    private mutating func skip(_ count: Int) -> Bool {
        guard count >= 0, count <= bytes.count - at else { return false }
        at += count
        return true
    }

    private mutating func integer(_ size: Int) -> Int64? {
        guard size <= bytes.count - at else { return nil }
        defer { at += size }
        var value: UInt64 = 0
        for byte in bytes[at..<at + size] { value = value << 8 | UInt64(byte) }
        return size == 4 ? Int64(Int32(truncatingIfNeeded: value)) : Int64(bitPattern: value)
    }

    /// The counts: indicators of UT, of standard time, leap seconds, changes, types, bytes of names.
    private mutating func header() -> (version: UInt8, counts: [Int])? {
        guard bytes.count - at >= 44, bytes[at..<at + 4].elementsEqual("TZif".utf8) else { return nil }
        let version = bytes[at + 4]
        at += 20
        var counts: [Int] = []
        for _ in 0..<6 {
            guard let count = integer(4), (0...1_000_000).contains(count) else { return nil }
            counts.append(Int(count))
        }
        return (version, counts)
    }

    private mutating func block(_ header: (version: UInt8, counts: [Int]), timeSize: Int) -> File? {
        let counts = header.counts
        guard counts[4] > 0, bytes.count - at >= counts[3] * (timeSize + 1) + counts[4] * 6 else { return nil }
        let transitions = (0..<counts[3]).compactMap { _ in integer(timeSize) }
        let indices = bytes[at..<at + counts[3]].map(Int.init)
        at += counts[3]
        var types: [Int64] = []
        for _ in 0..<counts[4] {
            guard let offset = integer(4), abs(offset) < 93_600, skip(2) else { return nil }
            types.append(offset)
        }
        guard indices.allSatisfy({ $0 < types.count }), zip(transitions, transitions.dropFirst()).allSatisfy(<),
            skip(counts[5] + counts[2] * (timeSize + 4) + counts[1] + counts[0])
        else { return nil }
        return File(transitions: transitions, offsets: indices.map { types[$0] }, first: types[0], footer: [])
    }
}
