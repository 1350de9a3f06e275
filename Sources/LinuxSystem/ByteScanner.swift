// SPDX-License-Identifier: Apache-2.0

/// Reads numbers out of kernel text without making strings.
///
/// Tolerant by design: kernels add fields and lines, and a missing field is `nil`, never a trap.
public struct ByteScanner {
    private let bytes: ArraySlice<UInt8>
    private var position: Int

    /// Scans `bytes` from their start.
    public init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    /// Scans `bytes` from their start.
    public init(_ bytes: [UInt8]) { self.init(bytes[...]) }

    /// Whether nothing is left.
    public var isAtEnd: Bool { position >= bytes.endIndex }

    /// The next number of the current line after blanks.
    ///
    /// `nil` where the line has none left or other text stands there; saturates instead of overflowing.
    public mutating func nextInteger() -> Int64? {
        while position < bytes.endIndex, bytes[position] == 0x20 || bytes[position] == 0x09 { position += 1 }
        var value: Int64 = 0
        var hasDigits = false
        let isNegative = position < bytes.endIndex && bytes[position] == 0x2D
        var index = isNegative ? position + 1 : position
        while index < bytes.endIndex, (0x30...0x39).contains(bytes[index]) {
            let digit = Int64(bytes[index] - 0x30)
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            value = overflow || product > .max - digit ? .max : product + digit
            hasDigits = true
            index += 1
        }
        guard hasDigits else { return nil }
        position = index
        return isNegative ? -value : value
    }

    /// Skips `count` fields of the current line.
    public mutating func skipFields(_ count: Int) {
        for _ in 0..<count {
            while position < bytes.endIndex, bytes[position] == 0x20 || bytes[position] == 0x09 { position += 1 }
            while position < bytes.endIndex, bytes[position] != 0x20, bytes[position] != 0x09, bytes[position] != 0x0A {
                position += 1
            }
        }
    }

    /// Moves to the next line.
    public mutating func skipLine() {
        while position < bytes.endIndex, bytes[position] != 0x0A { position += 1 }
        position = min(position + 1, bytes.endIndex)
    }

    /// Moves behind `key` on the first line at or after this one that begins with it; `false` where none does.
    public mutating func seek(line key: StaticString) -> Bool {
        while !isAtEnd {
            if starts(with: key) {
                position += key.utf8CodeUnitCount
                return true
            }
            skipLine()
        }
        return false
    }

    /// Moves behind `key` in the first field of the rest of this line that begins with it; `false`, and at the line's
    /// end, where none does.
    public mutating func seek(field key: StaticString) -> Bool {
        while position < bytes.endIndex, bytes[position] != 0x0A {
            if bytes[position] == 0x20 || bytes[position] == 0x09 {
                position += 1
            } else if starts(with: key) {
                position += key.utf8CodeUnitCount
                return true
            } else {
                skipFields(1)
            }
        }
        return false
    }

    /// The integer after `key` on the first line that begins with it.
    public static func integer(after key: StaticString, in bytes: ArraySlice<UInt8>) -> Int64? {
        var scanner = ByteScanner(bytes)
        return scanner.seek(line: key) ? scanner.nextInteger() : nil
    }

    /// The integer after `key`, which is put together at run time, on the first line that begins with it.
    public static func integer(after key: [UInt8], in bytes: ArraySlice<UInt8>) -> Int64? {
        var scanner = ByteScanner(bytes)
        while !scanner.isAtEnd {
            if bytes[scanner.position...].starts(with: key) {
                scanner.position += key.count
                return scanner.nextInteger()
            }
            scanner.skipLine()
        }
        return nil
    }

    private func starts(with key: StaticString) -> Bool {
        guard bytes.endIndex - position >= key.utf8CodeUnitCount else { return false }
        for offset in 0..<key.utf8CodeUnitCount where bytes[position + offset] != key.utf8Start[offset] { return false }
        return true
    }
}
