// SPDX-License-Identifier: Apache-2.0

/// Numbers as ASCII digits, appended without going through `String`.
///
/// The log is written by the process that must not disturb what it measures, so a sample line costs no allocation.
package enum NumberText {
    /// Appends a whole number.
    package static func append(_ value: Int64, to bytes: inout [UInt8]) {
        if value < 0 { bytes.append(minus) }
        appendDigits(value.magnitude, width: 1, to: &bytes)
    }

    /// Appends `value` rounded to at most nine decimals, half away from zero; never an exponent, never `-0`.
    ///
    /// - Parameter trimming: whether zeros at the end, and a point that has nothing behind it, are left out.
    /// - Returns: whether the value was written: not where it is infinite, not a number, or beyond 9.2e18 / 10^places.
    package static func append(_ value: Double, places: Int, trimming: Bool, to bytes: inout [UInt8]) -> Bool {
        let power = powersOfTen[places]
        let scaled = (value * Double(power)).rounded()
        guard scaled.magnitude < 9.2e18 else { return false }
        appendScaled(Int64(scaled), places: places, trimming: trimming, to: &bytes)
        return true
    }

    /// Appends a length of time in seconds, exact to the nanosecond, zeros at the end left out.
    package static func append(secondsOf time: Int64, to bytes: inout [UInt8]) {
        appendScaled(time, places: 9, trimming: true, to: &bytes)
    }

    /// Appends `value`, zeros before it up to `width` digits.
    package static func appendDigits(_ value: UInt64, width: Int, to bytes: inout [UInt8]) {
        var power: UInt64 = 1
        var digits = 1
        while digits < width || value / power >= 10 {
            power *= 10
            digits += 1
        }
        var rest = value
        while power > 0 {
            let (digit, remainder) = rest.quotientAndRemainder(dividingBy: power)
            bytes.append(zero + UInt8(digit))
            rest = remainder
            power /= 10
        }
    }

    /// Text of `value` with exactly `places` decimals, or without its zeros at the end.
    package static func text(_ value: Double, places: Int, trimming: Bool = false) -> String {
        var bytes: [UInt8] = []
        guard append(value, places: places, trimming: trimming, to: &bytes) else { return value.description }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func appendScaled(_ scaled: Int64, places: Int, trimming: Bool, to bytes: inout [UInt8]) {
        if scaled < 0 { bytes.append(minus) }
        let magnitude = scaled.magnitude
        var fraction = magnitude % powersOfTen[places]
        appendDigits(magnitude / powersOfTen[places], width: 1, to: &bytes)
        var width = places
        if trimming {
            while width > 0, fraction.isMultiple(of: 10) {
                fraction /= 10
                width -= 1
            }
        }
        guard width > 0 else { return }
        bytes.append(point)
        appendDigits(fraction, width: width, to: &bytes)
    }

    private static let minus = UInt8(ascii: "-")
    private static let point = UInt8(ascii: ".")
    private static let zero = UInt8(ascii: "0")
    private static let powersOfTen: [UInt64] = [
        1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000,
    ]
}
