// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// Reads one HTTP/1.1 response, piece by piece as it comes: RFC 9112.
///
/// Nothing of it is trusted: header and body are bounded, and what is no response is an error.
struct HTTPReader {
    /// Why it is no answer.
    enum Failure: Error, Equatable {
        /// It is not HTTP/1, or contradicts itself.
        case malformed
        /// Header or body are larger than anybody wants to look at.
        case tooLarge
    }

    private enum State {
        case status, fields, length(Int), size, chunk(Int), chunkEnd, trailers, toTheEnd, done
    }

    /// The most of a header and of a body, in bytes.
    static let headerLimit = 64 << 10
    static let bodyLimit = 1 << 20

    private let isHead: Bool
    private var state = State.status
    /// What is not understood yet.
    private var rest: [UInt8] = []
    private var headerBytes = 0
    private var length: Int?
    private var isChunked = false
    /// The status code.
    private(set) var status = 0
    /// The body so far.
    private(set) var body: [UInt8] = []
    /// Whether the connection is good for another request.
    private(set) var keepsConnection = true
    /// Whether anything came at all.
    private(set) var hasBegun = false

    /// - Parameter isHead: whether this answers `HEAD`, and so has no body whatever its header says.
    init(isHead: Bool = false) { self.isHead = isHead }

    /// Whether the response is complete.
    var isDone: Bool { if case .done = state { true } else { false } }

    /// Takes what came.
    mutating func take(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
        hasBegun = hasBegun || !bytes.isEmpty
        rest.append(contentsOf: bytes)
        var at = 0
        loop: while true {
            switch state {
            case .status, .fields, .size, .chunkEnd, .trailers:
                guard let line = Self.line(rest, &at) else {
                    guard headerBytes + rest.count - at <= Self.headerLimit else { throw .tooLarge }
                    // Whoever speaks another protocol may never end a line.
                    if case .status = state, !zip(rest[at...], "HTTP/1.".utf8).allSatisfy(==) { throw .malformed }
                    break loop
                }
                headerBytes += line.count
                guard headerBytes <= Self.headerLimit else { throw .tooLarge }
                try take(line: line)
            case .length(let left): if try !takeBody(left, &at, then: .done) { break loop }
            case .chunk(let left): if try !takeBody(left, &at, then: .chunkEnd) { break loop }
            case .toTheEnd:
                _ = try takeBody(.max, &at, then: .done)
                break loop
            case .done:
                // What nobody asked for.
                if at < rest.count { keepsConnection = false }
                break loop
            }
        }
        rest.removeFirst(at)
    }

    /// The other side has closed the connection; whether the response is complete with that.
    mutating func end() -> Bool {
        keepsConnection = false
        if case .toTheEnd = state { state = .done }
        return isDone
    }

    /// Takes up to `left` bytes of the body; whether all of them are here.
    private mutating func takeBody(_ left: Int, _ at: inout Int, then next: State) throws(Failure) -> Bool {
        let count = min(left, rest.count - at)
        guard body.count + count <= Self.bodyLimit else { throw .tooLarge }
        body += rest[at..<(at + count)]
        at += count
        if count == left {
            state = next
            return true
        }
        if left != .max {
            if case .chunk = state { state = .chunk(left - count) } else { state = .length(left - count) }
        }
        return false
    }

    /// The next line without its end, which is LF or CR LF.
    private static func line(_ bytes: [UInt8], _ at: inout Int) -> ArraySlice<UInt8>? {
        guard let end = bytes[at...].firstIndex(of: 0x0A) else { return nil }
        var line = bytes[at..<end]
        if line.last == 0x0D { line = line.dropLast() }
        at = end + 1
        return line
    }

    private mutating func take(line: ArraySlice<UInt8>) throws(Failure) {
        switch state {
        case .status: try takeStatus(line)
        case .fields where line.isEmpty: try endHeader()
        case .fields: try takeField(line)
        case .size:
            guard let size = Self.hexadecimal(line.prefix { $0 != 0x3B && $0 != 0x20 && $0 != 0x09 }) else {
                throw .malformed
            }
            // Chunks of one byte each have more lines than a header.
            headerBytes = 0
            state = size == 0 ? .trailers : .chunk(size)
        case .chunkEnd:
            guard line.isEmpty else { throw .malformed }
            state = .size
        default: if line.isEmpty { state = .done }
        }
    }

    /// Takes a line such as `HTTP/1.1 200 OK`.
    private mutating func takeStatus(_ line: ArraySlice<UInt8>) throws(Failure) {
        let bytes = Array(line)
        guard bytes.count >= 12, bytes.starts(with: "HTTP/1.".utf8), [0x30, 0x31].contains(bytes[7]),
            bytes[8] == 0x20, bytes[9..<12].allSatisfy({ (0x30...0x39).contains($0) }),
            bytes.count == 12 || bytes[12] == 0x20
        else { throw .malformed }
        status = bytes[9..<12].reduce(0) { $0 * 10 + Int($1 - 0x30) }
        guard status >= 100 else { throw .malformed }
        keepsConnection = bytes[7] == 0x31
        state = .fields
    }

    private mutating func takeField(_ line: ArraySlice<UInt8>) throws(Failure) {
        guard let colon = line.firstIndex(of: 0x3A), colon > line.startIndex else { throw .malformed }
        let name = Self.lowercased(line[..<colon])
        let value = Self.lowercased(line[(colon + 1)...])
        switch name {
        case "content-length":
            guard let number = Int(value), number >= 0, value.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                length == nil || length == number
            else { throw .malformed }
            length = number
        case "transfer-encoding":
            // Only this one; a compressed one was not asked for.
            guard value == "chunked" else { throw .malformed }
            isChunked = true
        case "connection":
            let words = value.split(separator: ",").map { $0.filter { $0 != " " && $0 != "\t" } }
            if words.contains("close") { keepsConnection = false }
            if words.contains("keep-alive") { keepsConnection = true }
        default: break
        }
    }

    private mutating func endHeader() throws(Failure) {
        if status < 200 {
            // An interim response; a switch of protocols was not asked for.
            guard status != 101 else { throw .malformed }
            (state, length, isChunked) = (.status, nil, false)
        } else if isHead || status == 204 || status == 304 {
            state = .done
        } else if isChunked {
            // Both together are how requests are smuggled: such a connection is not used again.
            if length != nil { keepsConnection = false }
            state = .size
        } else if let length {
            guard length <= Self.bodyLimit else { throw .tooLarge }
            state = length == 0 ? .done : .length(length)
        } else {
            keepsConnection = false
            state = .toTheEnd
        }
    }

    private static func hexadecimal(_ digits: ArraySlice<UInt8>) -> Int? {
        guard (1...8).contains(digits.count) else { return nil }
        return Int(String(decoding: digits, as: UTF8.self), radix: 16).flatMap { $0 >= 0 ? $0 : nil }
    }

    private static func lowercased(_ bytes: ArraySlice<UInt8>) -> String {
        let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
        var slice = bytes.drop(while: isBlank)
        while let last = slice.last, isBlank(last) { slice = slice.dropLast() }
        return String(decoding: slice.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
    }
}
