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

    static let guards: JSONText = .object([
        ("description", "A condition that aborts the run"),
        ("examples", .words([GuardNotation.usage] + Metric.allCases.compactMap(\.description.example))),
        (
            "anyOf",
            .array(
                Metric.allCases.map { metric in
                    .object([
                        ("description", .string(metric.description.help)), ("type", "string"),
                        ("pattern", .string(NotationPattern.condition(on: metric))),
                    ])
                })
        ),
    ])
}
