// SPDX-License-Identifier: Apache-2.0

/// Reads traces in JSON, RFC 8259, of which nothing is kept but the object that is being read.
///
/// Three forms are known. Series have labels and pairs of a time and a value: `{"metric": {…}, "values": [[1, "2"]]}`
/// as Prometheus answers a range query, and Graphite with `datapoints` of a value and a time. Series of CloudWatch have
/// a list of `Timestamps` and one of `Values`. Other objects are rows whose members are cells, one each line or in an
/// array; members of members count as their own. Objects in a list of one that has a time are rows of that time, as
/// `sadf -j` writes them.
struct TraceJSON {
    private static let depthLimit = 64
    /// Some 200 are what `sadf -j` writes of a host with everything.
    private static let memberLimit = 512
    /// Longer paths are cut at their end: nobody names what lies so deep.
    private static let pathLimit = 512

    private var source: TraceSource
    private var series = 0
    /// The list whose objects have the column.
    private var used: String?
    /// Where the first object stands that has no time, and what its members are.
    private var timeless: TraceHeader?
    private var isAnyTaken = false

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
            var record = TraceRecord(line: source.line)
            try value(nil, "", &record, 0, &collector)
            if collector.problems.count >= TraceTable.problemLimit { return }
        }
        guard !isAnyTaken, collector.problems.isEmpty, let timeless else { return }
        let named = collector.request.timeColumn.map { " called \(Wording.quote($0.text))" } ?? ""
        throw TraceProblem(
            line: timeless.line,
            message: "no object has a time\(named); say which member it is, such as 'time ts', or how far apart they "
                + "are, such as 'rows every 5s'; the objects have: "
                + timeless.texts.prefix(20).map { Wording.line($0) }.joined(separator: ", "))
    }

    // MARK: Values

    /// Reads a value, which lies at `path` within the object that the record is of.
    private mutating func value(
        _ name: String?, _ path: String, _ record: inout TraceRecord, _ depth: Int, _ collector: inout TraceCollector
    ) throws(TraceProblem) {
        guard depth < Self.depthLimit else { throw problem("it is nested deeper than \(Self.depthLimit), the limit") }
        let column = source.column
        switch try skipSpace() {
        case UInt8(ascii: "{"):
            if name != nil {
                try members(path, &record, depth, &collector)
            } else {
                var own = TraceRecord(line: source.line, list: path)
                own.outerTime = record.time(collector.request) ?? record.outerTime
                try members(path, &own, depth, &collector)
                try emit(own, &collector)
            }
        case UInt8(ascii: "["): try list(name, path, &record, depth, &collector)
        case nil: throw problem("it ends in the middle; the file is not whole")
        default:
            let text = try scalar()
            guard let name else { return }
            guard record.cells.count < Self.memberLimit else {
                throw problem("an object has more than \(Self.memberLimit) members, the limit")
            }
            record.add(.init(name: name, path: path, text: text, column: column), collector.request)
        }
    }

    private mutating func members(
        _ path: String, _ record: inout TraceRecord, _ depth: Int, _ collector: inout TraceCollector
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
            let inner = path.isEmpty ? name : "\(path).\(name)"
            try value(name, inner.utf8.count > Self.pathLimit ? path : inner, &record, depth + 1, &collector)
            if try isLast(UInt8(ascii: "}")) { return }
        }
    }

    private mutating func list(
        _ name: String?, _ path: String, _ record: inout TraceRecord, _ depth: Int, _ collector: inout TraceCollector
    ) throws(TraceProblem) {
        _ = try source.take()
        if try skipSpace() == UInt8(ascii: "]") {
            _ = try source.take()
            return
        }
        let first = try skipSpace()
        let isNested = first == UInt8(ascii: "[") || first == UInt8(ascii: "{")
        let arePoints = (name == "values" || name == "datapoints") && first == UInt8(ascii: "[")
        let half = isNested ? nil : TraceRecord.Half(rawValue: name?.lowercased() ?? "")
        let before = collector.rows
        repeat {
            if arePoints {
                try point(isReversed: name == "datapoints", &record, &collector)
                if collector.problems.count >= TraceTable.problemLimit { return }
            } else if let half {
                _ = try skipSpace()
                let column = source.column
                record.add(.init(name: half.name, path: path, text: try scalar(), column: column), to: half)
            } else {
                try value(nil, path, &record, depth + 1, &collector)
            }
        } while try !isLast(UInt8(ascii: "]"))
        if half != nil { try pairs(&record, &collector) }
        guard arePoints || half != nil, collector.rows > before else { return }
        series += 1
        guard series == 1 else {
            throw problem("the file has several series; take one of them, such as with 'where instance = web-1'")
        }
    }

    /// Reads a pair of a time and a value, and hands it on with the labels that stand before it.
    private mutating func point(
        isReversed: Bool, _ record: inout TraceRecord, _ collector: inout TraceCollector
    ) throws(TraceProblem) {
        guard try skipSpace() == UInt8(ascii: "[") else { throw problem("a pair of a time and a value is missing") }
        _ = try source.take()
        let line = source.line
        _ = try skipSpace()
        let first = TraceRecord.Cell(text: try scalar(), column: source.column)
        guard try !isLast(UInt8(ascii: "]")) else { throw problem("a pair of a time and a value has one of them only") }
        _ = try skipSpace()
        let second = TraceRecord.Cell(text: try scalar(), column: source.column)
        while try !isLast(UInt8(ascii: "]")) {
            _ = try skipSpace()
            _ = try scalar()
        }
        let (time, value) = isReversed ? (second, first) : (first, second)
        try take(time, value, line: line, &record, &collector)
    }

    /// Hands on the pairs of two lists, once both were read.
    private mutating func pairs(
        _ record: inout TraceRecord, _ collector: inout TraceCollector
    ) throws(TraceProblem) {
        guard !record.times.isEmpty, !record.values.isEmpty else { return }
        guard record.times.count == record.values.count else {
            throw problem(
                "a series has \(record.times.count) times and \(record.values.count) values; the file is not whole")
        }
        guard record.times.count <= TraceRecord.pairLimit else {
            throw problem("a series has more than \(TraceRecord.pairLimit) times, the limit")
        }
        let (times, values) = record.removePairs()
        for (time, value) in zip(times, values) {
            try take(time, value, line: source.line, &record, &collector)
            if collector.problems.count >= TraceTable.problemLimit { return }
        }
    }

    private mutating func take(
        _ time: TraceRecord.Cell, _ value: TraceRecord.Cell, line: Int, _ record: inout TraceRecord,
        _ collector: inout TraceCollector
    ) throws(TraceProblem) {
        record.hasPoints = true
        isAnyTaken = true
        var row = TraceRow()
        row.clear(line: line)
        row.append(time.text, column: time.column)
        row.append(value.text, column: value.column)
        for cell in record.cells { row.append(cell.text, column: time.column) }
        let names = ["time", "value"] + record.names(collector.request)
        try collector.take(row, named: TraceHeader(line: line, texts: names), time: 0, value: 1)
    }

    /// Hands on an object whose members are cells; one without a time is around others.
    private mutating func emit(_ record: TraceRecord, _ collector: inout TraceCollector) throws(TraceProblem) {
        guard !record.hasPoints, !record.cells.isEmpty else { return }
        let request = collector.request
        var names = record.names(request)
        var row = TraceRow()
        row.clear(line: record.line)
        for cell in record.cells { row.append(cell.text, column: cell.column) }
        var time: Int?
        if request.rowInterval == nil {
            guard let found = record.time(request) ?? record.outerTime else {
                if timeless == nil { timeless = TraceHeader(line: record.line, texts: names) }
                return
            }
            time = names.firstIndex(of: found.name)
            if time == nil {
                time = names.count
                names.append(found.name)
                row.append(found.text, column: found.column)
            }
        }
        isAnyTaken = true
        let before = collector.rows
        try collector.take(row, named: TraceHeader(line: record.line, texts: names), time: time, value: nil)
        guard collector.rows > before else { return }
        guard used == nil || used == record.list else {
            throw TraceProblem(
                line: record.line,
                message: "two lists of the file have the column, '\(Self.title(used ?? ""))' and "
                    + "'\(Self.title(record.list))'; write the list before it, such as "
                    + "'column \(Self.title(record.list)).\(Wording.line(request.column?.text ?? "value"))'")
        }
        used = record.list
    }

    /// The last name of a list's path.
    private static func title(_ path: String) -> String {
        Wording.line(path.split(separator: ".").last.map(String.init) ?? path)
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
