// SPDX-License-Identifier: Apache-2.0

public import LoadModel

/// Instants as RFC 3339 text in UTC.
public enum Timestamp {
    /// The text of an instant in nanoseconds since the Unix epoch, such as `2026-11-22T14:00:12.300000000Z`.
    public static func text(_ time: Nanoseconds) -> String {
        var bytes: [UInt8] = []
        append(time, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The instant that an RFC 3339 text names, in nanoseconds since the Unix epoch; `nil` where it names none.
    ///
    /// Takes `Z` or an offset such as `+02:00`, and up to nine decimals of a second; years from 1970 to 2200.
    public static func parse(_ text: String) -> Nanoseconds? {
        var rest = Array(text.utf8)[...]
        /// Takes so many digits, and the one of `ends` that stands behind them.
        func number(_ width: Int, then ends: String) -> Int64? {
            let digits = rest.prefix(width)
            guard digits.count == width, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
            rest = rest.dropFirst(width)
            guard ends.isEmpty || rest.first.map(Array(ends.utf8).contains) == true else { return nil }
            if !ends.isEmpty { rest = rest.dropFirst() }
            return digits.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
        }
        guard let year = number(4, then: "-"), let month = number(2, then: "-"), let day = number(2, then: "Tt "),
            let hour = number(2, then: ":"), let minute = number(2, then: ":"), let second = number(2, then: "")
        else { return nil }
        var fraction: Nanoseconds = 0
        if rest.first == UInt8(ascii: ".") {
            let digits = rest.dropFirst().prefix { (0x30...0x39).contains($0) }
            guard (1...9).contains(digits.count) else { return nil }
            rest = rest.dropFirst(1 + digits.count)
            fraction = digits.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
            for _ in digits.count..<9 { fraction *= 10 }
        }
        var (zoneHour, zoneMinute, zoneSign): (Int64, Int64, Int64) = (0, 0, 1)
        switch rest.popFirst() {
        case UInt8(ascii: "Z"), UInt8(ascii: "z"): break
        case let sign where sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"):
            guard let hours = number(2, then: ":"), let minutes = number(2, then: "") else { return nil }
            (zoneHour, zoneMinute, zoneSign) = (hours, minutes, sign == UInt8(ascii: "-") ? -1 : 1)
        default: return nil
        }
        guard rest.isEmpty else { return nil }
        guard (1970...2200).contains(year), (1...12).contains(month), hour < 24, minute < 60, second < 60,
            zoneHour < 24, zoneMinute < 60
        else { return nil }
        let days = daysSinceEpoch(year: year, month: month, day: day)
        // The thirtieth of February is another day by its number, and none by its name.
        guard civilDate(daysSinceEpoch: days) == (year, month, day) else { return nil }
        let zone = (zoneHour * 3600 + zoneMinute * 60) * zoneSign
        return (days * 86_400 + hour * 3600 + minute * 60 + second - zone) * .second + fraction
    }

    /// The day number of a Gregorian date.
    ///
    /// Source: Howard Hinnant, "chrono-compatible low-level date algorithms", `days_from_civil`.
    static func daysSinceEpoch(year: Int64, month: Int64, day: Int64) -> Int64 {
        let fromMarch = month <= 2 ? year - 1 : year
        let (era, yearOfEra) = floorDivide(fromMarch, by: 400)
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// Appends the text of an instant in nanoseconds since the Unix epoch.
    static func append(_ time: Nanoseconds, to bytes: inout [UInt8]) {
        let (seconds, nanoseconds) = floorDivide(time, by: .second)
        let (days, secondOfDay) = floorDivide(seconds, by: 86_400)
        let date = civilDate(daysSinceEpoch: days)
        func append(_ value: Int64, width: Int, then separator: Unicode.Scalar) {
            NumberText.appendDigits(UInt64(value), width: width, to: &bytes)
            bytes.append(UInt8(ascii: separator))
        }
        append(date.year, width: 4, then: "-")
        append(date.month, width: 2, then: "-")
        append(date.day, width: 2, then: "T")
        append(secondOfDay / 3600, width: 2, then: ":")
        append(secondOfDay / 60 % 60, width: 2, then: ":")
        append(secondOfDay % 60, width: 2, then: ".")
        append(nanoseconds, width: 9, then: "Z")
    }

    /// The Gregorian date of a day number.
    ///
    /// Source: Howard Hinnant, "chrono-compatible low-level date algorithms", `civil_from_days`. Its year begins in
    /// March, so that the leap day is the last of a year; an era is the 400 years after which the calendar repeats.
    static func civilDate(daysSinceEpoch days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = floorDivide(days + 719_468, by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    private static func floorDivide(_ value: Int64, by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
