// SPDX-License-Identifier: Apache-2.0

import LoadModel

/// A time of a trace in its file's own unit, exact where it is whole.
struct TraceInstant: Hashable {
    var whole: Int64
    var fraction = 0.0

    /// How much later it is than `other`, in ns; `nil` where that is more than 36 years.
    func nanoseconds(since other: TraceInstant, unit: Double) -> Nanoseconds? {
        let (whole, isOver) = whole.subtractingReportingOverflow(other.whole)
        guard !isOver else { return nil }
        let length = (Double(whole) * unit + (fraction - other.fraction) * unit).rounded()
        return abs(length) < 0x1p60 ? Nanoseconds(length) : nil
    }

    static func < (a: TraceInstant, b: TraceInstant) -> Bool {
        a.whole == b.whole ? a.fraction < b.fraction : a.whole < b.whole
    }
}

/// How a trace writes its times.
enum TraceTime: Hashable {
    /// Numbers of so many nanoseconds each.
    case number(unit: Double)
    /// A date, or a time of the day, as the pattern has it.
    case date(DatePattern)
    /// RFC 3339 and what looks like it: blanks for the `T`, no zone, no seconds.
    case rfc3339

    /// A nanosecond, a microsecond … by what a profile calls it.
    static let units: [(name: String, length: Double)] = [
        ("s", 1e9), ("ms", 1e6), ("us", 1e3), ("µs", 1e3), ("ns", 1), ("m", 60e9), ("h", 3600e9), ("d", 86_400e9),
        ("epoch", 1e9),
    ]

    /// The ends of headers such as `time_ms` and `elapsed (sec)`.
    private static let titles: [String: Double] = [
        "s": 1e9, "sec": 1e9, "secs": 1e9, "seconds": 1e9, "ms": 1e6, "msec": 1e6, "millis": 1e6, "milliseconds": 1e6,
        "us": 1e3, "usec": 1e3, "micros": 1e3, "microseconds": 1e3, "µs": 1e3, "ns": 1, "nanos": 1, "nanoseconds": 1,
        "min": 60e9, "minutes": 60e9,
    ]

    /// What headers call a time.
    static let names: Set<String> = [
        "time", "timestamp", "date", "datetime", "date time", "ts", "t", "_time", "time_stamp", "unix", "epoch",
        "unixtime", "seconds", "elapsed", "start_time", "starttime", "period_start", "utc",
    ]

    /// Whether a header names a time; what stands behind the name in brackets or behind `_` is its unit.
    static func isName(_ header: String) -> Bool {
        let lowered = header.lowercased()
        let bare = lowered.prefix { $0 != "(" && $0 != "[" }
        if names.contains(Phrase(String(bare)).text) { return true }
        return names.contains(TraceTitle(lowered, least: 1, isUnit: { titles[$0] != nil }).name)
    }

    /// The unit that a header such as `time_ms` names.
    static func unit(ofHeader header: String) -> Double? {
        titles[TraceTitle(header.lowercased(), least: 1, isUnit: { titles[$0] != nil }).unit]
    }

    /// Reads what a profile writes behind `in`.
    init(notation phrase: Phrase) throws(NotationError) {
        let text = phrase.text
        if let pattern = phrase.unquoted ?? (text.hasPrefix("%") ? text : nil) {
            self = .date(try DatePattern(pattern, at: phrase.offset))
            return
        }
        let lowered = text.lowercased()
        if lowered == "rfc3339" || lowered == "iso8601" || lowered == "rfc 3339" {
            self = .rfc3339
            return
        }
        let word = lowered.hasPrefix("epoch ") ? String(text.dropFirst(6)) : text
        guard let unit = Self.units.first(where: { $0.name == word }) else {
            throw NotationError(
                phrase.offset,
                "\(Wording.quote(text)) is no form of time; take one of: s, ms, us, ns, m, h, d, epoch, rfc3339, or a "
                    + "pattern such as \"%d.%m.%Y %H:%M\"")
        }
        self = .number(unit: unit.length)
    }

