// SPDX-License-Identifier: Apache-2.0

/// What exert must say.
struct Must: Sendable {
    /// The verdicts that are right.
    var verdicts: [String]
    /// The causes of which one must be named by the kind's results; none, and all do.
    var causes: [String] = []
    /// Causes that no result may name.
    var lies: [String] = []
    /// The verdict of phases, by name.
    var phases: [String: [String]] = [:]
    /// Whether a finding must tell of it that the plan had not.
    var hasFinding = false
    /// Words of which one must be in the result that exert prints.
    var words: [String] = []
    /// The verdict of each objective; none, and nothing was asked.
    var objectives: [String] = []
    /// The reason of each that is inconclusive.
    var reasons: [String] = []
    /// When the service was well again, in seconds after the release: an interval that is told must hold it.
    var back: Double?

    static let met = Must(verdicts: ["met"])
    static let notMet = Must(verdicts: ["not_met"])
    static func notMet(_ causes: String...) -> Must { Must(verdicts: ["not_met"], causes: causes) }
    static let killed = Must(verdicts: ["killed"])
    /// Nobody looked for more than 5 % of the time: told, with its length.
    static let unverified = Must(verdicts: ["unverified"], hasFinding: true)
    /// Not seen, or seen to be wrong; which of both depends on the instant of a look.
    static let notMetOrUnverified = Must(verdicts: ["not_met", "unverified"])

    /// The same, with the verdict of one phase.
    func phase(_ name: String, _ verdicts: String...) -> Must {
        var copy = self
        copy.phases[name] = verdicts
        return copy
    }

    /// The same, with words of which one must be in the result.
    func telling(_ words: String...) -> Must {
        var copy = self
        copy.words = words
        return copy
    }

    /// The same, with what becomes of the objectives.
    func objectives(_ verdicts: String..., reasons: [String] = [], back: Double? = nil) -> Must {
        var copy = self
        (copy.objectives, copy.reasons, copy.back) = (verdicts, reasons, back)
        return copy
    }

    /// The exit code that belongs to a verdict, as README has it.
    static func exitCode(of verdict: String) -> Int32? {
        ["met": 0, "not_met": 2, "unverified": 2, "aborted": 3, "killed": 5][verdict]
    }

    /// What does not hold of an outcome.
    func objections(to outcome: Outcome, kind: String) -> [String] {
        var objections: [String] = []
        if !verdicts.contains(outcome.verdict) {
            objections.append("verdict \(outcome.verdict), and must be \(verdicts.joined(separator: " or "))")
        }
        var code = Self.exitCode(of: outcome.verdict)
        if code == 0, !outcome.objectives.allSatisfy({ ["held", "recovered"].contains($0.verdict) }) { code = 6 }
        if code != outcome.code { objections.append("exit \(outcome.code) with verdict \(outcome.verdict)") }
        let named = outcome.results.filter { $0.stressor == kind }.compactMap(\.cause)
        if !causes.isEmpty, Set(named).isDisjoint(with: causes) {
            objections.append("limited by \(named), and must be \(causes.joined(separator: " or "))")
        }
        let lies = Set(named).intersection(lies)
        if !lies.isEmpty { objections.append("limited by \(lies.sorted()), which is not so") }
        for (name, verdicts) in phases {
            let found = outcome.results.first { $0.phase == name && $0.stressor == kind }?.verdict ?? "none"
            if !verdicts.contains(found) {
                objections.append("phase \(name): \(found), and must be \(verdicts.joined(separator: " or "))")
            }
        }
        objections += self.objections(to: outcome.objectives)
        if hasFinding, outcome.findings.isEmpty { objections.append("no finding tells of it") }
        if !words.isEmpty, !words.contains(where: outcome.output.contains) {
            objections.append("none of the words \(words) is in the result")
        }
        return objections
    }

    private func objections(to found: [Outcome.Objective]) -> [String] {
        var objections: [String] = []
        if found.map(\.verdict) != objectives {
            objections.append("objectives \(found.map(\.verdict)), and must be \(objectives)")
        }
        let strange = Set(found.compactMap(\.reason)).subtracting(reasons)
        if !reasons.isEmpty, !strange.isEmpty { objections.append("nobody knows for \(strange), not \(reasons)") }
        for bounds in found.compactMap(\.back) where back != nil {
            // Who signals is a few milliseconds late.
            if let back, !(bounds.lowerBound - 0.03...bounds.upperBound + 0.03).contains(back) {
                objections.append("back \(bounds) s after the release, and was after \(back)")
            }
        }
        return objections
    }
}
