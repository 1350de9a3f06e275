// SPDX-License-Identifier: Apache-2.0

internal import Glibc

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

    /// Skips blanks, but not the end of the line.
    public mutating func skipBlanks() {
        while position < bytes.endIndex, bytes[position] == 0x20 || bytes[position] == 0x09 { position += 1 }
    }

    /// Moves behind `key` where it stands here.
    public mutating func take(_ key: StaticString) -> Bool {
        guard starts(with: key) else { return false }
        position += key.utf8CodeUnitCount
        return true
    }

    /// Whether nothing but blanks is left of the line.
    public var isAtLineEnd: Bool {
        var rest = self
        rest.skipBlanks()
        return rest.isAtEnd || rest.bytes[rest.position] == 0x0A
    }

    /// The next field of the line, empty where there is none left.
    public mutating func word() -> ArraySlice<UInt8> {
        skipBlanks()
        let start = position
        skipFields(1)
        return bytes[start..<position]
    }

    /// Moves to the next line.
    public mutating func skipLine() {
        let offset = position - bytes.startIndex
        let skipped: Int? = bytes.withUnsafeBytes { raw in
            guard offset < raw.count, let base = raw.baseAddress,
                let end = memchr(base + offset, 0x0A, raw.count - offset)
            else { return nil }
            return UnsafeRawPointer(end) - (base + offset) + 1
        }
        position = skipped.map { position + $0 } ?? bytes.endIndex
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

    /// The figure in bytes after `key` on the first line that begins with it and tells it in KiB, as in
    /// `/proc/meminfo`; saturates instead of overflowing.
    public static func bytes(afterKiB key: StaticString, in bytes: ArraySlice<UInt8>) -> Int64? {
        integer(after: key, in: bytes)?.multipliedSaturating(by: 1024)
    }

    private func starts(with key: StaticString) -> Bool {
        guard bytes.endIndex - position >= key.utf8CodeUnitCount, bytes[position] == key.utf8Start[0] else {
            return false
        }
        for offset in 0..<key.utf8CodeUnitCount where bytes[position + offset] != key.utf8Start[offset] { return false }
        return true
    }
}

/// Arithmetic on figures that come from text: the kernel's make sense, those of a sandbox need not, and neither may end
/// the process.
extension Int64 {
    /// The product, or the greatest or the least number there is.
    public func multipliedSaturating(by other: Int64) -> Int64 {
        let (product, overflow) = multipliedReportingOverflow(by: other)
        return overflow ? ((self < 0) == (other < 0) ? .max : .min) : product
    }

    /// The sum, or the greatest or the least number there is.
    public func addingSaturating(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : sum
    }

    /// The difference, or the greatest or the least number there is.
    public func subtractingSaturating(_ other: Int64) -> Int64 {
        let (difference, overflow) = subtractingReportingOverflow(other)
        return overflow ? (other < 0 ? .max : .min) : difference
    }
}
