// SPDX-License-Identifier: Apache-2.0

import LoadModel

// Parameters, and everything that may have one in it.
extension ProfileSchema {
    /// A text that has a parameter, or the sign that begins one; what it comes to only the reader knows.
    static let parameter: JSONText = .object([
        ("description", "A text with a parameter of 'params' in it, such as $level"), ("type", "string"),
        ("pattern", .string(withParameter)),
    ])
    private static let withParameter = "[$][A-Za-z_$]"

    static let parameters: JSONText = .object([
        ("description", "Parameters by name, which stand in texts as $name; '$$' is '$'"),
        ("type", .words(["object", "null"])), ("maxProperties", .integer(ParameterNotation.countLimit)),
        ("propertyNames", .object([("pattern", "^[A-Za-z_][A-Za-z0-9_]{0,63}$")])),
        ("additionalProperties", .object([("anyOf", .array([parameterValue, declaration]))])),
    ])

    private static let parameterValue: JSONText = .object([
        ("description", "Its default, from which its type is found: a duration, a number, an amount or text"),
        ("type", .words(["string", "number", "boolean"])), ("maxLength", .integer(ParameterNotation.longest)),
    ])

    private static let declaration: JSONText = .object([
        ("type", "object"), ("additionalProperties", false),
        (
            "properties",
            .object([
                ("default", parameterValue),
                (
                    "type",
                    .object([
                        ("description", "What it takes; by default what the default is"),
                        ("enum", .words(ParameterNotation.Kind.allCases.map(\.rawValue))),
                    ])
                ),
                (
                    "from",
                    .object([
                        (
                            "description",
                            "An environment variable that it is taken from where it is there, never over HTTP"
                        ),
                        ("type", "string"), ("pattern", "^env:[A-Za-z_][A-Za-z0-9_]{0,63}$"),
                        ("examples", .words(["env:LEVEL"])),
                    ])
                ),
                ("description", .object([("type", .words(["string", "number", "boolean", "null"]))])),
            ])
        ),
        (
            "anyOf",
            .array([.object([("required", .words(["default"]))]), .object([("required", .words(["type"]))])])
        ),
    ])

    /// The same schema where every text may have parameters in it, but those of `params`.
    static func takingParameters(_ schema: JSONText) -> JSONText {
        guard case .object(let members) = schema else { return schema }
        let type = members.first { $0.key == "type" }?.value
        let isOther = members.contains { $0.key == "enum" || $0.key == "const" } || !mayBeText(type)
        let taken = members.map { key, value -> (key: String, value: JSONText) in
            switch (key, value) {
            case ("pattern", .string(let pattern)): (key, .string(pattern + "|" + withParameter))
            case ("items", _), ("additionalProperties", _), ("then", _): (key, takingParameters(value))
            case ("anyOf", .array(let schemas)), ("allOf", .array(let schemas)):
                (key, .array(schemas.map(takingParameters)))
            case ("properties", .object(let inner)), ("$defs", .object(let inner)):
                (
                    key,
                    .object(
                        inner.map { name, value in
                            (name, name == "params" || name == "parameter" ? value : takingParameters(value))
                        })
                )
            default: (key, value)
            }
        }
        guard isOther else { return .object(taken) }
        return .object([("anyOf", .array([.object(taken), reference("parameter")]))])
    }

    /// Whether a `type` has texts, or is not of single values at all.
    private static func mayBeText(_ type: JSONText?) -> Bool {
        let words: [JSONText]
        switch type {
        case .array(let all): words = all
        case .string?: words = [type ?? .null]
        default: return true
        }
        return !words.contains {
            if case .string(let word) = $0 { ["integer", "boolean"].contains(word) } else { false }
        }
            || words.contains { if case .string("string") = $0 { true } else { false } }
    }
}
