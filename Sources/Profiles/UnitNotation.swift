// SPDX-License-Identifier: Apache-2.0

public import LoadModel

/// Reads durations such as `1h30m` and amounts such as `1.5 cores`.
public enum UnitNotation {
    /// The longest duration that a profile may name, and the longest run but for one that goes on until it is stopped:
    /// 3650 days.
    public static let durationLimit: Nanoseconds = 3650 * 86_400 * .second

    /// Reads a duration: `250ms`, `30s`, `1.5s`, `2m`, `1h30m`, `1d`.
    ///
    /// - Throws: ``NotationError`` for anything else, a lone number and more than ``durationLimit`` included.
    public static func duration(_ text: String) throws(NotationError) -> Nanoseconds {
        try duration(Phrase(text))
    }

    /// Reads an amount of one of the kinds: `80%`, `1.5 cores`, `500m`, `2GiB`, `15000`, `50MB/s`, `max`, `leave 8MiB`.
    ///
    /// - Parameter name: what takes the amount, for messages.
    /// - Throws: ``NotationError`` for anything else.
    public static func amount(_ text: String, for name: String, kinds: [AmountKind]) throws(NotationError) -> Amount {
        try amount(Phrase(text), for: AmountTaker(name: "'\(name)'", kinds: kinds))
    }
}

// MARK: Durations

extension UnitNotation {
    static let durationUnits: [(name: String, length: Nanoseconds)] = [
        ("d", 86_400 * .second), ("h", 3600 * .second), ("m", 60 * .second), ("s", .second), ("ms", .millisecond),
    ]

    /// What people write for a unit of time.
    private static let durationWords: [String: String] = [
        "day": "d", "days": "d", "hour": "h", "hours": "h", "hr": "h", "hrs": "h", "min": "m", "mins": "m",
        "minute": "m", "minutes": "m", "sec": "s", "secs": "s", "second": "s", "seconds": "s", "msec": "ms",
        "millisecond": "ms", "milliseconds": "ms",
    ]

    static func duration(_ phrase: Phrase) throws(NotationError) -> Nanoseconds {
        let whole = Wording.quote(phrase.text)
        guard !phrase.isEmpty else {
            throw NotationError(phrase.offset, "a duration is missing; write one such as '30s'")
        }
        guard phrase.first?.isDigit == true || phrase.first == "-" || phrase.first == "+" || phrase.first == "." else {
            throw NotationError(phrase.offset, "\(whole) is not a duration; write one such as '30s', '2m' or '1h30m'")
        }
        let words = phrase.words
        if words.count > 1 {
            if words[0].text.unicodeScalars.last?.isLetter == true {
                throw NotationError(
                    words[1].offset,
                    "unexpected \(Wording.quote(words[1].text)) after \(Wording.quote(words[0].text)); "
                        + "write a duration in one word such as '1h30m'")
            }
            throw NotationError(phrase.offset, "\(whole) has a space; write a duration in one word such as '30s'")
        }
        if let colon = phrase.firstOffset(where: { $0 == ":" }) {
            throw NotationError(
                colon, "\(whole) could be minutes or hours; write a duration such as '1h30m' or '1m30s'")
        }
        var total = 0.0
        var position = phrase.offset
        var nextUnit = 0
        while position < phrase.end {
            let (value, end) = try NumberNotation.number(in: phrase, at: position)
            let unitEnd = phrase.firstOffset(from: end) { $0.isDigit || $0 == "." } ?? phrase.end
            let unit = phrase.slice(end, unitEnd).text
            if unit.isEmpty {
                let number = phrase.slice(position, end).text
                throw NotationError(position, "\(whole) has no unit; write it such as '\(number)s' or '\(number)m'")
            }
            guard let index = durationUnits.firstIndex(where: { $0.name == unit }) else {
                let meant =
                    durationWords[unit.lowercased()] ?? durationUnits.first { $0.name == unit.lowercased() }?.name
                let remedy = meant.map { "did you mean '\($0)'?" } ?? "a duration takes: d, h, m, s, ms"
                throw NotationError(end, "unknown unit \(Wording.quote(unit)) in \(whole); \(remedy)")
            }
            guard index >= nextUnit else {
                throw NotationError(position, "\(whole) is out of order; write each unit once, the longest first")
            }
            nextUnit = index + 1
            total += value * Double(durationUnits[index].length)
            position = unitEnd
        }
        guard total <= Double(durationLimit) else {
            throw NotationError(phrase.offset, "\(whole) is too long; the limit is \(text(of: durationLimit))")
        }
        let length = Int64(total.rounded())
        // What is written as more than nothing never becomes nothing.
        return length == 0 && total > 0 ? 1 : length
    }

