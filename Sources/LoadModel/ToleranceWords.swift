// SPDX-License-Identifier: Apache-2.0

// What is allowed, in words: plan, list, schema and docs say the same, since they say it from here.

extension ToleranceRule {
    /// The rule as a sentence, such as `1pp (totals: 2pp), 5% of the target at most, unless the profile writes one; …`.
    public func words(_ unit: Unit) -> String {
        var text = declared(unit)
        if !isWithinShare { text += ", \(Self.shareText) of the target at most" }
        text += ", unless the profile writes one"
        let floor = floorWords(unit)
        if !floor.isEmpty { text += "; \(floor) at least" }
        if !note.isEmpty { text += " (\(note))" }
        return text + "; never above \(Self.mostText) of the target; where nothing is asked for, "
            + "\(releasedWords(unit)) may be left"
    }

    /// What the kind declares, such as `1pp (totals: 2pp)`.
    public func declared(_ unit: Unit) -> String {
        let text = tolerance.words
        return ofTotal == tolerance ? text : "\(text) (totals: \(ofTotal.words))"
    }

    /// What the kernel cannot resolve, such as `2 blocks`; empty where it resolves everything.
    public func floorWords(_ unit: Unit) -> String {
        switch floor {
        case .amount(let amount): amount > 0 ? HumanUnits.allowance(amount, unit) : ""
        case .pagesPerCPU(let pages): "\(pages) pages for each CPU"
        case .blocks(let blocks): "\(blocks) blocks"
        }
    }

    /// What may be left where nothing is asked for, such as `1 MiB` or `nothing`.
    public func releasedWords(_ unit: Unit) -> String {
        released > 0 ? HumanUnits.allowance(released, unit) : "nothing"
    }

    /// Whether the kind's own tolerance is never above the share of the target that is allowed at most.
    private var isWithinShare: Bool {
        [tolerance, ofTotal].allSatisfy {
            if case .percent(let percent) = $0 { percent <= ToleranceLimit.share * 100 } else { false }
        }
    }

    /// The share of the target that is allowed at most unless a profile says otherwise.
    public static let shareText = percent(ToleranceLimit.share)
    /// The share of the target that is allowed at most, whatever a profile says.
    public static let mostText = percent(ToleranceLimit.most)

    private static func percent(_ share: Double) -> String {
        NumberText.text(share * 100, places: 3, trimming: true) + "%"
    }
}

extension ToleranceLimit {
    /// The limit as a sentence, such as `0.02 cores (1pp), 5% of the target at most; 0.001 cores at least; …`.
    ///
    /// - Parameter capacity: what 100 % is, in the unit.
    public func words(_ unit: Unit, capacity: Double) -> String {
        var parts: [String] = []
        if absolute > 0 || ratio <= 0 {
            var amount = HumanUnits.allowance(absolute, unit)
            if unit.description.isInPoints, capacity > 0 {
                amount += " (\(NumberText.text(absolute / capacity * 100, places: 3, trimming: true))pp)"
            }
            parts.append(amount)
        }
        if ratio > 0 { parts.append(NumberText.text(ratio * 100, places: 3, trimming: true) + "% of the target") }
        var text = parts.joined(separator: " or ") + (parts.count > 1 ? ", the larger" : "")
        if isWritten { text += ", as written" }
        if !isWritten, absolute > 0 || ratio > Self.share {
            text += ", \(ToleranceRule.shareText) of the target at most"
        }
        if floor > 0 { text += "; \(HumanUnits.allowance(floor, unit)) at least" }
        if floor > 0 || isWritten && (absolute > 0 || ratio > Self.most) {
            text += "; never above \(ToleranceRule.mostText) of the target"
        }
        let left = released > 0 ? HumanUnits.allowance(released, unit) : "nothing"
        return text + "; where nothing is asked for, \(left) may be left"
    }
}

extension Tolerance {
    /// The tolerance as a profile writes it.
    public var words: String {
        func plain(_ value: Double) -> String { NumberText.text(value, places: 6, trimming: true) }
        return switch self {
        case .points(let points): "\(plain(points))pp"
        case .percent(let percent): "\(plain(percent))% of the target"
        case .absolute(.percent(let percent)): "\(plain(percent))%"
        case .absolute(.max), .absolute(.leave): "any"
        case .absolute(let amount):
            // A count is without a unit in a profile.
            Unit.allCases.first { $0.description.amountKind == amount.kind && amount.kind != .count }
                .map { HumanUnits.allowance(amount.number ?? 0, $0) } ?? plain(amount.number ?? 0)
        }
    }
}
