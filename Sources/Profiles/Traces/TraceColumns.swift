// SPDX-License-Identifier: Apache-2.0

import LoadModel

/// A row of names above the rows of a trace.
struct TraceHeader {
    var line: Int
    var texts: [String]
}

/// Which columns of a trace are meant.
struct TraceColumns {
    /// The time's; `nil` where rows have none.
    var time: Int?
    /// The amount's; `nil` where rows are counted.
    var value: Int?
    var selections: [(column: Int, value: [UInt8])] = []
    /// The unit that the header gives the amounts.
    var unit: String?
    /// What the header calls the time.
    var timeHeader: String?

    /// The most rows that stand above the first one that has a time.
    static let headerLimit = 32

    private let headers: [TraceHeader]
    private let line: Int

    /// Finds the columns of `request`.
    ///
    /// - Parameters:
    ///   - time: the time's column; `nil` where rows have none.
    ///   - headers: the rows above the first one with a time.
    ///   - count: how many cells a row has.
    ///   - line: where the problem is that has no other place.
    ///   - isPlain: whether the first column that is not the time may be taken unasked.
    init(
        _ request: TraceRequest, time: Int?, headers: [TraceHeader], count: Int, line: Int, isPlain: Bool,
        for taker: AmountTaker
    ) throws(TraceProblem) {
        self.headers = headers
        self.line = line
        self.time = time
        timeHeader = time.flatMap { Self.header(headers, $0) }
        for selection in request.selections {
            selections.append((try index(of: selection.column, count: count), Array(selection.value.utf8)))
        }
        guard request.fold != .count else { return }
        let index: Int
        if let column = request.column {
            index = try self.index(of: column, count: count)
            guard index != time else {
                throw problem("column \(Wording.quote(column.text)) is the time; name another one")
            }
        } else {
            guard count >= (time == nil ? 1 : 2) else {
                throw problem("the row has one column; write the time in seconds and an amount, such as '0,10%'")
            }
            guard isPlain else {
                throw problem("say which column is meant, such as 'column 3'" + known)
            }
            index = time == 0 ? 1 : 0
        }
        value = index
        unit = try Self.unit(of: Self.header(headers, index), request, for: taker, line: line)
    }

    private static func header(_ headers: [TraceHeader], _ index: Int) -> String? {
        headers.last { $0.texts.count > index && !$0.texts[index].isEmpty }?.texts[index]
    }

    private static func unit(
        of header: String?, _ request: TraceRequest, for taker: AmountTaker, line: Int
    ) throws(TraceProblem) -> String? {
        guard request.unit == nil, let header else { return nil }
        let title = TraceTitle(header, isUnit: { UnitNotation.unitName($0) != nil })
        // sar(1) calls its columns `%user`.
        let isPercent = title.unit.isEmpty && header.hasPrefix("%")
        guard let name = isPercent ? "%" : UnitNotation.unitName(title.unit) else { return nil }
        guard let unit = UnitNotation.unit(name), taker.kinds.contains(unit.kind) else {
            throw TraceProblem(
                line: line,
                message: "\(Wording.quote(header)) is in \(name), and \(taker.taking); say the unit of its "
                    + "numbers with 'in'")
        }
        return name
    }

    private func problem(_ message: String) -> TraceProblem {
        TraceProblem(line: headers.last?.line ?? line, message: message)
    }

    /// The headers as they are in the file.
    private var known: String {
        let names = (headers.last?.texts ?? []).filter { !$0.isEmpty }.prefix(20)
        return names.isEmpty ? "" : "; the file has: " + names.map { Wording.line($0) }.joined(separator: ", ")
    }

    /// The index of a column; its name is the whole header, or the header without its unit.
    private func index(of key: TraceRequest.Key, count: Int) throws(TraceProblem) -> Int {
        let exact = places { $0 == key.text }
        if let number = key.number {
            guard exact.allSatisfy({ $0 == number - 1 }) else {
                throw problem(
                    "column \(number) could be the one at that place or the one of that name; write the name in double "
                        + "quotes")
            }
            guard number >= 1, number <= count else {
                throw problem("there is no column \(key.text); name one from 1 to \(count)")
            }
            return number - 1
        }
        let found = exact.isEmpty ? places { Self.name(of: $0) == key.text } : exact
        guard found.count <= 1 else {
            throw problem(
                "column \(Wording.quote(key.text)) fits \(found.count) columns; name one by its number" + known)
        }
        if let index = found.first { return index }
        guard !headers.isEmpty else {
            throw problem(
                "there is no header row to find column \(Wording.quote(key.text)) in; name the column by its number")
        }
        let names = (headers.last?.texts ?? []).filter { !$0.isEmpty }
        let near =
            Wording.nearest(to: key.text, among: names) ?? Wording.nearest(to: key.text, among: names.map(Self.name))
        let remedy = near.map { "; did you mean '\(Wording.line($0))'?" } ?? known
        throw problem("unknown column \(Wording.quote(key.text))\(remedy)")
    }

    private func places(_ isMeant: (String) -> Bool) -> [Int] {
        Set(headers.flatMap { header in header.texts.indices.filter { isMeant(header.texts[$0]) } }).sorted()
    }

    private static func name(of header: String) -> String {
        let title = TraceTitle(header, isUnit: { UnitNotation.unitName($0) != nil })
        return title.unit.isEmpty ? header : title.name
    }

    /// Whether a row is one of those that the profile selects.
    func takes(_ row: TraceRow) -> Bool {
        selections.allSatisfy { $0.column < row.count && row[$0.column].elementsEqual($0.value) }
    }
}