    /// Reads a duration that must be at least `least`.
    static func duration(
        _ phrase: Phrase, atLeast least: Nanoseconds, of role: String
    ) throws(NotationError) -> Nanoseconds {
        let length = try duration(phrase)
        guard length > 0 else {
            throw NotationError(phrase.offset, "\(role) must be longer than 0; write a duration such as '30s'")
        }
        guard length >= least else {
            throw NotationError(
                phrase.offset, "\(role) must be at least \(text(of: least)), not \(Wording.quote(phrase.text))")
        }
        return length
    }

    /// A duration as a profile writes it.
    public static func text(of length: Nanoseconds) -> String {
        var rest = length
        var text = ""
        for (name, unit) in durationUnits where rest >= unit {
            if name == "s", rest % .millisecond != 0 {
                return text + "\(rest.seconds)s"
            }
            text += "\(rest / unit)\(name)"
            rest %= unit
        }
        return text.isEmpty ? (rest == 0 ? "0s" : "\(rest.seconds)s") : text
    }
}

// MARK: Amounts

extension UnitNotation {
    private struct AmountUnit {
        var name: String
        var factor: Double
        var kind: AmountKind
    }

    private static let amountUnits = AmountKind.allCases.flatMap { kind in
        kind.description.suffixes.map { AmountUnit(name: $0.name, factor: $0.factor, kind: kind) }
    }

    /// What other programs call units that a profile has a sign for.
    private static let unitAliases = [
        "percent": "%", "pct": "%", "percentage": "%", "perc": "%", "byte": "B", "bytes": "B", "kilobytes": "kB",
        "megabytes": "MB", "gigabytes": "GB", "kibibytes": "KiB", "mebibytes": "MiB", "gibibytes": "GiB",
        "bytes/s": "B/s", "bytes/sec": "B/s", "bytes/second": "B/s", "ops/s": "iops", "millicores": "m",
        "vcpus": "cores", "vcpu": "cores", "cpus": "cores",
    ]

    /// The sign of a unit that is written as a sign, or as other programs write it; `nil` where it is none.
    static func unitName(_ text: String) -> String? {
        amountUnits.contains { $0.name == text } ? text : unitAliases[text.lowercased()]
    }

    /// The kind of amount that a unit is of, and what it multiplies by.
    static func unit(_ name: String) -> (kind: AmountKind, factor: Double)? {
        amountUnits.first { $0.name == name }.map { ($0.kind, $0.factor) }
    }

    static func amount(_ phrase: Phrase, for taker: AmountTaker) throws(NotationError) -> Amount {
        let words = phrase.words
        guard let head = words.first else {
            throw NotationError(phrase.offset, "an amount is missing; \(taker.taking)")
        }
        switch head.text {
        case "max":
            if words.count > 1 {
                throw NotationError(words[1].offset, "unexpected \(Wording.quote(words[1].text)) after 'max'")
            }
            try require(.max, of: phrase, for: taker)
            return .max
        case "leave":
            try require(.leave, of: phrase, for: taker)
            let rest = phrase.dropping(to: head.end)
            var inner = taker
            inner.kinds.removeAll { $0 == .max || $0 == .leave }
            guard !rest.isEmpty, rest.words.first?.text != "max", rest.words.first?.text != "leave" else {
                throw NotationError(
                    rest.isEmpty ? phrase.offset : rest.offset,
                    "'leave' needs the amount to leave; \(taker.taking)")
            }
            return .leave(try quantity(rest, for: inner))
        default:
            return try quantity(phrase, for: taker)
        }
    }

