// SPDX-License-Identifier: Apache-2.0

import LoadModel

// Guards.
extension ProfileSchema {
    static let defaultsWord: JSONText = .object([
        (
            "description",
            .string(
                "Whether the guards are on that nobody need write: "
                    + Guard.defaults.map(\.text).joined(separator: "; "))
        ),
        ("enum", .array(["on", "off", true, false, "true", "false"])), ("default", "on"),
    ])

    static let guardDefaults: JSONText = .object([
        ("type", "object"), ("required", .words([GuardNotation.defaultsKey])), ("additionalProperties", false),
        ("properties", .object([(GuardNotation.defaultsKey, defaultsWord)])),
    ])

    /// What is written like a guard.
    ///
    /// - Parameters:
    ///   - both: whether both directions of a comparison are taken.
    ///   - words: what stands in the place of a comparison.
    static func conditions(_ description: String, both: Bool, _ words: [EarlyEndWord] = []) -> JSONText {
        let metrics = Metric.allCases.map { metric -> JSONText in
            .object([
                ("description", .string(metric.description.help)), ("type", "string"),
                ("pattern", .string(NotationPattern.condition(on: metric, both: both))),
            ])
        }
        let named: [JSONText] = words.isEmpty ? [] : [.object([("enum", .words(words.map(\.rawValue)))])]
        return .object([
            ("description", .string(description)),
            ("examples", .words([GuardNotation.usage] + Metric.allCases.compactMap(\.description.example))),
            ("anyOf", .array(named + metrics)),
        ])
    }
}
