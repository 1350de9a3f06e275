// SPDX-License-Identifier: Apache-2.0

/// Reads one JSON text from its beginning to its end, a value at a time, without building anything.
///
/// RFC 8259, nothing beside it, and no deeper than 64 levels. The readers that the code base has build dictionaries of
/// what they read (`Probes`, `ControlServer`), or look at the members of one object without reading their values
/// (`Exert`), or know what traces look like (`Profiles`). A log of an hour is a hundred megabytes of numbers that go
/// straight into columns, ten times as fast as by a tree; rare lines become a ``JSONTree`` by the same reader.
struct JSONPull {
    /// A text that is no JSON; what it says is not looked at any further.
    struct Malformed: Error, Equatable {
        /// Where, in bytes from the text's beginning, from 0.
        let offset: Int
        /// What is wrong.
        let message: String
    }

    static let deepest = 64

    /// Valid as long as the closure that lent it.
    let bytes: UnsafeBufferPointer<UInt8>
    private(set) var at = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    // MARK: Signs

    /// The next byte that is no blank, which is not taken; `nil` at the end.
    mutating func peek() -> UInt8? {
        while at < bytes.count {
            let byte = bytes[at]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return byte }
            at += 1
        }
        return nil
    }

    func problem(_ message: String) -> Malformed { Malformed(offset: at, message: message) }

    private mutating func take(_ byte: UInt8, _ name: StaticString) throws(Malformed) {
        guard peek() == byte else { throw problem("\(name) is missing") }
        at += 1
    }

    /// Makes sure that nothing but blanks is left.
    mutating func end() throws(Malformed) {
        if peek() != nil { throw problem("something stands behind the value") }
    }

    // MARK: Objects and arrays

    /// Takes the bracket that opens an object; whether it has members.
    mutating func beginObject() throws(Malformed) -> Bool {
        try take(UInt8(ascii: "{"), "'{'")
        guard peek() == UInt8(ascii: "}") else { return true }
        at += 1
        return false
    }

    /// Takes the key of a member and its colon; where its bytes are, without quotes and with escapes as written.
    mutating func key() throws(Malformed) -> Range<Int> {
        guard peek() == UInt8(ascii: "\"") else { throw problem("a member's name is missing") }
        let range = try skipString()
        try take(UInt8(ascii: ":"), "':'")
        return range
    }

    /// Takes what stands behind a member: whether another one follows.
    mutating func hasNext(closing bracket: UInt8) throws(Malformed) -> Bool {
        let byte = peek()
        guard byte == UInt8(ascii: ",") || byte == bracket else { throw problem("a ',' or a bracket is missing") }
        at += 1
        return byte == UInt8(ascii: ",")
    }

    /// Takes the bracket that was peeked at.
    mutating func skipOpening() { at += 1 }

    /// Hands each member of an object to `body`, which takes its value; the key as the range of its bytes.
    mutating func members(
        _ body: (inout JSONPull, Range<Int>) throws(Malformed) -> Void
    ) throws(Malformed) {
        guard try beginObject() else { return }
        repeat {
            let name = try key()
            try body(&self, name)
        } while try hasNext(closing: UInt8(ascii: "}"))
    }

    /// Whether the bytes of `range` are `text`.
    func has(_ range: Range<Int>, _ text: StaticString) -> Bool {
        guard range.count == text.utf8CodeUnitCount else { return false }
        let start = text.utf8Start
        for index in 0..<range.count where bytes[range.lowerBound + index] != start[index] { return false }
        return true
    }

    // MARK: Values

    /// The text of a string whose bytes were found by ``skipString()``.
    func text(_ range: Range<Int>) throws(Malformed) -> String {
        let part = UnsafeBufferPointer(rebasing: bytes[range])
        if !part.contains(UInt8(ascii: "\\")) {
            guard let text = String(validating: part, as: UTF8.self) else {
                throw Malformed(offset: range.lowerBound, message: "a string is not UTF-8")
            }
            return text
        }
        var result: [UInt8] = []
        result.reserveCapacity(range.count)
        var index = range.lowerBound
        while index < range.upperBound {
            guard bytes[index] == UInt8(ascii: "\\") else {
                result.append(bytes[index])
                index += 1
                continue
            }
            result += Array(String(try scalar(escapedAt: &index)).utf8)
        }
        guard let text = String(validating: result, as: UTF8.self) else {
            throw Malformed(offset: range.lowerBound, message: "a string is not UTF-8")
        }
        return text
    }

    /// The scalar that an escape stands for; half of a pair alone is U+FFFD, as whoever wrote it meant nothing by it.
    private func scalar(escapedAt index: inout Int) throws(Malformed) -> Unicode.Scalar {
        let kind = bytes[index + 1]
        index += 2
        switch kind {
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"):
            let high = hexadecimal(index)
            index += 4
            if let scalar = Unicode.Scalar(high) { return scalar }
            guard high < 0xDC00, index + 6 <= bytes.count, bytes[index] == UInt8(ascii: "\\"),
                bytes[index + 1] == UInt8(ascii: "u")
            else { return "\u{FFFD}" }
            let low = hexadecimal(index + 2)
            guard (0xDC00..<0xE000).contains(low) else { return "\u{FFFD}" }
            index += 6
            return Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00)) ?? "\u{FFFD}"
        default: return Unicode.Scalar(kind)
        }
    }

    /// Four digits that ``skipString()`` has looked at.
    private func hexadecimal(_ start: Int) -> UInt32 {
        (start..<start + 4).reduce(0) { code, index in
            let byte = UInt32(bytes[index])
            return code << 4 | (byte < 0x3A ? byte - 0x30 : (byte | 0x20) - 0x57)
        }
    }

    /// Takes a string; where its bytes are, without quotes and with escapes as written.
    mutating func skipString() throws(Malformed) -> Range<Int> {
        at += 1
        let start = at
        while at < bytes.count {
            let byte = bytes[at]
            if byte == UInt8(ascii: "\"") {
                at += 1
                return start..<at - 1
            }
            if byte < 0x20 { throw problem("a string has a control character in it") }
            at += 1
            if byte == UInt8(ascii: "\\") { try skipEscape() }
        }
        throw problem("a string is not closed")
    }

    private mutating func skipEscape() throws(Malformed) {
        guard at < bytes.count else { throw problem("a string is not closed") }
        switch bytes[at] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            at += 1
        case UInt8(ascii: "u"):
            guard at + 5 <= bytes.count else { throw problem("a string is not closed") }
            for byte in bytes[(at + 1)..<(at + 5)] {
                let isDigit =
                    (0x30...0x39).contains(byte) || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte)
                guard isDigit else { throw problem("four hexadecimal digits are missing after '\\u'") }
            }
            at += 5
        default: throw problem("an escape is none")
        }
    }

    /// Takes a number, or null, which is `nil`; any other value is an error.
    mutating func number() throws(Malformed) -> Double? {
        if peek() == UInt8(ascii: "n") {
            try word("null")
            return nil
        }
        return try digits()
    }

    mutating func word(_ word: StaticString) throws(Malformed) {
        let end = at + word.utf8CodeUnitCount
        guard end <= bytes.count, has(at..<end, word) else { throw problem("a value is missing") }
        at = end
    }

    private static let powers: [Double] = [
        1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20, 1e21, 1e22,
    ]

    private mutating func digits() throws(Malformed) -> Double {
        guard peek() != nil else { throw problem("a value is missing") }
        let start = at
        let isNegative = bytes[at] == UInt8(ascii: "-")
        if isNegative { at += 1 }
        var mantissa: UInt64 = 0
        var count = 0
        func isDigit(_ index: Int) -> Bool { index < bytes.count && bytes[index] >= 0x30 && bytes[index] <= 0x39 }
        guard isDigit(at) else { throw problem("a value is missing") }
        if bytes[at] == 0x30, isDigit(at + 1) { throw problem("a number begins with 0") }
        while isDigit(at) {
            if count < 18 { mantissa = mantissa * 10 + UInt64(bytes[at] - 0x30) }
            count += 1
            at += 1
        }
        var decimals = 0
        if at < bytes.count, bytes[at] == UInt8(ascii: ".") {
            at += 1
            guard isDigit(at) else { throw problem("a number ends in its point") }
            while isDigit(at) {
                if count < 18 { mantissa = mantissa * 10 + UInt64(bytes[at] - 0x30) }
                count += 1
                decimals += 1
                at += 1
            }
        }
        var hasExponent = false
        if at < bytes.count, bytes[at] | 0x20 == UInt8(ascii: "e") {
            hasExponent = true
            at += 1
            if at < bytes.count, bytes[at] == UInt8(ascii: "+") || bytes[at] == UInt8(ascii: "-") { at += 1 }
            guard isDigit(at) else { throw problem("a number ends in its exponent") }
            while isDigit(at) { at += 1 }
        }
        // Both are exact, so their quotient is rounded once: the very number that is written.
        if !hasExponent, count <= 18, mantissa <= 1 << 53, decimals < Self.powers.count {
            let value = Double(mantissa) / Self.powers[decimals]
            return isNegative ? -value : value
        }
        let value = Double(String(decoding: bytes[start..<at], as: UTF8.self))
        guard let value, value.isFinite else { throw problem("a number is too large") }
        return value
    }

    /// Takes any value, and looks at its form alone.
    mutating func skip(depth: Int = 1) throws(Malformed) {
        guard depth < Self.deepest else { throw problem("it is deeper than \(Self.deepest) levels") }
        switch peek() {
        case UInt8(ascii: "{"):
            guard try beginObject() else { return }
            repeat {
                _ = try key()
                try skip(depth: depth + 1)
            } while try hasNext(closing: UInt8(ascii: "}"))
        case UInt8(ascii: "["):
            skipOpening()
            if peek() == UInt8(ascii: "]") {
                at += 1
                return
            }
            repeat { try skip(depth: depth + 1) } while try hasNext(closing: UInt8(ascii: "]"))
        case UInt8(ascii: "\""): _ = try skipString()
        case UInt8(ascii: "t"): try word("true")
        case UInt8(ascii: "f"): try word("false")
        case UInt8(ascii: "n"): try word("null")
        default: _ = try digits()
        }
    }
}