    /// Reads a number with its unit.
    private static func quantity(_ phrase: Phrase, for taker: AmountTaker) throws(NotationError) -> Amount {
        let whole = Wording.quote(phrase.text)
        guard let first = phrase.first, first.isDigit || "+-.".unicodeScalars.contains(first) else {
            throw NotationError(phrase.offset, "\(whole) is not an amount; \(taker.taking)")
        }
        let (value, end) = try NumberNotation.number(in: phrase, at: phrase.offset)
        let unit = phrase.dropping(to: end)
        func advice(on word: Phrase) -> String? {
            UnitAdvice(phrase: phrase, digits: phrase.slice(phrase.offset, end), unit: word.text, taker: taker).message
        }
        let kind: AmountKind
        let scaled: Double
        if unit.isEmpty {
            guard taker.kinds.contains(.count) else {
                let digits = phrase.text
                let remedy = taker.kinds == [.bytes] ? "write it such as \(digits)B or \(digits)KiB" : taker.taking
                throw NotationError(phrase.offset, "\(whole) has no unit; \(remedy)")
            }
            guard value == value.rounded() else {
                throw NotationError(phrase.offset, "\(whole) is not a whole number; \(taker.taking)")
            }
            kind = .count
            scaled = value
        } else {
            let word = unit.words.first ?? unit
            guard let known = amountUnits.first(where: { $0.name == word.text }) else {
                throw NotationError(word.offset, advice(on: word) ?? unknownUnit(word.text, in: phrase, taker))
            }
            if unit.words.count > 1 {
                let next = unit.words[1]
                let before = phrase.slice(phrase.offset, word.end).text
                throw NotationError(
                    next.offset, "unexpected \(Wording.quote(next.text)) after \(Wording.quote(before))")
            }
            kind = known.kind
            // Dividing keeps decimal fractions as near as `Double` has them: 7 × 0.001 is not 0.007.
            scaled = known.factor < 1 ? value / 1000 : value * known.factor
        }
        if !taker.kinds.contains(kind), let word = unit.words.first, let message = advice(on: word) {
            throw NotationError(word.offset, message)
        }
        try require(kind, of: phrase, for: taker)
        guard scaled <= NumberNotation.limit else {
            throw NotationError(phrase.offset, "\(whole) is too large")
        }
        if kind == .percent, scaled > taker.mostPercent {
            let remedy = taker.amountBeyondLimit.map { "write an amount such as '\($0)' to ask for more than there is" }
            throw NotationError(
                phrase.offset,
                "percent of a limit cannot exceed \(Int(taker.mostPercent)); "
                    + (remedy ?? "write a percentage from 0% to 100%")
            )
        }
        guard let amount = kind.description.amount else {
            throw NotationError(phrase.offset, "\(whole) is not an amount; \(taker.taking)")
        }
        return amount(scaled)
    }

    private static func require(
        _ kind: AmountKind, of phrase: Phrase, for taker: AmountTaker
    ) throws(NotationError) {
        guard !taker.kinds.contains(kind) else { return }
        throw NotationError(
            phrase.offset, "\(Wording.quote(phrase.text)) is \(kind.description.title); \(taker.taking)")
    }

    private static func unknownUnit(_ unit: String, in phrase: Phrase, _ taker: AmountTaker) -> String {
        let whole = Wording.quote(phrase.text)
        if unit.hasPrefix(":") { return "\(whole) is not an amount; \(taker.taking)" }
        let units = amountUnits.filter { taker.kinds.contains($0.kind) }.map(\.name)
        // Not for one letter: who writes '5M' does not mean 5 millicores.
        let sameLetters = units.first { $0.utf8.count > 1 && $0.lowercased() == unit.lowercased() }
        let kubernetes = units.first { $0 == unit + "B" }
        let words = ["cpu": "cores", "cpus": "cores", "vcpu": "cores", "vcpus": "cores", "percent": "%", "pct": "%"]
        let word = words[unit.lowercased()].flatMap { units.contains($0) ? $0 : nil }
        if let meant = sameLetters ?? kubernetes ?? word
            ?? Wording.nearest(to: unit, among: units.filter { $0.utf8.count > 1 })
        {
            return "unknown unit \(Wording.quote(unit)) in \(whole); did you mean '\(meant)'?"
        }
        return "unknown unit \(Wording.quote(unit)) in \(whole); \(taker.taking)"
    }
}
