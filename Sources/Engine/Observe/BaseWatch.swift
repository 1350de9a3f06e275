// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// Tells when what 100 % was made of is not what it was.
struct BaseWatch {
    /// A smaller change, as a share, is none: some file systems give and take a little for themselves.
    private static let least = 1e-3
    /// More changes than this are not told one by one.
    private static let most = 8

    private let stressor: PlannedStressor
    private let source: BaseSource
    private var last: BaseAmount?
    private var count = 0

    /// Watches the base of `stressor`, which something that it is asked for rests on.
    init(_ stressor: PlannedStressor, _ source: BaseSource) {
        self.stressor = stressor
        self.source = source
    }

    /// A change, and by how much the targets are to change with it; `nil` where they are not.
    struct Change {
        var finding: Finding?
        var factor: Double?
    }

    /// The change since the last time that this was asked; `nil` where there is none.
    mutating func change(to bases: LimitBases?) -> Change? {
        guard let now = amount(bases) else { return nil }
        guard let last else {
            last = now
            return nil
        }
        let isSmall = last.value.isFinite && abs(last.value - now.value) <= Self.least * last.value
        guard last.value != now.value, !isSmall else { return nil }
        self.last = now
        let isFollowed = stressor.settings.flag("follow") && last.value.isFinite && now.value.isFinite && last.value > 0
        count += 1
        let outcome =
            isFollowed
            ? "the targets follow it from now on"
            : "the target stays what it was made of at the start. Run anew for a share of what there is now"
                + (stressor.settings.values["follow"] == nil ? "" : ", or set 'follow: true'")
        let finding = Finding(
            code: "base_changed", stressor: stressor.name,
            message: "100 % was \(text(last)) and is \(text(now)) now; \(outcome)"
                + (count == Self.most ? "; further changes are not told" : ""))
        return Change(
            finding: count <= Self.most ? finding : nil, factor: isFollowed ? now.value / last.value : nil)
    }

    /// What limits the base: the least of what can.
    private func amount(_ bases: LimitBases?) -> BaseAmount? {
        switch source {
        case .meter(let read): return read()
        case .groupMemory: return bases.map { $0.memory ?? BaseAmount(value: .infinity, source: "no limit") }
        case .processors(let hasQuota):
            let processors = bases?.processors.map { BaseAmount(value: Double($0.now), source: $0.source) }
            let quota = hasQuota ? bases?.quota : nil
            guard let processors else { return quota }
            guard let quota, quota.value < processors.value else { return processors }
            return quota
        }
    }

    private func text(_ amount: BaseAmount) -> String {
        if amount.value == .infinity { return "the host's memory (no limit)" }
        let figure =
            switch stressor.unit {
            case .cores: Figure.cores(amount.value)
            case .bytes: Figure.mebibytes(Int64(amount.value))
            default: HumanUnits.amount(amount.value, stressor.unit)
            }
        return "\(figure) (\(amount.source))"
    }
}
