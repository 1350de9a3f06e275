// SPDX-License-Identifier: Apache-2.0

import LoadModel

/// Something that is given an amount: a stressor, a guard's metric, a tolerance, a setting.
struct AmountTaker {
    /// What it is called in messages, in quotes where it is a word of the profile.
    var name: String
    /// The kinds of amount that it takes.
    var kinds: [AmountKind]
    /// The most percent that it takes.
    var mostPercent = 100.0

    /// A stressor that is given a target.
    init(stressor: String, of manifest: Manifest) {
        name = "'\(stressor)'"
        kinds = manifest.amounts
        mostPercent = manifest.mostPercent
    }

    init(name: String, kinds: [AmountKind]) {
        self.name = name
        self.kinds = kinds
    }

    /// What it takes, each kind with an example.
    var taking: String {
        let examples = kinds.map { kind in
            let title = kind.description
            return switch kind {
            case .max: "'max'"
            case .leave: "'leave \(leaveExample)'"
            default: "\(kind == .percent ? title.title : title.words) such as '\(title.examples[0])'"
            }
        }
        return "\(name) takes \(Wording.either(examples))"
    }

    /// The amount that `leave` would be given here.
    private var leaveExample: String { kinds.lazy.compactMap(\.description.leaveExample).first ?? "10%" }

    /// An amount that may be more than there is, for who wrote more than 100 percent.
    var amountBeyondLimit: String? { kinds.lazy.compactMap(\.description.largeExample).first }
}
