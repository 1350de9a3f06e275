// SPDX-License-Identifier: Apache-2.0

import LoadModel

// Probes and objectives, as their kinds describe themselves.
extension ProfileSchema {
    static var probeDefinitions: [(key: String, value: JSONText)] {
        ProbeKind.allCases.map { ("probe-\($0.rawValue)", probe($0)) }
            + ProbeOption.allCases.filter { !$0.isOfKind }.map { ("option-\($0.rawValue)", option($0)) }
            + [
                (
                    "probe-text",
                    .object([
                        ("description", "What is asked, with defaults for all else"), ("type", "string"),
                        ("pattern", .string(NotationPattern.probe)), ("examples", .words(["http://localhost:8080/"])),
                    ])
                )
            ]
    }

    static let probes: JSONText = .object([
        ("description", "What is asked of the system under test, at a fixed rate, by name"),
        ("type", .words(["object", "null"])), ("maxProperties", .integer(ProfileReader.probeLimit)),
        ("propertyNames", .object([("pattern", .string(NotationPattern.stressorName))])),
        (
            "additionalProperties",
            .object([
                (
                    "anyOf",
                    .array([reference("probe-text")] + ProbeKind.allCases.map { reference("probe-\($0.rawValue)") })
                )
            ])
        ),
    ])

    static let objectives: JSONText = .object([
        ("description", "What the answers must be, and when"), ("type", .words(["array", "null"])),
        ("maxItems", .integer(ProfileReader.objectiveLimit)),
        (
            "items",
            .object([
                ("type", "string"), ("pattern", .string(NotationPattern.objective)),
                (
                    "examples",
                    .words([
                        "checkout 99% good before", "checkout p95 < 300ms during squeeze, from settled",
                        "checkout p99 <= before + 20% after", "checkout recovers within 30s",
                        "paged within 2m of squeeze",
                    ])
                ),
            ])
        ),
    ])

    private static func probe(_ kind: ProbeKind) -> JSONText {
        let description = kind.description
        var asked: [(key: String, value: JSONText)] = [("description", .string(description.help))]
        switch description.target {
        case .arguments:
            asked += [
                ("type", "array"), ("minItems", 1),
                ("items", .object([("type", .words(["string", "number", "boolean"]))])),
            ]
        case .processID: asked = integer(description.help, 1...Int(Int32.max))
        case .url, .endpoint, .name:
            asked += [("type", "string"), ("pattern", .string(NotationPattern.target(kind) ?? ""))]
        }
        if kind != .command { asked.append(("examples", .array([.string(description.example)]))) }
        let options = kind.options.map { option in
            (option.rawValue, option.isOfKind ? self.option(option, of: kind) : reference("option-\(option.rawValue)"))
        }
        return .object([
            ("title", .string(kind.rawValue)), ("description", .string(description.help)), ("type", "object"),
            ("required", .words([kind.rawValue] + (kind == .prometheus ? [ProbeOption.query.rawValue] : []))),
            ("additionalProperties", false),
            ("properties", .object([(kind.rawValue, .object(asked))] + options)),
        ])
    }

    /// An option, which is alike in all kinds that have it but for what its conditions may be.
    private static func option(_ option: ProbeOption, of kind: ProbeKind = .http) -> JSONText {
        let description = option.description
        var members: [(key: String, value: JSONText)] = [("description", .string(description.help))]
        switch description.value {
        case .duration: members.append(("$ref", "#/$defs/duration"))
        case .choice(let words): members.append(("enum", .words(words)))
        case .boolean: members.append(("enum", truth))
        case .text, .path: members += [("type", .words(["string", "number", "boolean"])), ("minLength", 1)]
        case .conditions:
            let one: JSONText = .object([
                ("type", kind.description.conditions.contains(.status) ? .words(["string", "integer"]) : "string"),
                ("pattern", .string(NotationPattern.conditions(of: kind))), ("minimum", 100), ("maximum", 599),
            ])
            let several: JSONText = .object([("type", "array"), ("minItems", 1), ("items", one)])
            members.append(("anyOf", .array([one, several])))
        case .headers:
            members += [
                ("type", "object"),
                ("propertyNames", .object([("pattern", "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")])),
                (
                    "additionalProperties",
                    .object([("type", .words(["string", "number", "boolean"])), ("minLength", 1)])
                ),
            ]
        }
        if let text = description.defaultText {
            if case .boolean = description.value {
                members.append(("default", .boolean(text == "true")))
            } else {
                members.append(("default", .string(text)))
            }
        }
        return .object(members)
    }
}

extension ProbeOption {
    /// Whether what it takes depends on the kind of probe.
    fileprivate var isOfKind: Bool { if case .conditions = description.value { true } else { false } }
}
