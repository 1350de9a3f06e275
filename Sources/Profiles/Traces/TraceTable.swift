// SPDX-License-Identifier: Apache-2.0

import LoadModel

/// Reads the points of a recorded load from what monitoring systems and load tools write.
///
/// Text in rows, separated by commas, semicolons, tabs or blanks; the reports of `sar` and `vmstat`; and JSON as
/// Prometheus answers it. The file is read once from begin to end, and no more of it is kept than the curve needs.
struct TraceTable {
    /// After so many problems of one file the rest would be noise.
    static let problemLimit = 5

    let request: TraceRequest
    /// What is given the load.
    let taker: AmountTaker
    /// How long its phase is; `nil` where that is not known.
    var phaseLength: Nanoseconds?
    /// The most rows that are kept; a row makes a piece of the curve, and the last one is held for one more.
    var rowLimit = Curve.pieceLimit - 2
    /// Whether problems may quote the file; not where whoever names the file may have no right to read it.
    var mayQuote = true
    var sizeLimit = TraceSource.sizeLimit

    /// Reads the trace.
    ///
    /// - Returns: the trace, or the problems, each naming file, line and column.
    func trace(from read: @escaping ByteReader) -> (trace: Trace?, problems: [String]) {
        var collector = TraceCollector(request: request, taker: taker, keptLength: phaseLength, rowLimit: rowLimit)
        var problems: [TraceProblem] = []
        var trace: Trace?
        do throws(TraceProblem) {
            problems = try collect(read, into: &collector)
            if problems.isEmpty { trace = try collector.finish() }
        } catch {
            problems = collector.problems + [error]
        }
        guard problems.isEmpty else { return (nil, problems.prefix(mayQuote ? Self.problemLimit : 1).map(text)) }
        return (trace, [])
    }

    private func collect(
        _ read: @escaping ByteReader, into collector: inout TraceCollector
    ) throws(TraceProblem) -> [TraceProblem] {
        var source = TraceSource(sizeLimit: sizeLimit, read)
        try source.begin()
        // As where tabs separate, so that an empty first cell stays.
        var opening = TraceLexer(source, separator: .byte(.tab))
        guard try opening.skipToRow() else { return [] }
        let lines = try opening.nextLines(10)
        let line = lines.first ?? []
        if TraceJSON.begins(line) {
            var json = TraceJSON(opening.source)
            try json.read(into: &collector)
            return collector.problems
        }
        collector.recognise(line)
        let separator =
            collector.report == nil
            ? TraceLexer.separator(of: lines, hasDecimalComma: request.hasDecimalComma) : .blanks
        var lexer = TraceLexer(opening, separator: separator)
        var row = TraceRow()
        while try lexer.next(into: &row) {
            if !lexer.comment.isEmpty {
                var names = TraceRow()
                var inner = TraceLexer(TraceSource(lexer.comment), separator: separator)
                if try inner.next(into: &names), names.count > 1 {
                    try collector.takeComment(TraceHeader(line: max(1, row.line - 1), texts: names.texts))
                }
            }
            try collector.take(row, isSplit: separator != .blanks)
            if collector.problems.count >= Self.problemLimit { break }
        }
        return collector.problems
    }

    private func text(_ problem: TraceProblem) -> String {
        guard let line = problem.line else {
            let isTold = mayQuote || problem.isDiscreet
            return "trace \(Wording.quote(request.file)): " + (isTold ? problem.message : Self.unquoted)
        }
        let place = "\(Wording.line(request.file)):\(line)"
        return mayQuote || problem.isDiscreet
            ? "\(place):\(problem.column): \(problem.message)" : "\(place): \(Self.unquoted)"
    }

    private static let unquoted =
        "the file is not what the trace's clauses say: times in order, and an amount in the column that was asked for; "
        + "what the file says is not told, 'exert check' on that host tells it"
}
