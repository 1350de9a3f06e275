// SPDX-License-Identifier: Apache-2.0

/// Reads traces in JSON, RFC 8259, of which nothing is kept but the object that is being read.
///
/// Two forms are known. Series have labels and pairs of a time and a value: `{"metric": {…}, "values": [[1, "2"]]}` as
/// Prometheus answers a range query, and Graphite with `datapoints` of a value and a time. Other objects are rows whose
/// members are cells, one each line or in an array; members of members count as their own.
struct TraceJSON {
    private static let depthLimit = 64
    private static let memberLimit = 256

    /// The members of an object that are no objects and no arrays themselves.
    private struct Record {
        var line: Int
        var names: [String] = []
        var row = TraceRow()
        var hasPoints = false
    }

    private var source: TraceSource
    private var series = 0

    init(_ source: TraceSource) { self.source = source }

    /// Whether a text that begins with this line is JSON.
    static func begins(_ line: [UInt8]) -> Bool {
        let text = line.filter { !$0.isBlank }
        guard text.first == UInt8(ascii: "[") else { return text.first == UInt8(ascii: "{") }
        return text.count == 1 || [UInt8(ascii: "{"), UInt8(ascii: "[")].contains(text[1])
    }

    /// Reads all of it.
    mutating func read(into collector: inout TraceCollector) throws(TraceProblem) {
        while try skipSpace() != nil {
            var record = Record(line: source.line)
            try value(nil, &record, 0, &collector)
            if collector.problems.count >= TraceTable.problemLimit { return }
        }
    }

    // MARK: Values

    private mutating func value(
        _ name: String?, _ record: inout Record, _ depth: Int, _ collector: inout TraceCollector
    ) throws(TraceProblem) {
        guard depth < Self.depthLimit else { throw problem("it is nested deeper than \(Self.depthLimit), the limit") }
        let column = source.column
        switch try skipSpace() {
        case UInt8(ascii: "{"):
            if name != nil {
                try members(&record, depth, &collector)
            } else {
                var own = Record(line: source.line)
                try members(&own, depth, &collector)
                try emit(own, &collector)
            }
        case UInt8(ascii: "["): try list(name, &record, depth, &collector)
        case nil: throw problem("it ends in the middle; the file is not whole")
        default:
            let text = try scalar()
            if let name { try append(text, name, column, to: &record) }
        }
    }

    private func append(
        _ text: [UInt8], _ name: String, _ column: Int, to record: inout Record
    ) throws(TraceProblem) {
        // What stands further out, or first, has the name.
        guard !record.names.contains(name) else { return }
        guard record.names.count < Self.memberLimit else {
            throw problem("an object has more than \(Self.memberLimit) members, the limit")
        }
        record.names.append(name)
        record.row.append(text, column: column)
    }

    private mutating func members(
        _ record: inout Record, _ depth: Int, _ collector: inout TraceCollector
    ) throws(TraceProblem) {
        _ = try source.take()
        if try skipSpace() == UInt8(ascii: "}") {
            _ = try source.take()
            return
        }
        while true {
            guard try skipSpace() == .quote else { throw problem("a member's name in double quotes is missing") }
            let name = String(decoding: try string(), as: UTF8.self)
            guard try skipSpace() == .colon else { throw problem("a ':' is missing") }
            _ = try source.take()
            try value(name, &record, depth + 1, &collector)
            if try isLast(UInt8(ascii: "}")) { return }
        }
    }

    private mutating func list(
        _ name: String?, _ record: inout Record, _ depth: Int, _ collector: inout TraceCollector
    ) throws(TraceProblem) {
        _ = try source.take()
        if try skipSpace() == UInt8(ascii: "]") {
            _ = try source.take()
            return
        }
        let first = try skipSpace()
        let arePoints = (name == "values" || name == "datapoints") && first == UInt8(ascii: "[")
        let before = collector.rows
        repeat {
            if arePoints {
                try point(isReversed: name == "datapoints", &record, &collector)
                if collector.problems.count >= TraceTable.problemLimit { return }
            } else {
                try value(nil, &record, depth + 1, &collector)
            }
        } while try !isLast(UInt8(ascii: "]"))
        guard arePoints, collector.rows > before else { return }
        series += 1
        guard series == 1 else {
            throw problem("the file has several series; take one of them, such as with 'where instance = web-1'")
        }
    }

