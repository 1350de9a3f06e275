// SPDX-License-Identifier: Apache-2.0

/// When a zone's clocks are put forward and back each year: a `TZ` string such as `CET-1CEST,M3.5.0,M10.5.0/3`.
///
/// Source: POSIX.1-2017, 8.3, with hours from -167 to 167 (RFC 8536, 3.3.1).
struct DaylightRule: Hashable, Sendable {
    /// A day of the year, and the second of it by the clocks that go until then.
    private struct Change: Hashable, Sendable {
        enum Day: Hashable, Sendable {
            /// `Mm.w.d`: the weekday `d` of week `w` of month `m`, of which the fifth is the last.
            case weekday(month: Int64, week: Int64, day: Int64)
            /// `Jn`: from 1 to 365, without 29 February.
            case julian(Int64)
            /// `n`: from 0 to 365.
            case ordinal(Int64)
        }
        var day: Day
        var second: Int64
    }

    /// How far ahead the clocks are in summer, and when that begins and ends.
    private struct Daylight: Hashable, Sendable {
        var offset: Int64
        var begin: Change
        var end: Change
    }

    private let standard: Int64
    private var daylight: Daylight?

    /// Reads a rule; `nil` where it is none.
    init?(_ text: ArraySlice<UInt8>) {
        var scan = Scan(rest: text)
        guard scan.name(), let west = scan.time(most: 24) else { return nil }
        standard = -west
        if scan.rest.isEmpty { return }
        guard scan.name() else { return nil }
        var summer = standard + 3600
        if scan.rest.first != UInt8(ascii: ",") {
            guard let west = scan.time(most: 24) else { return nil }
            summer = -west
        }
        guard let begin = scan.change(), let end = scan.change(), scan.rest.isEmpty else { return nil }
        daylight = Daylight(offset: summer, begin: begin, end: end)
    }

    /// How many seconds the clocks are ahead of UTC at `time`, in seconds since the Unix epoch.
    func offset(at time: Int64) -> Int64 {
        guard let daylight else { return standard }
        let year = Self.year(of: time + standard)
        let begin = Self.time(of: daylight.begin, in: year) - standard
        let end = Self.time(of: daylight.end, in: year) - daylight.offset
        // South of the equator summer lasts over the new year.
        let isSummer = begin < end ? (begin..<end).contains(time) : !(end..<begin).contains(time)
        return isSummer ? daylight.offset : standard
    }

    // MARK: Calendar

    /// Days since 1970-01-01 of the first day of a year: the days of 400 years are always as many.
    private static func days(until year: Int64) -> Int64 {
        let before = year - 1
        let (cycles, rest) = (Self.floored(before, 400), before - Self.floored(before, 400) * 400)
        return cycles * 146_097 + rest * 365 + rest / 4 - rest / 100 - 719_162
    }

    private static func floored(_ value: Int64, _ divisor: Int64) -> Int64 {
        let quotient = value / divisor
        return quotient * divisor > value ? quotient - 1 : quotient
    }

    private static func isLeap(_ year: Int64) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

    private static func year(of time: Int64) -> Int64 {
        let day = floored(time, 86_400)
        var year = 1970 + floored(day * 400, 146_097)
        while days(until: year) > day { year -= 1 }
        while days(until: year + 1) <= day { year += 1 }
        return year
    }

    private static let months: [Int64] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

    private static func time(of change: Change, in year: Int64) -> Int64 {
        let first = days(until: year)
        let day: Int64
        switch change.day {
        case .ordinal(let number): day = first + number
        case .julian(let number): day = first + number - 1 + (isLeap(year) && number > 59 ? 1 : 0)
        case .weekday(let month, let week, let weekday):
            let leap: Int64 = isLeap(year) ? 1 : 0
            let begin = first + months.prefix(Int(month) - 1).reduce(0, +) + (month > 2 ? leap : 0)
            let length = months[Int(month) - 1] + (month == 2 ? leap : 0)
            // 1970-01-01 was a Thursday.
            let ahead = ((weekday - (begin + 4)) % 7 + 7) % 7
            var found = begin + ahead + (week - 1) * 7
            if found >= begin + length { found -= 7 }
            day = found
        }
        return day * 86_400 + change.second
    }

    // MARK: Text

    private struct Scan {
        var rest: ArraySlice<UInt8>

        mutating func take(_ character: Character) -> Bool {
            guard rest.first == character.asciiValue else { return false }
            rest.removeFirst()
            return true
        }

        /// A zone's name: letters, or anything between pointed brackets.
        mutating func name() -> Bool {
            if take("<") {
                guard let end = rest.firstIndex(of: UInt8(ascii: ">")) else { return false }
                rest = rest[(end + 1)...]
                return true
            }
            let letters = rest.prefix { (0x41...0x5A).contains($0 & 0xDF) }
            rest = rest.dropFirst(letters.count)
            return letters.count >= 3
        }

        mutating func number(_ range: ClosedRange<Int64>) -> Int64? {
            let digits = rest.prefix { (0x30...0x39).contains($0) }
            guard (1...3).contains(digits.count) else { return nil }
            rest = rest.dropFirst(digits.count)
            let value = digits.reduce(Int64(0)) { $0 * 10 + Int64($1 - 0x30) }
            return range.contains(value) ? value : nil
        }

        /// `hh[:mm[:ss]]` with a sign, in seconds.
        mutating func time(most hours: Int64) -> Int64? {
            let isNegative = take("-")
            if !isNegative { _ = take("+") }
            guard let hour = number(0...hours) else { return nil }
            var seconds = hour * 3600
            for unit in [60, 1] as [Int64] where take(":") {
                guard let part = number(0...59) else { return nil }
                seconds += part * unit
            }
            return isNegative ? -seconds : seconds
        }

        mutating func change() -> Change? {
            guard take(",") else { return nil }
            let day: Change.Day
            if take("M") {
                guard let month = number(1...12), take("."), let week = number(1...5), take("."),
                    let weekday = number(0...6)
                else { return nil }
                day = .weekday(month: month, week: week, day: weekday)
            } else if take("J") {
                guard let number = number(1...365) else { return nil }
                day = .julian(number)
            } else {
                guard let number = number(0...365) else { return nil }
                day = .ordinal(number)
            }
            guard take("/") else { return Change(day: day, second: 7200) }
            return time(most: 167).map { Change(day: day, second: $0) }
        }
    }
}
