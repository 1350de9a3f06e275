// SPDX-License-Identifier: Apache-2.0

import LoadModel

/// What to write instead of a unit that is none here: that of another program, or of another kind of amount.
struct UnitAdvice {
    /// The amount as it is written, its number, and what stands behind that.
    let phrase: Phrase
    let digits: Phrase
    let unit: String
    let taker: AmountTaker

    private var whole: String { Wording.quote(phrase.text) }

    /// What is wrong, and the exact thing to write; `nil` where nobody knows what was meant.
    var message: String? { counts ?? operations ?? bytes }

    // MARK: Counts and operations

    private var counts: String? {
        guard taker.kinds.contains(.count), unit != "m", let power = Self.powers[unit.lowercased()] else { return nil }
        return "\(whole) has a unit and is to be a count: write \(scaled(power.decimal))"
    }

    /// What other programs write for operations a second: iostat, fio, sysbench.
    private static let operationWords: Set = [
        "ops", "op", "io", "ios", "tps", "op/s", "ops/s", "io/s", "ios/s", "iops/s", "r/s", "w/s", "ops/sec", "io/sec",
    ]

    private var operations: String? {
        guard taker.kinds.contains(.operationsPerSecond) else { return nil }
        let word = unit.lowercased()
        if Self.operationWords.contains(word) { return "\(whole) has another program's unit: write \(scaled(1)) iops" }
        guard word.hasSuffix("iops"), let power = Self.powers[String(word.dropLast(4))] else { return nil }
        return "\(whole) has another program's unit: write \(scaled(power.decimal)) iops"
    }

    // MARK: Bytes

    private struct Power {
        let letter: String
        let tens: Int
        let twos: Int

        /// The units that may be meant, as a profile writes them.
        var names: (decimal: String, binary: String) { (letter == "K" ? "kB" : letter + "B", letter + "iB") }
        var decimal: Double { (0..<tens).reduce(1.0) { power, _ in power * 10 } }
    }

    private static let powers = [
        "k": Power(letter: "K", tens: 3, twos: 10), "m": Power(letter: "M", tens: 6, twos: 20),
        "g": Power(letter: "G", tens: 9, twos: 30), "t": Power(letter: "T", tens: 12, twos: 40),
    ]

    /// What stands behind the unit where something a second is meant.
    private static let rateSuffixes = ["/second", "/sec", "/s", "ps"]

    private var bytes: String? {
        let (takesBytes, takesRate) = (taker.kinds.contains(.bytes), taker.kinds.contains(.bytesPerSecond))
        guard takesBytes || takesRate else { return nil }
        let end = Self.rateSuffixes.first { unit.lowercased().hasSuffix($0) && unit.count > $0.count }
        let bare = String(unit.dropLast(end?.count ?? 0))
        let rate = takesRate && (end != nil || !takesBytes) ? "/s" : ""
        // The right unit of the wrong kind: an amount where something a second is taken, and the other way round.
        if let known = UnitNotation.unit(bare), known.kind == .bytes {
            let what = rate.isEmpty ? "an amount, not so much a second" : "so much a second"
            let isMissing = end == nil || rate.isEmpty
            return isMissing
                ? "\(whole): \(taker.name) takes \(what): write \(digits.text)\(bare)\(rate)"
                : "\(whole) has another program's unit: write \(digits.text)\(bare)\(rate)"
        }
        if bare.lowercased() == "b" { return "\(whole) has no unit that is known: write \(digits.text)B\(rate)" }
        guard let first = bare.first, let power = Self.powers[first.lowercased()] else { return nil }
        let (decimal, binary) = ("\(power.names.decimal)\(rate)", "\(power.names.binary)\(rate)")
        switch String(bare.dropFirst()) {
        case "":
            // `5M` could mean either; `m` is a thousandth of a core elsewhere.
            let isCount = end == nil && taker.kinds.contains(.operationsPerSecond)
            return "\(whole) is ambiguous: write \(digits.text)\(binary) (2^\(power.twos)), as dd and fio mean it, or "
                + "\(digits.text)\(decimal) (10^\(power.tens))"
                + (isCount ? ", or \(scaled(power.decimal)) iops" : "")
        case "B" where first == "K":
            // Half of the world reads `5KB` as 1024.
            return "\(whole) is ambiguous: write \(digits.text)\(decimal) (10^\(power.tens)) or "
                + "\(digits.text)\(binary) (2^\(power.twos))"
        case "bit", "bits",
            "b" where first.isUppercase && !rate.isEmpty:
            return "\(whole) counts bits: write \(scaled(0.125))\(decimal)"
        case "b" where end == "ps":
            return "\(whole) may count bits or bytes: write \(digits.text)\(decimal), or \(scaled(0.125))\(decimal)"
        case let rest where end != nil && rest.lowercased() == "b":
            return "\(whole) has another program's unit: write \(digits.text)\(decimal)"
        case let rest where end != nil && ["i", "ib"].contains(rest.lowercased()):
            return "\(whole) has another program's unit: write \(digits.text)\(binary)"
        default: return nil
        }
    }

    /// The number times a factor, as a profile writes numbers.
    private func scaled(_ factor: Double) -> String {
        NumberText.text((Double(digits.text) ?? 0) * factor, places: 6, trimming: true)
    }
}
