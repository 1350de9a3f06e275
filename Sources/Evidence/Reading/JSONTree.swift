// SPDX-License-Identifier: Apache-2.0

internal import Reporting

/// A JSON value with its members in the order in which they stand.
///
/// What a log says of itself may be anything: whoever asks for a member of another kind gets `nil`.
indirect enum JSONTree: Equatable, Sendable {
    struct Member: Equatable, Sendable {
        var name: String
        var value: JSONTree
    }

    case object([Member])
    case array([JSONTree])
    case string(String)
    case number(Double)
    /// A whole number beyond what a `Double` holds exactly, such as a seed.
    case whole(UInt64)
    case boolean(Bool)
    case null

    /// A member; of several of one name the first.
    subscript(name: String) -> JSONTree? { members.first { $0.name == name }?.value }

    var members: [Member] { if case .object(let members) = self { members } else { [] } }
    var items: [JSONTree] { if case .array(let items) = self { items } else { [] } }
    var text: String? { if case .string(let text) = self { text } else { nil } }
    var number: Double? {
        switch self {
        case .number(let number): number
        case .whole(let number): Double(number)
        default: nil
        }
    }
    var isTrue: Bool? { if case .boolean(let flag) = self { flag } else { nil } }

    /// The texts of an array's strings.
    var texts: [String] { items.compactMap(\.text) }

    /// A whole number that an `Int` holds.
    var integer: Int? { number.flatMap { Int(exactly: $0) } }
}

extension JSONPull {
    /// Takes any value.
    mutating func tree(depth: Int = 0) throws(Malformed) -> JSONTree {
        guard depth < Self.deepest else { throw problem("it is deeper than \(Self.deepest) levels") }
        switch peek() {
        case UInt8(ascii: "{"):
            var members: [JSONTree.Member] = []
            guard try beginObject() else { return .object([]) }
            repeat {
                let name = try text(try key())
                members.append(JSONTree.Member(name: name, value: try tree(depth: depth + 1)))
            } while try hasNext(closing: UInt8(ascii: "}"))
            return .object(members)
        case UInt8(ascii: "["):
            return .array(try items(depth: depth))
        case UInt8(ascii: "\""): return .string(try text(try skipString()))
        case UInt8(ascii: "t"):
            try word("true")
            return .boolean(true)
        case UInt8(ascii: "f"):
            try word("false")
            return .boolean(false)
        default:
            let start = at
            guard let number = try number() else { return .null }
            guard number >= 0x1p53, let whole = UInt64(String(decoding: bytes[start..<at], as: UTF8.self)) else {
                return .number(number)
            }
            return .whole(whole)
        }
    }

    private mutating func items(depth: Int) throws(Malformed) -> [JSONTree] {
        var items: [JSONTree] = []
        skipOpening()
        if peek() == UInt8(ascii: "]") {
            _ = try hasNext(closing: UInt8(ascii: "]"))
            return items
        }
        repeat { items.append(try tree(depth: depth + 1)) } while try hasNext(closing: UInt8(ascii: "]"))
        return items
    }
}

extension JSONWriter {
    /// Writes a value as it was read.
    mutating func tree(_ value: JSONTree?) {
        switch value {
        case .object(let members)?:
            beginObject()
            for member in members {
                key(data: member.name)
                tree(member.value)
            }
            endObject()
        case .array(let items)?:
            beginArray()
            for item in items { tree(item) }
            endArray()
        case .string(let text)?: string(text)
        case .number(let number)?: self.number(number)
        case .whole(let number)?: integer(number)
        case .boolean(let flag)?: boolean(flag)
        case .null?, nil: null()
        }
    }
}
