// SPDX-License-Identifier: Apache-2.0

import LoadModel

/// Makes amounts of what stands in a trace's cells.
struct TraceAmount {
    /// A figure in the unit of its kind.
    struct Figure {
        var kind: AmountKind
        var number: Double
    }

    /// What a cell says.
    enum Reading {
        case figure(Figure)
        /// `max`, or what is to be left.
        case word(Amount)
        case gap
    }

    let taker: AmountTaker
    let request: TraceRequest
    /// The unit of bare numbers; `nil` where neither the profile nor the header has one.
    private(set) var unit: (kind: AmountKind, factor: Double)?

    init(taker: AmountTaker, request: TraceRequest, headerUnit: String?) {
        self.taker = taker
        self.request = request
        if let name = request.unit ?? headerUnit { unit = UnitNotation.unit(name) }
        if unit == nil, taker.kinds.contains(.count) { unit = (.count, 1) }
    }

    private static let gaps: Set<String> = ["", "nan", "null", "na", "n/a", "none", "-", "nil", "undefined"]

    /// Whether a cell says that there is nothing to say.
    static func isGap(_ cell: ArraySlice<UInt8>) -> Bool {
        guard let first = cell.first else { return true }
        guard first.isLetter || first == .minus, cell.count <= 9 else { return false }
        return gaps.contains(String(decoding: cell, as: UTF8.self).lowercased())
    }

    func read(_ cell: ArraySlice<UInt8>) throws(NotationError) -> Reading {
        if let number = TraceNumber(cell, decimalComma: request.hasDecimalComma) {
            if number.end == cell.endIndex { return .figure(try figure(number.value, text: cell)) }
            if request.hasDecimalComma, cell[number.end] == .point,
                cell.dropFirst(number.end + 1 - cell.startIndex).first?.isDigit == true
            {
                throw NotationError(
                    0,
                    "\(Self.quote(cell)) has a point, and 'decimal comma' stands behind the trace; leave that out if "
                        + "it "
                        + "is a decimal point, or the thousands signs in the file")
            }
            if cell[number.end] == .comma, cell.dropFirst(number.end + 1 - cell.startIndex).first?.isDigit == true {
                throw NotationError(
                    0,
                    "\(Self.quote(cell)) has a comma; write 'decimal comma' behind the trace if it is a decimal comma, "
                        + "or the file without thousands signs")
            }
            // Units that programs write, such as `percent`; what else there is the notation refuses in its words.
            let suffix = Phrase(String(decoding: cell[number.end...], as: UTF8.self)).text
            if let name = UnitNotation.unitName(suffix), let unit = UnitNotation.unit(name) {
                guard taker.kinds.contains(unit.kind) else { throw refusal(cell) }
                return .figure(try scaled(number.value, unit, of: cell))
            }
        }
        if Self.isGap(cell) { return .gap }
        if TraceNumber.isTooLarge(cell) { throw NotationError(0, "\(Self.quote(cell)) is too large") }
        let amount = try UnitNotation.amount(Phrase(String(decoding: cell, as: UTF8.self)), for: taker)
        guard request.factor == 1, request.whole == nil else {
            throw NotationError(0, "\(Self.quote(cell)) cannot be multiplied")
        }
        return .word(amount)
    }

    /// The figure of a bare number.
    func figure(_ number: Double, text cell: ArraySlice<UInt8>) throws(NotationError) -> Figure {
        guard let unit else {
            throw NotationError(
                0,
                "\(Self.quote(cell)) has no unit; say which, such as 'in \(Self.example(taker))', or in the header; "
                    + taker.taking)
        }
        return try scaled(number, unit, of: cell)
    }

    private static func example(_ taker: AmountTaker) -> String {
        taker.kinds.contains(.percent) ? "%" : taker.kinds.contains(.bytesPerSecond) ? "MB/s" : "MiB"
    }

    private func refusal(_ cell: ArraySlice<UInt8>) -> NotationError {
        do throws(NotationError) {
            _ = try UnitNotation.amount(Phrase(String(decoding: cell, as: UTF8.self)), for: taker)
            return NotationError(0, "\(Self.quote(cell)) is not an amount; \(taker.taking)")
        } catch {
            return error
        }
    }

    private func scaled(
        _ number: Double, _ unit: (kind: AmountKind, factor: Double), of cell: ArraySlice<UInt8>
    ) throws(NotationError) -> Figure {
        guard number >= 0 else { throw NotationError(0, "\(Self.quote(cell)) is negative; a load is 0 or more") }
        // Dividing keeps decimal fractions as near as `Double` has them.
        var value = unit.factor < 1 ? number / (1 / unit.factor).rounded() : number * unit.factor
        value *= request.factor
        var kind = unit.kind
        if kind == .percent, let whole = request.whole, let all = whole.number {
            value = value / 100 * all
            kind = whole.kind
        }
        guard value <= NumberNotation.limit else { throw NotationError(0, "\(Self.quote(cell)) is too large") }
        return Figure(kind: kind, number: value)
    }

    /// The amount of a figure, which is not above what the taker takes.
    func amount(_ figure: Figure) throws(NotationError) -> Amount {
        if figure.kind == .percent, figure.number > taker.mostPercent {
            throw NotationError(
                0,
                "percent of a limit cannot exceed \(Int(taker.mostPercent)), and this is \(figure.number)%; scale it "
                    + "such as with 'x 0.01', or say of what it is, such as 'in % of "
                    + "\(taker.amountBeyondLimit ?? "64GiB")'")
        }
        guard figure.number <= NumberNotation.limit, let make = figure.kind.description.amount else {
            throw NotationError(0, "the amount is too large")
        }
        return make(figure.number)
    }

    /// No load, in the kind that the other rows have.
    var zero: Figure {
        Figure(kind: (request.whole?.kind ?? unit?.kind) ?? taker.kinds.first ?? .percent, number: 0)
    }

    static func quote(_ cell: ArraySlice<UInt8>) -> String { Wording.quote(String(decoding: cell, as: UTF8.self)) }
}
