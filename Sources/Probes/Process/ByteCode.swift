// SPDX-License-Identifier: Apache-2.0

/// Writes values as bytes, for a process of the same binary.
struct ByteWriter {
    private(set) var bytes: [UInt8] = []

    mutating func integer(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: Int64(truncatingIfNeeded: value)) { bytes.append(contentsOf: $0) }
    }

    mutating func text(_ value: String) {
        integer(value.utf8.count)
        bytes.append(contentsOf: value.utf8)
    }

    mutating func optional(_ value: String?) {
        integer(value == nil ? 0 : 1)
        if let value { text(value) }
    }

    mutating func list<T>(_ values: [T], _ body: (inout ByteWriter, T) -> Void) {
        integer(values.count)
        for value in values { body(&self, value) }
    }
}

/// Reads what ``ByteWriter`` wrote; all that is missing or senseless is thrown.
struct ByteReader {
    struct Malformed: Error {}

    private let bytes: [UInt8]
    private var at = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { at == bytes.count }

    mutating func integer() throws(Malformed) -> Int64 {
        guard at + 8 <= bytes.count else { throw Malformed() }
        defer { at += 8 }
        return bytes[at..<(at + 8)].reversed().reduce(0) { $0 << 8 | Int64($1) }
    }

    /// A count of things that each take a byte at least.
    mutating func count() throws(Malformed) -> Int {
        let count = try integer()
        guard count >= 0, count <= bytes.count - at else { throw Malformed() }
        return Int(count)
    }

    mutating func text() throws(Malformed) -> String {
        let count = try count()
        defer { at += count }
        return String(decoding: bytes[at..<(at + count)], as: UTF8.self)
    }

    mutating func optional() throws(Malformed) -> String? { try integer() == 0 ? nil : try text() }

    mutating func list<T>(_ body: (inout ByteReader) throws(Malformed) -> T) throws(Malformed) -> [T] {
        var values: [T] = []
        for _ in 0..<(try count()) { values.append(try body(&self)) }
        return values
    }

    mutating func small<T: FixedWidthInteger>(_ type: T.Type = T.self) throws(Malformed) -> T {
        guard let value = T(exactly: try integer()) else { throw Malformed() }
        return value
    }

    mutating func double() throws(Malformed) -> Double { Double(bitPattern: UInt64(bitPattern: try integer())) }
}
