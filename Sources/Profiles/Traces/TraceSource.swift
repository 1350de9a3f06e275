// SPDX-License-Identifier: Apache-2.0

/// Reads a file piece by piece: each call returns its next bytes, and none at its end.
public typealias ByteReader = () throws -> [UInt8]

/// What is wrong with a trace, and where in its file.
struct TraceProblem: Error {
    /// The line, from 1; `nil` for the file as a whole.
    var line: Int?
    /// The character in the line, from 1.
    var column = 1
    /// What is wrong and what to do about it.
    var message: String
    /// Whether it says nothing that stands in the file.
    var isDiscreet = false
}

/// The bytes of a trace, one after the other, in a window of bounded size.
///
/// A carriage return, alone or before a line feed, is a line feed.
struct TraceSource {
    /// The most bytes that a trace may have.
    static let sizeLimit = 256 << 20
    /// As far as can be looked ahead.
    static let windowLimit = 64 << 10

    private let read: ByteReader
    private let sizeLimit: Int
    private var buffer: [UInt8] = []
    private var position = 0
    private var total = 0
    private var isAtEnd = false
    /// The line that the next byte stands in.
    private(set) var line = 1
    /// The character of the line that the next byte belongs to.
    private(set) var column = 1

    init(sizeLimit: Int = Self.sizeLimit, _ read: @escaping ByteReader) {
        self.sizeLimit = sizeLimit
        self.read = read
    }

    init(_ bytes: [UInt8]) {
        buffer = bytes
        isAtEnd = true
        sizeLimit = bytes.count
        read = { [] }
    }

    /// Takes off a byte order mark, and refuses what is no text of 8 bits.
    mutating func begin() throws(TraceProblem) {
        let first = try peek()
        if first == 0xEF, try peek(1) == 0xBB, try peek(2) == 0xBF { position += 3 }
        let second = try peek(1)
        if first == 0xFF && second == 0xFE || first == 0xFE && second == 0xFF || second == 0 {
            throw TraceProblem(message: "it is UTF-16; save it as UTF-8, such as with 'iconv -f UTF-16 -t UTF-8'")
        }
        for packing in Self.packings {
            var isMatch = true
            for (index, byte) in packing.magic.enumerated() where isMatch { isMatch = try peek(index) == byte }
            if isMatch {
                throw TraceProblem(
                    message: "it is packed, by the looks of it with \(packing.name); unpack it first with "
                        + "'\(packing.remedy)'", isDiscreet: true)
            }
        }
    }

    /// What packed files begin with, by file(1), and what unpacks them.
    private static let packings: [(magic: [UInt8], name: String, remedy: String)] = [
        ([0x1F, 0x8B], "gzip", "gunzip"), (Array("PK\u{3}\u{4}".utf8), "zip", "unzip"),
        ([0x28, 0xB5, 0x2F, 0xFD], "zstd", "unzstd"), ([0xFD] + Array("7zXZ".utf8), "xz", "unxz"),
        (Array("BZh".utf8), "bzip2", "bunzip2"),
    ]

    /// The next byte, or `nil` at the end.
    mutating func take() throws(TraceProblem) -> UInt8? {
        if position == buffer.count {
            guard try fill() else { return nil }
        }
        var byte = buffer[position]
        position += 1
        if byte == 0x0D {
            if try peek() == 0x0A { position += 1 }
            byte = 0x0A
        }
        if byte == 0x0A {
            line += 1
            column = 1
        } else if byte & 0xC0 != 0x80 {
            column += 1
        }
        return byte
    }

    /// The byte that is `ahead` of the next one; `nil` past the end.
    mutating func peek(_ ahead: Int = 0) throws(TraceProblem) -> UInt8? {
        while position + ahead >= buffer.count {
            guard try fill() else { return nil }
        }
        return buffer[position + ahead]
    }

    /// The next lines that are not empty, as far as the window goes and `most` of them; nothing is taken.
    mutating func nextLines(_ most: Int) throws(TraceProblem) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        var (start, count) = (0, 0)
        while lines.count < most {
            let byte = count < Self.windowLimit ? try peek(count) : nil
            if byte == nil || byte == 0x0A || byte == 0x0D {
                if count > start { lines.append(Array(buffer[position + start..<position + count])) }
                start = count + 1
            }
            if byte == nil { break }
            count += 1
        }
        return lines
    }

    private mutating func fill() throws(TraceProblem) -> Bool {
        guard !isAtEnd else { return false }
        let more: [UInt8]
        do {
            more = try read()
        } catch {
            throw TraceProblem(message: "it cannot be read: \(Wording.line("\(error)"))", isDiscreet: true)
        }
        isAtEnd = more.isEmpty
        guard !isAtEnd else { return false }
        total += more.count
        guard total <= sizeLimit else {
            throw TraceProblem(message: "it is larger than \(mebibytes(sizeLimit)), the limit", isDiscreet: true)
        }
        // What was taken is let go of; what is left is short.
        if position == buffer.count {
            buffer = more
        } else {
            buffer.removeSubrange(..<position)
            buffer += more
        }
        position = 0
        return true
    }
}
