// SPDX-License-Identifier: Apache-2.0

import LoadModel

/// Reads `METRIC < AMOUNT [for T]`.
enum GuardNotation {
    static let usage = "memory.available < 256MiB for 2s"
    /// The key that turns the guards off that nobody need write.
    static let defaultsKey = "defaults"

    /// Whether they are on; `nil` where the word says neither.
    ///
    /// A reader of YAML 1.1 takes `off` for `false`.
    static func isOn(_ word: String) -> Bool? { ["on": true, "true": true, "off": false, "false": false][word] }

    static func parse(_ text: String, mark: SourceMark) throws(NotationError) -> Guard {
        let phrase = Phrase(text)
        let isSign: (Unicode.Scalar) -> Bool = { "<>=!≤≥".unicodeScalars.contains($0) }
        guard let signStart = phrase.firstOffset(where: isSign) else {
            throw NotationError(
                phrase.offset, "\(Wording.quote(phrase.text)) has no comparison; write a guard such as '\(usage)'")
        }
        let signEnd = phrase.firstOffset(from: signStart) { !isSign($0) } ?? phrase.end
        let name = phrase.slice(phrase.offset, signStart)
        guard let metric = Metric(rawValue: name.text) else {
            let remedy = Wording.remedy(
                for: name.text, among: Metric.allCases.map(\.rawValue), taking: "a guard watches")
            throw NotationError(name.offset, "unknown metric \(Wording.quote(name.text))\(remedy)")
        }
        let sign = phrase.slice(signStart, signEnd).text
        guard let comparison = Guard.Comparison(rawValue: sign) else {
            throw NotationError(signStart, "unknown comparison \(Wording.quote(sign)); a guard takes: <, <=, >, >=")
        }
        let rest = phrase.dropping(to: signEnd)
        let hold = rest.words.first { $0.text == "for" }
        let taker = AmountTaker(name: "'\(metric.rawValue)'", kinds: metric.description.kinds)
        let limit = try UnitNotation.amount(rest.slice(rest.offset, hold?.offset ?? rest.end), for: taker)
        var length: Nanoseconds = 0
        if let hold { length = try UnitNotation.duration(rest.dropping(to: hold.end)) }
        return Guard(
            metric: metric, comparison: comparison, limit: limit, length: length, text: phrase.text, mark: mark)
    }
}