    /// Reads a pair of a time and a value, and hands it on with the labels that stand before it.
    private mutating func point(
        isReversed: Bool, _ record: inout Record, _ collector: inout TraceCollector
    ) throws(TraceProblem) {
        guard try skipSpace() == UInt8(ascii: "[") else { throw problem("a pair of a time and a value is missing") }
        _ = try source.take()
        var row = TraceRow()
        row.clear(line: source.line)
        _ = try skipSpace()
        row.append(try scalar(), column: source.column)
        guard try !isLast(UInt8(ascii: "]")) else { throw problem("a pair of a time and a value has one of them only") }
        _ = try skipSpace()
        row.append(try scalar(), column: source.column)
        while try !isLast(UInt8(ascii: "]")) {
            _ = try skipSpace()
            _ = try scalar()
        }
        record.hasPoints = true
        let column = row.cells[0].column
        for cell in record.row.cells { row.append(record.row.bytes[cell.start..<cell.end], column: column) }
        let names = (isReversed ? ["value", "time"] : ["time", "value"]) + record.names
        try collector.take(
            row, named: TraceHeader(line: row.line, texts: names), time: isReversed ? 1 : 0, value: isReversed ? 0 : 1)
    }

    /// Hands on an object whose members are cells; one without a time is around others.
    private func emit(_ record: Record, _ collector: inout TraceCollector) throws(TraceProblem) {
        guard !record.hasPoints, !record.names.isEmpty else { return }
        let request = collector.request
        let time =
            request.timeColumn.map { key in record.names.firstIndex(of: key.text) }
            ?? record.names.firstIndex(where: TraceTime.isName)
        guard let time else { return }
        var row = record.row
        row.line = record.line
        try collector.take(row, named: TraceHeader(line: record.line, texts: record.names), time: time, value: nil)
    }

    // MARK: Signs

    private func problem(_ message: String) -> TraceProblem {
        TraceProblem(line: source.line, column: source.column, message: message)
    }

    /// The next byte that is no space; it is not taken.
    private mutating func skipSpace() throws(TraceProblem) -> UInt8? {
        while let byte = try source.peek() {
            guard byte.isBlank || byte == .newline || byte == .carriageReturn else { return byte }
            _ = try source.take()
        }
        return nil
    }

    /// Takes the sign after a member: `false` for a comma, `true` for `end`.
    private mutating func isLast(_ end: UInt8) throws(TraceProblem) -> Bool {
        let byte = try skipSpace()
        guard byte == .comma || byte == end else {
            throw problem("a ',' or a '\(Character(Unicode.Scalar(end)))' is missing")
        }
        _ = try source.take()
        return byte == end
    }

    /// A string without its quotes, or a number, `true`, `false` or `null` as it is.
    private mutating func scalar() throws(TraceProblem) -> [UInt8] {
        if try source.peek() == .quote { return try string() }
        var text: [UInt8] = []
        while let byte = try source.peek(), byte.isLetter || byte.isDigit || [.plus, .minus, .point].contains(byte) {
            _ = try source.take()
            text.append(byte)
            guard text.count <= TraceLexer.cellLimit else {
                throw problem("a number is longer than \(TraceLexer.cellLimit) bytes, the limit")
            }
        }
        guard !text.isEmpty else { throw problem("a value is missing") }
        return text
    }

    private mutating func string() throws(TraceProblem) -> [UInt8] {
        _ = try source.take()
        var text: [UInt8] = []
        while let byte = try source.take() {
            if byte == .quote { return text }
            if byte == UInt8(ascii: "\\") {
                text += try escape()
            } else {
                text.append(byte)
            }
            guard text.count <= TraceLexer.cellLimit else {
                throw problem("a string is longer than \(TraceLexer.cellLimit) bytes, the limit")
            }
        }
        throw problem("a quote is not closed; close it")
    }

    private mutating func escape() throws(TraceProblem) -> [UInt8] {
        switch try source.take() {
        case UInt8(ascii: "n"): return [.newline]
        case UInt8(ascii: "t"): return [.tab]
        case UInt8(ascii: "r"), UInt8(ascii: "b"), UInt8(ascii: "f"): return [.space]
        case UInt8(ascii: "u"):
            var code: UInt32 = 0
            for _ in 0..<4 {
                guard let byte = try source.take(), let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                    throw problem("four hexadecimal digits are missing after '\\u'")
                }
                code = code << 4 | UInt32(digit)
            }
            // Halves of a pair name nothing that a trace is asked for.
            return Array(String(Unicode.Scalar(code).map(Character.init) ?? "\u{FFFD}").utf8)
        case let byte?: return [byte]
        case nil: return []
        }
    }
}
