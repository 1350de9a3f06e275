// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LoadModel

/// A JSON text as values: RFC 8259, nothing beside it, and no deeper than 64 levels.
indirect enum JSONTree: Equatable {
    case object([String: JSONTree])
    case array([JSONTree])
    case string(String)
    case number(Double)
    case boolean(Bool)
    case null

    /// The value of the whole text; `nil` where it is none.
    init?(_ bytes: [UInt8]) {
        var reader = Reader(bytes: bytes)
        guard let value = reader.value(depth: 0), reader.isAtEnd else { return nil }
        self = value
    }

    /// The value at the end of a path; `nil` where there is none.
    subscript(path: [JSONCondition.Step]) -> JSONTree? {
        var here = self
        for step in path {
            switch (step, here) {
            case (.name(let name), .object(let members)):
                guard let next = members[name] else { return nil }
                here = next
            case (.index(let index), .array(let elements)):
                guard elements.indices.contains(index) else { return nil }
                here = elements[index]
            default: return nil
            }
        }
        return here
    }

    /// Whether the value of a condition's path is as it says.
    ///
    /// A path that leads nowhere meets none, `!=` neither: an error page has no status at all.
    func meets(_ condition: JSONCondition) -> Bool {
        guard let value = self[condition.path] else { return false }
        switch (value, condition.value) {
        case (.string(let left), .text(let right)): return Self.compare(left, condition.comparison, right)
        case (.number(let left), .number(let right)): return Self.compare(left, condition.comparison, right)
        case (.boolean(let left), .boolean(let right)):
            return condition.comparison == .equal && left == right
                || condition.comparison == .notEqual && left != right
        case (.null, .null): return condition.comparison == .equal
        // Of two kinds: they are not equal, and neither is more.
        default: return condition.comparison == .notEqual
        }
    }

    private static func compare<T: Comparable>(_ left: T, _ comparison: JSONCondition.Comparison, _ right: T) -> Bool {
        switch comparison {
        case .equal: left == right
        case .notEqual: left != right
        case .below: left < right
        case .atMost: left <= right
        case .above: left > right
        case .atLeast: left >= right
        }
    }
}

extension JSONTree {
    private struct Reader {
        static let deepest = 64
        let bytes: [UInt8]
        var index = 0

        init(bytes: [UInt8]) { self.bytes = bytes }

        private var next: UInt8? { index < bytes.count ? bytes[index] : nil }

        var isAtEnd: Bool {
            mutating get {
                skipBlanks()
                return next == nil
            }
        }

        private mutating func skipBlanks() {
            while let byte = next, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { index += 1 }
        }

        private mutating func take(_ byte: UInt8) -> Bool {
            skipBlanks()
            guard next == byte else { return false }
            index += 1
            return true
        }

        mutating func value(depth: Int) -> JSONTree? {
            guard depth < Self.deepest else { return nil }
            skipBlanks()
            switch next {
            case UInt8(ascii: "{"): return object(depth: depth)
            case UInt8(ascii: "["): return array(depth: depth)
            case UInt8(ascii: "\""): return string().map { .string($0) }
            case UInt8(ascii: "t"): return word("true", .boolean(true))
            case UInt8(ascii: "f"): return word("false", .boolean(false))
            case UInt8(ascii: "n"): return word("null", .null)
            default: return number()
            }
        }

        private mutating func word(_ word: String, _ value: JSONTree) -> JSONTree? {
            guard bytes[index...].starts(with: word.utf8) else { return nil }
            index += word.utf8.count
            return value
        }

        private mutating func object(depth: Int) -> JSONTree? {
            index += 1
            var members: [String: JSONTree] = [:]
            if take(UInt8(ascii: "}")) { return .object(members) }
            repeat {
                skipBlanks()
                guard next == UInt8(ascii: "\""), let name = string(), take(UInt8(ascii: ":")),
                    let value = value(depth: depth + 1), members.updateValue(value, forKey: name) == nil
                else { return nil }
            } while take(UInt8(ascii: ","))
            return take(UInt8(ascii: "}")) ? .object(members) : nil
        }

        private mutating func array(depth: Int) -> JSONTree? {
            index += 1
            var elements: [JSONTree] = []
            if take(UInt8(ascii: "]")) { return .array(elements) }
            repeat {
                guard let value = value(depth: depth + 1) else { return nil }
                elements.append(value)
            } while take(UInt8(ascii: ","))
            return take(UInt8(ascii: "]")) ? .array(elements) : nil
        }

        private mutating func number() -> JSONTree? {
            let start = index
            _ = next == UInt8(ascii: "-") ? { index += 1 }() : ()
            let whole = digits()
            guard whole > 0, whole == 1 || bytes[index - whole] != 0x30 else { return nil }
            if next == UInt8(ascii: ".") {
                index += 1
                guard digits() > 0 else { return nil }
            }
            if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
                index += 1
                if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { index += 1 }
                guard digits() > 0 else { return nil }
            }
            return Double(String(decoding: bytes[start..<index], as: UTF8.self)).map { .number($0) }
        }

        private mutating func digits() -> Int {
            let start = index
            while let byte = next, (0x30...0x39).contains(byte) { index += 1 }
            return index - start
        }

        private mutating func string() -> String? {
            index += 1
            var text: [UInt8] = []
            while let byte = next {
                index += 1
                switch byte {
                case UInt8(ascii: "\""): return String(validating: text, as: UTF8.self)
                case UInt8(ascii: "\\"):
                    guard let scalar = escape() else { return nil }
                    text += Array(String(scalar).utf8)
                case 0x00..<0x20: return nil
                default: text.append(byte)
                }
            }
            return nil
        }

        private mutating func escape() -> Unicode.Scalar? {
            guard let byte = next else { return nil }
            index += 1
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
            case UInt8(ascii: "b"): return "\u{8}"
            case UInt8(ascii: "f"): return "\u{C}"
            case UInt8(ascii: "n"): return "\n"
            case UInt8(ascii: "r"): return "\r"
            case UInt8(ascii: "t"): return "\t"
            case UInt8(ascii: "u"):
                guard let high = unit() else { return nil }
                guard (0xD800..<0xDC00).contains(high) else { return Unicode.Scalar(high) }
                guard bytes[index...].starts(with: "\\u".utf8) else { return nil }
                index += 2
                guard let low = unit(), (0xDC00..<0xE000).contains(low) else { return nil }
                return Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
            default: return nil
            }
        }

        private mutating func unit() -> UInt32? {
            guard index + 4 <= bytes.count else { return nil }
            let digits = bytes[index..<(index + 4)]
            guard digits.allSatisfy({ isxdigit(Int32($0)) != 0 }) else { return nil }
            index += 4
            return UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
        }
    }
}
