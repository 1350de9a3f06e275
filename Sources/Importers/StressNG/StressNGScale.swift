// SPDX-License-Identifier: Apache-2.0

internal import LoadModel
internal import Profiles

/// Figures as stress-ng reads them (`core-parse-opts.c`).
///
/// It reads the whole number at the beginning, and then the *last* character alone: `1.5G` is 1 GiB, `512MB` is 512
/// bytes, `1.5h` is an hour.
enum StressNGScale {
    /// What it makes of a text.
    struct Reading {
        var value: Int64
        /// What it does that its user hardly meant; empty where it does what stands there.
        var surprise = ""
    }

    private static let sizes: [Character: Int64] = [
        "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40, "p": 1 << 50, "e": 1 << 60,
    ]
    private static let times: [Character: Int64] = [
        "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400, "y": 31_536_000,
    ]

    /// A size in bytes.
    ///
    /// - Throws: what stress-ng would refuse.
    static func size(_ text: String) throws(Refusal) -> Reading {
        var reading = try scaled(text, sizes, "size", example: "512M")
        if !reading.surprise.isEmpty { reading.surprise += AmountText.bytes(reading.value) }
        return reading
    }

    /// A time in seconds.
    static func time(_ text: String) throws(Refusal) -> Reading {
        var reading = try scaled(text, times, "time", example: "90s")
        if !reading.surprise.isEmpty { reading.surprise += "\(reading.value) s" }
        return reading
    }

    /// A share in percent, a real number; `nil` where the text is none.
    static func percent(_ text: String) throws(Refusal) -> Double? {
        guard text.utf8.count > 1, text.hasSuffix("%") else { return nil }
        guard let (value, rest) = NumberPrefix.decimal(text), rest == "%" else {
            throw Refusal("stress-ng takes a percentage such as '50%', not '\(PlainLine.text(text))'")
        }
        return value
    }

    /// A whole number, and nothing else.
    static func integer(_ text: String) throws(Refusal) -> Int64 {
        guard let value = Int64(text), text.first != "+" else {
            throw Refusal("stress-ng takes a whole number here, not '\(PlainLine.text(text))'")
        }
        return value
    }

    private static func scaled(
        _ text: String, _ scales: [Character: Int64], _ noun: String, example: String
    ) throws(Refusal) -> Reading {
        let shown = PlainLine.text(text)
        guard let number = NumberPrefix.integer(text), let last = text.last else {
            throw Refusal("stress-ng takes a \(noun) such as '\(example)', not '\(shown)'")
        }
        guard number >= 0 else { throw Refusal("'\(shown)' is negative; stress-ng takes a \(noun) from 0 on") }
        let digits = text.utf8.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }.count
        let isDigit = last.isASCII && last.isNumber
        guard let scale = isDigit ? 1 : scales[Character(last.lowercased())] else {
            throw Refusal(
                "stress-ng goes by the last letter of '\(shown)', which is no unit of a \(noun); write it such as "
                    + "'\(example)'")
        }
        let (value, overflows) = number.multipliedReportingOverflow(by: scale)
        guard !overflows, value <= 1 << 62 else { throw Refusal("'\(shown)' is too large") }
        let isWhole = digits == text.utf8.count - (isDigit ? 0 : 1)
        return Reading(
            value: value,
            surprise: isWhole ? "" : "of '\(shown)' stress-ng reads the whole number and the last letter alone: ")
    }
}

/// Why the tool itself would not take something, for a diagnostic.
struct Refusal: Error {
    var message: String

    init(_ message: String) { self.message = message }
}