    /// The length of one in ns.
    var unit: Double { if case .number(let unit) = self { unit } else { 1e9 } }

    /// Whether its times say no day, so that one before the row above is on the next day.
    var isTimeOfDay: Bool { if case .date(let pattern) = self { !pattern.hasDay } else { false } }

    /// Reads a cell of this form; `nil` where it is of another one.
    func instant(_ cell: ArraySlice<UInt8>, decimalComma: Bool) -> TraceInstant? {
        switch self {
        case .number:
            guard let number = TraceNumber(cell, decimalComma: decimalComma), number.end == cell.endIndex else {
                return nil
            }
            return TraceInstant(whole: number.whole, fraction: number.fraction)
        case .date(let pattern): return pattern.instant(cell)
        case .rfc3339: return DatePattern.rfc3339.lazy.compactMap { $0.instant(cell) }.first
        }
    }

    /// The longest time that a number counts from the phase's begin, unless its unit is named: 30 days.
    static let longestNumber: Nanoseconds = 30 * 86_400 * .second

    /// The form of a first time, told by how it looks; `nil` where it looks like none.
    ///
    /// A number of up to 30 days is of seconds. A larger one that lies between 2001 and 2100 when it is taken for
    /// seconds, milliseconds, microseconds or nanoseconds since 1970 is that.
    static func guess(_ cell: ArraySlice<UInt8>, header: String?, decimalComma: Bool) -> TraceTime? {
        if let number = TraceNumber(cell, decimalComma: decimalComma), number.end == cell.endIndex {
            if let unit = header.flatMap(unit(ofHeader:)) { return .number(unit: unit) }
            if number.value.magnitude <= longestNumber.seconds { return .number(unit: 1e9) }
            let unit = [1e9, 1e6, 1e3, 1].first { (1e9...4.1e9).contains(number.value * $0 / 1e9) }
            return unit.map { .number(unit: $0) }
        }
        if TraceTime.rfc3339.instant(cell, decimalComma: false) != nil { return .rfc3339 }
        return DatePattern.known.first { $0.instant(cell) != nil }.map { .date($0) }
    }

    /// How it is told of.
    var title: String {
        switch self {
        case .number(let unit): "in " + (Self.units.first { $0.length == unit }?.name ?? "s")
        case .date(let pattern): "as \(pattern.text)"
        case .rfc3339: "as RFC 3339"
        }
    }
}

/// A header with the unit that it ends with.
struct TraceTitle {
    let name: String
    let unit: String

    /// Takes `cpu (%)`, `cpu [%]`, `cpu %` and `cpu_percent` apart; what is no unit belongs to the name.
    ///
    /// - Parameter least: how many characters a unit must have that is in no brackets: `Team B` is no count of bytes.
    init(_ header: String, least: Int = 2, isUnit: (String) -> Bool) {
        func isUnitAlone(_ text: String) -> Bool { (text == "%" || text.utf8.count >= least) && isUnit(text) }
        let phrase = Phrase(header)
        for (open, close) in [("(", ")"), ("[", "]")] as [(Unicode.Scalar, Unicode.Scalar)] {
            guard phrase[phrase.end - 1] == close, let start = phrase.firstOffset(where: { $0 == open }) else {
                continue
            }
            let inner = phrase.slice(start + 1, phrase.end - 1).text
            guard isUnit(inner) else { continue }
            (name, unit) = (phrase.slice(phrase.offset, start).text, inner)
            return
        }
        if let last = phrase.words.last, last.offset > phrase.offset, isUnitAlone(last.text) {
            (name, unit) = (phrase.slice(phrase.offset, last.offset).text, last.text)
            return
        }
        if let place = header.lastIndex(of: "_"), place > header.startIndex {
            let last = String(header[header.index(after: place)...])
            if isUnitAlone(last) {
                (name, unit) = (String(header[..<place]), last)
                return
            }
        }
        (name, unit) = (header, "")
    }
}
