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
