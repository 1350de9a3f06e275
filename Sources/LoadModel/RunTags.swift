// SPDX-License-Identifier: Apache-2.0

/// What ties a run to others: labels that the user chose, and the trace that the run is a part of.
///
/// Every line of the log carries them, so that logs of many hosts can be joined.
public struct RunTags: Hashable, Sendable {
    /// Values by name.
    public private(set) var labels: [String: String] = [:]
    /// The W3C Trace Context that the run was started in, as `TRACEPARENT` gives it; `nil` where there is none.
    public private(set) var traceparent: String?

    /// The most labels that a run may have.
    public static let limit = 16
    /// The most bytes that a label's value may have.
    public static let valueLimit = 256
    /// What a label's name is, as a regular expression of JSON Schema.
    public static let namePattern = "^[A-Za-z_][A-Za-z0-9_./-]{0,62}$"

    /// Creates no tags.
    public init() {}

    /// Why a label is none.
    public struct Problem: Error, Hashable, Sendable {
        /// What is wrong and what would be right.
        public var message: String
    }

    /// Adds a label written as `name=value`.
    ///
    /// A name has letters, digits, `_`, `.`, `-` and `/`, begins with a letter or `_`, and is 63 characters long at the
    /// most, a value 256 bytes: what metrics and logs elsewhere take as well.
    public mutating func add(label: String) throws(Problem) {
        // By scalars: a sign and what combines with it would be one character.
        guard let sign = label.unicodeScalars.firstIndex(of: "=") else {
            throw Problem(message: "'\(label)' has no '='; write a label as name=value, such as host=node-1")
        }
        let (name, value) = (String(label[..<sign]), String(label[label.unicodeScalars.index(after: sign)...]))
        try add(name, value)
    }

    /// Adds the labels that a profile has, where there is none of the same name yet.
    public mutating func fill(from profile: [String: String]) throws(Problem) {
        for (name, value) in profile.sorted(by: { $0.key < $1.key }) where labels[name] == nil {
            try add(name, value)
        }
    }

    /// Adds a label; what name and value may be is told at ``add(label:)``.
    public mutating func add(_ name: String, _ value: String) throws(Problem) {
        let bytes = Array(name.utf8)
        func isLetter(_ byte: UInt8) -> Bool { (0x41...0x5A).contains(byte & 0xDF) || byte == 0x5F }
        let isName = bytes.allSatisfy { isLetter($0) || (0x2D...0x39).contains($0) }
        guard let first = bytes.first, isLetter(first), isName, bytes.count <= 63 else {
            throw Problem(
                message: "'\(name)' is no name for a label; it takes letters, digits, '_', '.', '-' and '/', 63 at "
                    + "most, and begins with a letter or '_'")
        }
        guard value.utf8.count <= Self.valueLimit else {
            throw Problem(
                message: "the value of label '\(name)' has \(value.utf8.count) bytes; the limit is \(Self.valueLimit)")
        }
        guard labels[name] == nil else { throw Problem(message: "label '\(name)' is given twice") }
        guard labels.count < Self.limit else {
            throw Problem(message: "there are more than \(Self.limit) labels, the limit")
        }
        labels[name] = value
    }

    /// Takes the value of `TRACEPARENT`; `false`, and nothing taken, where it is not one.
    ///
    /// Source: W3C Trace Context, section 3.2: version, trace id, parent id and flags in lower-case hexadecimal.
    public mutating func take(traceparent text: String) -> Bool {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        func isHex(_ part: Substring) -> Bool {
            part.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
        }
        guard parts.count >= 4, parts.prefix(4).map(\.utf8.count) == [2, 32, 16, 2], parts.prefix(4).allSatisfy(isHex),
            parts[0] != "ff", parts[0] != "00" || parts.count == 4, text.utf8.count <= 256,
            parts[1].contains(where: { $0 != "0" }), parts[2].contains(where: { $0 != "0" })
        else { return false }
        traceparent = text
        return true
    }
}
