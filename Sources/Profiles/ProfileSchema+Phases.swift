// SPDX-License-Identifier: Apache-2.0

import LoadModel

// Phases, and groups of them.
extension ProfileSchema {
    static func phaseDefinitions(_ manifests: [Manifest]) -> [(key: String, value: JSONText)] {
        var definitions: [(key: String, value: JSONText)] = [("phase", phase(manifests))]
        // From the innermost on, which has phases alone.
        var inner = [reference("phase")]
        for depth in (0..<ProfileBuilder.groupDepth).reversed() {
            let name = depth == 0 ? "phase-group" : "phase-group-\(depth + 1)"
            definitions.append((name, group(of: inner)))
            inner = [reference("phase"), reference(name)]
        }
        return definitions
    }

    private static func phase(_ manifests: [Manifest]) -> JSONText {
        .object([
            ("type", "object"),
            (
                "anyOf",
                .array([
                    .object([("required", .words(["for"]))]),
                    .object([("required", .words(["until"])), ("properties", .object([("until", untilStopped)]))]),
                ])
            ),
            ("additionalProperties", false),
            (
                "properties",
                .object([
                    ("name", title("The phase's name, unlike any other's; by default its place, such as phase-2")),
                    (
                        "for",
                        .object([
                            ("description", "How long it lasts; 'trace' for as long as the longest trace in it"),
                            (
                                "anyOf",
                                .array([reference("duration"), .object([("const", .string(ProfileBuilder.asTrace))])])
                            ),
                        ])
                    ),
                    (
                        "until",
                        .object([
                            (
                                "description",
                                .string(
                                    "What ends it before that time: a condition, or any of several; stopped is of the "
                                        + "last phase, which then needs no length")
                            ),
                            (
                                "anyOf",
                                .array([
                                    reference("until"),
                                    .object([
                                        ("type", "array"), ("minItems", 1),
                                        ("maxItems", .integer(ProfileReader.guardLimit)), ("items", reference("until")),
                                    ]),
                                ])
                            ),
                        ])
                    ),
                    ("load", perStressor(manifests, "load", "The loads; a stressor that is not named is released")),
                    ("within", reference("duration")), ("note", note),
                    (
                        "repeat",
                        times("How often it is run, one after the other; each has a name such as 'squeeze 2/3'")
                    ),
                ])
            ),
        ])
    }

    /// A phase that goes on until it is stopped.
    private static let untilStopped: JSONText = {
        let word: JSONText = .object([("const", .string(EarlyEndWord.stopped.rawValue))])
        return .object([("anyOf", .array([word, .object([("type", "array"), ("contains", word)])]))])
    }()

    private static func group(of items: [JSONText]) -> JSONText {
        .object([
            ("description", "Phases that are run again and again, in order"),
            ("type", "object"),
            ("required", .words(["repeat", "phases"])),
            ("additionalProperties", false),
            (
                "properties",
                .object([
                    (
                        "repeat",
                        times(
                            "How often they are run; with all repetitions there are "
                                + "\(ProfileReader.phaseLimit) phases at most")
                    ),
                    (
                        "phases",
                        .object([
                            ("description", "The phases, in order"),
                            ("type", "array"), ("minItems", 1), ("maxItems", .integer(ProfileReader.phaseLimit)),
                            ("items", .object([("anyOf", .array(items))])),
                        ])
                    ),
                ])
            ),
        ])
    }

    private static func times(_ description: String) -> JSONText {
        .object(integer(description, 1...ProfileReader.phaseLimit))
    }
}
