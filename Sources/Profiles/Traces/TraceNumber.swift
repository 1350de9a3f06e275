// SPDX-License-Identifier: Apache-2.0

/// A number as programs write it: with a sign, an exponent, zeros in front, or no digit beside the point.
///
/// What a person writes in a profile is read more strictly, by ``NumberNotation``.
struct TraceNumber {
    /// The part before the point, where it fits; exact, which a time in nanoseconds since 1970 needs.
    var whole: Int64
    /// What comes on top of it.
    var fraction: Double
    /// The whole number.
    var value: Double
    /// Where it ends in the cell.
    var end: Int

    /// The number that the cell begins with; `nil` where it begins with none.
    init?(_ cell: ArraySlice<UInt8>, decimalComma: Bool = false) {
        var position = cell.startIndex
        let isNegative = position < cell.endIndex && cell[position] == .minus
        if position < cell.endIndex, isNegative || cell[position] == .plus { position += 1 }
        let digits = position
        var whole: Int64 = 0
        var isExact = true
        while position < cell.endIndex, cell[position].isDigit {
            let (tens, isOver) = whole.multipliedReportingOverflow(by: 10)
            let (sum, isBeyond) = tens.addingReportingOverflow(Int64(cell[position] - .zero))
            if isOver || isBeyond { isExact = false } else { whole = sum }
            position += 1
        }
        var count = position - digits
        let point = position
        if position < cell.endIndex, cell[position] == (decimalComma ? .comma : .point) {
            position += 1
            while position < cell.endIndex, cell[position].isDigit {
                position += 1
                count += 1
            }
        }
        guard count > 0 else { return nil }
        let places = Swift.max(0, position - point - 1)
        let mantissa = position
        if position < cell.endIndex, cell[position] | 0x20 == 0x65 {
            var next = position + 1
            if next < cell.endIndex, cell[next] == .minus || cell[next] == .plus { next += 1 }
            if next < cell.endIndex, cell[next].isDigit {
                while next < cell.endIndex, cell[next].isDigit { next += 1 }
                position = next
            }
        }
        let hasExponent = position > mantissa
        var fraction = 0.0
        if places > 0 {
            // Up to 15 digits over a power of ten are as exact as a `Double` is.
            var numerator: Int64 = 0
            for byte in cell[(point + 1)..<mantissa].prefix(15) { numerator = numerator * 10 + Int64(byte - .zero) }
            fraction = Double(numerator) / Self.powers[min(places, 15)]
        }
        var value: Double
        if isExact, !hasExponent, places == 0 {
            value = Double(whole)
        } else {
            var text = String(decoding: cell[digits..<position], as: UTF8.self)
            if decimalComma { text = String(text.map { $0 == "," ? "." : $0 }) }
            if text.hasPrefix(".") { text = "0" + text }
            // `5.` and `5.e3`.
            if places == 0, point < mantissa {
                let rest = String(decoding: cell[mantissa..<position], as: UTF8.self)
                text = String(decoding: cell[digits..<point], as: UTF8.self) + rest
            }
            guard let read = Double(text), read.isFinite else { return nil }
            value = read
        }
        if hasExponent || !isExact {
            guard value < 0x1p62 else { return nil }
            whole = Int64(value.rounded(.down))
            fraction = value - value.rounded(.down)
        }
        self.whole = isNegative ? -whole : whole
        self.fraction = isNegative ? -fraction : fraction
        self.value = isNegative ? -value : value
        end = position
    }

    /// Whether a cell is a number with an exponent that nothing can be measured with.
    static func isTooLarge(_ cell: ArraySlice<UInt8>) -> Bool {
        guard let place = cell.firstIndex(where: { $0 | 0x20 == 0x65 }),
            cell.dropFirst(place + 1 - cell.startIndex).contains(where: \.isDigit)
        else { return false }
        let isNumber = TraceNumber(cell[..<place]).map { $0.end == place } ?? false
        return isNumber && TraceNumber(cell) == nil
    }

    private static let powers: [Double] = [
        1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
    ]
}
