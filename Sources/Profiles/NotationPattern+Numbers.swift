// SPDX-License-Identifier: Apache-2.0

import LoadModel

// Regular expressions for whole numbers within bounds, and for times.
extension NotationPattern {
    /// A time with each unit once, the longest first; what is empty is one as well.
    static let duration = anchored(
        UnitNotation.durationUnits.map { "(?:\(number)\($0.name))?" }.joined())

    /// Times of no length at all, and what is empty.
    static let noDuration = #"^[0.dhms\s]*$"#

    /// Times of which one part alone is longer than a profile may name.
    static let tooLong: String = {
        let limits = UnitNotation.durationUnits.map { unit in
            let most = UInt64(UnitNotation.durationLimit / unit.length)
            let over = wholeNumber(above: most) + #"(?:\.[0-9]+)?"#
            return #"(?:\#(over)|\#(most)\.0*[1-9][0-9]*)\#(unit.name)"#
        }
        let others = "(?:[0-9.]+(?:[dhms]|ms))*"
        return #"^\s*\#(others)(?:\#(limits.joined(separator: "|")))\#(others)\s*$"#
    }()

    /// A whole number within bounds, without a sign but for one that is negative.
    static func wholeNumber(in range: ClosedRange<Int>) -> String {
        var forms: [String] = []
        if range.lowerBound < 0 {
            let least = UInt64(max(1, -range.upperBound))
            forms.append("-(?:" + wholeNumbers(least, UInt64(range.lowerBound.magnitude)).joined(separator: "|") + ")")
        }
        if range.upperBound >= 0 {
            forms += wholeNumbers(UInt64(max(0, range.lowerBound)), UInt64(range.upperBound))
        }
        return "(?:" + forms.joined(separator: "|") + ")"
    }

    /// The whole numbers above one.
    static func wholeNumber(above most: UInt64) -> String {
        let digits = String(most).utf8.count
        // All of as many digits, and all of more.
        let last = UInt64(String(repeating: "9", count: digits)) ?? .max
        return "(?:" + (wholeNumbers(most + 1, last) + ["[1-9][0-9]{\(digits),}"]).joined(separator: "|") + ")"
    }

    /// The numbers from `first` to `last`, in stretches in which each digit has a range of its own.
    private static func wholeNumbers(_ first: UInt64, _ last: UInt64) -> [String] {
        guard first <= last else { return [] }
        var ends: Set<UInt64> = [last]
        var power: UInt64 = 10
        // Up to where the last digits of the first number are all nines, and to where those of the last one begin.
        while power <= last, power <= 1_000_000_000_000_000_000 {
            let nines = first / power * power + (power - 1)
            if nines < last { ends.insert(nines) }
            let zeros = (last + 1) / power * power
            if zeros > first { ends.insert(zeros - 1) }
            power *= 10
        }
        var start = first
        return ends.sorted().map { end in
            defer { start = end + 1 }
            return zip(String(start).utf8, String(end).utf8).reduce(into: "") { form, digits in
                let (low, high) = (Unicode.Scalar(digits.0), Unicode.Scalar(digits.1))
                form += low == high ? "\(low)" : "[\(low)-\(high)]"
            }
        }
    }
}
