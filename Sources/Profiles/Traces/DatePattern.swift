// SPDX-License-Identifier: Apache-2.0

/// A form of date in the conversions of strptime(3).
///
/// Known are `%Y %y %m %d %e %b %B %a %A %H %I %M %S %p %j %s %z %Z %T %F %R %%`. `%S` takes a fraction, a blank takes
/// any number of blanks. Where no zone is written, the time is taken for UTC, which no difference is changed by.
struct DatePattern: Hashable {
    private enum Part: Hashable {
        case year, shortYear, month, day, monthName, dayName, hour, halfHour, minute, second, half, dayOfYear, epoch
        case zone, zoneName
        case literal(UInt8)
        case blanks
    }

    /// As it is written.
    let text: String
    private var parts: [Part] = []

    private static let conversions: [UInt8: [Part]] = [
        UInt8(ascii: "Y"): [.year], UInt8(ascii: "y"): [.shortYear], UInt8(ascii: "m"): [.month],
        UInt8(ascii: "d"): [.day], UInt8(ascii: "e"): [.day], UInt8(ascii: "b"): [.monthName],
        UInt8(ascii: "B"): [.monthName], UInt8(ascii: "a"): [.dayName], UInt8(ascii: "A"): [.dayName],
        UInt8(ascii: "H"): [.hour], UInt8(ascii: "I"): [.halfHour], UInt8(ascii: "M"): [.minute],
        UInt8(ascii: "S"): [.second], UInt8(ascii: "p"): [.half], UInt8(ascii: "j"): [.dayOfYear],
        UInt8(ascii: "s"): [.epoch], UInt8(ascii: "z"): [.zone], UInt8(ascii: "Z"): [.zoneName],
        UInt8(ascii: "T"): [.hour, .literal(.colon), .minute, .literal(.colon), .second],
        UInt8(ascii: "R"): [.hour, .literal(.colon), .minute],
        UInt8(ascii: "F"): [.year, .literal(.minus), .month, .literal(.minus), .day],
        UInt8(ascii: "%"): [.literal(UInt8(ascii: "%"))],
    ]

