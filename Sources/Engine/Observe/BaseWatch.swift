// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// Tells when what 100 % was made of is not what it was.
struct BaseWatch {
    /// A smaller change, as a share, is none: some file systems give and take a little for themselves.
    private static let least = 1e-3
    /// More changes than this are not told one by one.
    private static let most = 8

    private let stressor: PlannedStressor
    private var last: LimitBases.Amount?
    private var count = 0

    /// Watches the base of `stressor`, which something that it is asked for rests on.
    init(_ stressor: PlannedStressor) { self.stressor = stressor }

    /// A change, and by how much the targets are to change with it; `nil` where they are not.
    struct Change {
        var finding: Finding?
        var factor: Double?
    }

    /// The change since the last time that this was asked; `nil` where there is none.
    mutating func change(to bases: LimitBases) -> Change? {
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
    private func amount(_ bases: LimitBases) -> LimitBases.Amount? {
        let of = stressor.settings.text("of")
        switch (stressor.kind, of) {
        case ("cpu", _):
            let processors = bases.processors.map { LimitBases.Amount(value: Double($0.now), source: $0.source) }
            // Without `of` and with `auto` it would be the quota that counts, were the plan made now.
            let quota = of == "host" || of == "affinity" ? nil : bases.quota
            guard let processors else { return quota }
            guard let quota, quota.value < processors.value else { return processors }
            return quota
        case ("memory", "cgroup"):
            return bases.memory ?? LimitBases.Amount(value: .infinity, source: "no limit")
        case ("disk-space", _): return bases.space
        case ("inodes", _): return bases.inodes
        // The limit of a process that is squeezed is what the load itself sets.
        case ("file-handles", _): return stressor.settings.integer("target.pid") == nil ? bases.handles : nil
        default: return nil
        }
    }

    private func text(_ amount: LimitBases.Amount) -> String {
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
