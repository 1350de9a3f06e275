// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import LoadModel

/// How the setting `mode: auto|add|total` of a level stressor is read.
enum LevelMode {
    /// The setting, for manifests.
    static let key = Manifest.Key(
        "mode", .choice(["auto", "add", "total"]), default: .text("auto"), reach: .always(.ownProcess),
        help: "add puts the amount on top of what is in use; total brings the whole use to the target and follows it "
            + "both ways while others come and go. auto takes total for percentages, leave and max, else add.")

    /// Amounts that speak of the whole.
    private static let whole: Set<AmountKind> = [.percent, .leave, .max]

    /// The mode of what is asked.
    static func resolve(_ request: LoadRequest) throws(PlanProblem) -> LoadMode {
        switch request.settings.text("mode") {
        case "add": return .add
        case "total": return .total
        default:
            if request.amounts.isDisjoint(with: whole) { return .add }
            guard request.amounts.isSubset(of: whole) else {
                throw .invalid(
                    setting: nil,
                    "'\(request.name)' has loads that are plain amounts and loads that are of the whole (percent, "
                        + "leave, max); set mode to add or total")
            }
            return .total
        }
    }
}