    /// Reads a pattern that stands at `offset` of a notation.
    init(_ text: String, at offset: Int) throws(NotationError) {
        self.text = text
        var bytes = Array(text.utf8)[...]
        while let byte = bytes.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                parts.append(byte.isBlank ? .blanks : .literal(byte))
                continue
            }
            guard let letter = bytes.popFirst(), let known = Self.conversions[letter] else {
                throw NotationError(
                    offset,
                    "\(Wording.quote(text)) has a conversion that is not known; take some of %Y %m %d %H %M %S %b %y "
                        + "%I %p %z %T %F %s, as strptime(3) has them")
            }
            parts += known
        }
        let isWhole = parts.contains(.epoch) || parts.contains(.hour) || parts.contains(.halfHour) || hasDay
        guard isWhole, parts.count <= 64 else {
            throw NotationError(offset, "\(Wording.quote(text)) says no time; write one such as \"%d.%m.%Y %H:%M\"")
        }
    }

    /// A pattern of ours, which has no mistake.
    private init(_ text: String) {
        let read = try? DatePattern(text, at: 0)
        self.text = text
        parts = read?.parts ?? [.epoch]
    }

    /// Whether it says which day is meant.
    var hasDay: Bool {
        parts.contains(.day) || parts.contains(.dayOfYear) || parts.contains(.epoch) || parts.contains(.month)
    }

    /// RFC 3339, with a blank for the `T`, without a zone, without seconds, and with slashes.
    static let rfc3339 =
        ["%FT%T%z", "%F %T%z", "%F %T %z", "%FT%T", "%F %T", "%F %R", "%FT%R", "%FT%R%z", "%Y/%m/%d %T", "%Y/%m/%d %R"]
        .map { DatePattern($0) } + ["%F %T %Z", "%F %T %z %Z", "%F", "%Y%m%dT%H%M%S%z"].map { DatePattern($0) }

    /// Others that can be taken for nothing else; whether `03/04` is in March or in April, nobody can tell.
    static let known = [
        "%T", "%R", "%I:%M:%S %p", "%I:%M %p", "%d %b %Y %T", "%d %b %Y %R", "%d-%b-%Y %T", "%b %d, %Y, %I:%M:%S %p",
        "%b %d, %Y %I:%M:%S %p", "%b %d, %Y %T", "%b %d %Y %T", "%a %b %d %T %Y", "%a, %d %b %Y %T %z",
        "%d/%b/%Y:%T %z", "%a %b %d %T %Z %Y", "%a %b %d %Y %T", "%a %b %d %Y %T %z",
    ].map { DatePattern($0) }

    /// Whether a cell looks like a date of which day and month cannot be told apart.
    static func isAmbiguous(_ cell: ArraySlice<UInt8>) -> Bool {
        let digits = cell.prefix(while: \.isDigit)
        guard (1...2).contains(digits.count), let mark = cell.dropFirst(digits.count).first,
            mark == .slash || mark == .point || mark == .minus
        else { return false }
        let rest = cell.dropFirst(digits.count + 1)
        let next = rest.prefix(while: \.isDigit).count
        return (1...2).contains(next) && rest.dropFirst(next).first == mark
    }

    /// The pattern of such a cell, with the day first.
    static func dayFirst(_ cell: ArraySlice<UInt8>) -> String {
        let mark = cell.first { !$0.isDigit }.map { String(decoding: [$0], as: UTF8.self) } ?? "/"
        let date = cell.prefix { $0 != .space && $0 != .comma && $0 != UInt8(ascii: "T") }
        let year = date.reversed().prefix(while: \.isDigit).count > 2 ? "%Y" : "%y"
        let rest = String(decoding: cell.dropFirst(date.count), as: UTF8.self)
        let isHalf = ["AM", "PM", "am", "pm"].contains { rest.hasSuffix($0) }
        let gap = rest.prefix { !$0.isNumber }
        let colons = rest.count { $0 == ":" }
        let seconds = colons > 1 ? ":%S" : ""
        let time = colons == 0 ? "" : gap + (isHalf ? "%I:%M\(seconds) %p" : "%H:%M\(seconds)")
        return "%d\(mark)%m\(mark)\(year)\(time)"
    }

    // MARK: Reading

    /// Seconds east of Greenwich of zones that change with the season, and of some that do not.
    ///
    /// What they are in themselves matters to no curve; that they differ does.
    private static let zones: [String: Int64] = [
        "UTC": 0, "GMT": 0, "Z": 0, "WET": 0, "WEST": 3600, "BST": 3600, "CET": 3600, "CEST": 7200, "EET": 7200,
        "EEST": 10_800, "MSK": 10_800, "EST": -18_000, "EDT": -14_400, "CST": -21_600, "CDT": -18_000, "MST": -25_200,
        "MDT": -21_600, "PST": -28_800, "PDT": -25_200, "AKST": -32_400, "AKDT": -28_800, "AEST": 36_000,
        "AEDT": 39_600, "NZST": 43_200, "NZDT": 46_800, "JST": 32_400, "KST": 32_400,
    ]

    private static let monthNames = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ].map { Array($0.utf8) }

    /// Reads a cell; `nil` where it is of another form, or no time that there is.
    func instant(_ cell: ArraySlice<UInt8>) -> TraceInstant? {
        var scan = Scan(rest: cell)
        var (year, month, day): (Int64, Int64, Int64) = (1970, 1, 1)
        var (hour, minute, second): (Int64, Int64, Int64) = (0, 0, 0)
        var fraction = 0.0
        var (offset, dayOfYear, epoch): (Int64, Int64?, Int64?) = (0, nil, nil)
        var isAfternoon: Bool?
        for part in parts {
            switch part {
            case .year:
                guard let number = scan.number(4, least: 4) else { return nil }
                year = number
            case .shortYear:
                guard let number = scan.number(2, least: 2) else { return nil }
                year = number + (number < 69 ? 2000 : 1900)
            case .month:
                guard let number = scan.number(2), (1...12).contains(number) else { return nil }
                month = number
            case .day:
                guard let number = scan.number(2), (1...31).contains(number) else { return nil }
                day = number
            case .dayOfYear:
                guard let number = scan.number(3), (1...366).contains(number) else { return nil }
                dayOfYear = number
            case .hour:
                guard let number = scan.number(2), number < 24 else { return nil }
                hour = number
            case .halfHour:
                guard let number = scan.number(2), (1...12).contains(number) else { return nil }
                hour = number % 12
                isAfternoon = isAfternoon ?? false
            case .minute:
                guard let number = scan.number(2, least: 2), number < 60 else { return nil }
                minute = number
            case .second:
                guard let number = scan.number(2, least: 2), number <= 60 else { return nil }
                second = number
                fraction = scan.fraction()
            case .epoch:
                guard let number = scan.number(18) else { return nil }
                epoch = number
                fraction = scan.fraction()
            case .half:
                let word = scan.word().map { $0 | 0x20 }
                guard word == Array("am".utf8) || word == Array("pm".utf8) else { return nil }
                isAfternoon = word.first == UInt8(ascii: "p")
            case .monthName:
                let word = scan.word().map { $0 | 0x20 }
                guard word.count >= 3, let index = Self.monthNames.firstIndex(of: Array(word.prefix(3))) else {
                    return nil
                }
                month = Int64(index + 1)
            case .dayName: guard scan.word().count >= 3 else { return nil }
            case .zoneName:
                let name = scan.word()
                guard !name.isEmpty else { return nil }
                // Where the zone stands in figures, too, these are it.
                if !parts.contains(.zone) { offset = Self.zones[String(decoding: name, as: UTF8.self)] ?? offset }
            case .zone:
                guard let seconds = scan.zone() else { return nil }
                offset = seconds
            case .literal(let byte): guard scan.take(byte) else { return nil }
            case .blanks: guard scan.blanks() else { return nil }
            }
        }
        // JavaScript's name of the zone behind it, in brackets.
        let isNamed = scan.rest.starts(with: " (".utf8) && scan.rest.last == UInt8(ascii: ")")
        guard scan.rest.isEmpty || isNamed && parts.contains(.zone) else { return nil }
        if isAfternoon == true { hour += 12 }
        if let epoch { return TraceInstant(whole: epoch, fraction: fraction) }
        let days = Self.days(year, month, day)
        // The 31st of April is the first of May to arithmetic, and a mistake in a file.
        let next = month == 12 ? Self.days(year + 1, 1, 1) : Self.days(year, month + 1, 1)
        guard days < next else { return nil }
        let date = dayOfYear.map { Self.days(year, 1, 1) + $0 - 1 } ?? days
        return TraceInstant(
            whole: date * 86_400 + hour * 3600 + minute * 60 + second - offset, fraction: fraction)
    }

    /// Days from 1970-01-01 to a day of the Gregorian calendar.
    static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        // Years that begin in March have the leap day at their end.
        let shifted = month > 2 ? month - 3 : month + 9
        let from = month > 2 ? year : year - 1
        return from * 365 + from / 4 - from / 100 + from / 400 + (153 * shifted + 2) / 5 + day - 1 - 719_468
    }

    /// What is left of a cell.
    private struct Scan {
        var rest: ArraySlice<UInt8>

        mutating func take(_ byte: UInt8) -> Bool {
            guard rest.first == byte else { return false }
            rest.removeFirst()
            return true
        }

        mutating func blanks() -> Bool {
            guard rest.first?.isBlank == true else { return false }
            rest = rest.drop(while: \.isBlank)
            return true
        }

        mutating func number(_ most: Int, least: Int = 1) -> Int64? {
            var (value, count): (Int64, Int) = (0, 0)
            while count < most, let digit = rest.first, digit.isDigit {
                value = value * 10 + Int64(digit - .zero)
                rest.removeFirst()
                count += 1
            }
            return count >= least ? value : nil
        }

        /// A fraction behind a point or a comma; 0 where there is none.
        mutating func fraction() -> Double {
            guard let mark = rest.first, mark == .point || mark == .comma, rest.dropFirst().first?.isDigit == true
            else {
                return 0
            }
            rest.removeFirst()
            let digits = rest.prefix(while: \.isDigit)
            rest = rest.dropFirst(digits.count)
            var (value, scale) = (0.0, 1.0)
            for digit in digits.prefix(15) {
                value = value * 10 + Double(digit - .zero)
                scale *= 10
            }
            return value / scale
        }

        mutating func word() -> [UInt8] {
            let letters = Array(rest.prefix(while: \.isLetter))
            rest = rest.dropFirst(letters.count)
            return letters
        }

        /// Seconds east of Greenwich: `Z`, `UTC`, `GMT`, `+02`, `+0200`, `+02:00`.
        mutating func zone() -> Int64? {
            let word = word()
            if !word.isEmpty {
                guard ["Z", "z", "UTC", "GMT"].contains(String(decoding: word, as: UTF8.self)) else { return nil }
                // JavaScript's `GMT+0100`.
                guard rest.first == .plus || rest.first == .minus else { return 0 }
            }
            let isWest = rest.first == .minus
            guard isWest || rest.first == .plus else { return nil }
            rest.removeFirst()
            guard let hours = number(2, least: 2), hours < 24 else { return nil }
            _ = take(.colon)
            let minutes = number(2, least: 2) ?? 0
            guard minutes < 60 else { return nil }
            return (isWest ? -1 : 1) * (hours * 3600 + minutes * 60)
        }
    }
}
