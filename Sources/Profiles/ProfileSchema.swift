// SPDX-License-Identifier: Apache-2.0

public import LoadModel

/// Describes profiles for editors and other tools, from the stressors' own manifests.
public enum ProfileSchema {
    /// The schema's identifier; its number changes when a profile that was valid no longer is.
    public static let identifier = "https://exert.dev/schema/profile/1"

    /// A JSON Schema (draft 2020-12) of profiles, the same text for the same manifests.
    ///
    /// It takes every profile that ``ProfileReader`` takes, but for kinds that are not listed. It cannot see what needs
    /// arithmetic, such as a ramp that is longer than its phase, nor which names, files and parameters there are and
    /// what parameters are put in place of; nor how a number is written, such as `1_000` or `2.0`, which a reader of
    /// YAML has made a number before the schema comes to it.
    public static func jsonSchema(manifests: [Manifest]) -> String {
        let listed = manifests.filter(\.isListed)
        var definitions: [(key: String, value: JSONText)] = [
            ("duration", duration), ("start", start), ("expected-end", expectedEnd),
        ]
        let shared = SharedSettings(listed)
        definitions += listed.map { ("stressor-\($0.kind)", stressor($0, shared)) } + shared.definitions
        definitions.append(("stressor", namedStressor(listed)))
        definitions += loadDefinitions(listed) + toleranceDefinitions(listed) + phaseDefinitions(listed)
        definitions.append(("guard", conditions("A condition that aborts the run", both: false)))
        definitions.append(("until", conditions("A condition that ends its phase", both: true, EarlyEndWord.allCases)))
        definitions += probeDefinitions
        definitions.append(("parameter", parameter))

        let schema: JSONText = .object([
            ("$schema", "https://json-schema.org/draft/2020-12/schema"),
            ("$id", .string(identifier)),
            ("title", "exert profile"),
            ("description", "What to exert on this host, when, how much, and within which tolerance."),
            ("type", "object"),
            ("required", .words(["phases"])),
            ("additionalProperties", false),
            (
                "patternProperties",
                .object([("^x-", .object([("description", "Values that aliases stand for; not read")]))])
            ),
            (
                "properties",
                .object([
                    ("name", title("The profile's name, for the log and the report; by default the file's")),
                    (
                        "description",
                        .object([
                            ("description", "What the profile is for; not read"),
                            ("type", .words(["string", "number", "boolean", "null"])),
                        ])
                    ),
                    ("note", note), ("labels", labels), ("include", include),
                    (
                        "seed",
                        .object(
                            integer("What 'random' loads draw from: the same seed, the same load", seeds)
                                + [("default", 0)])
                    ),
                    ("params", parameters),
                    ("stressors", stressors(listed)),
                    (
                        "phases",
                        .object([
                            ("description", "When and how much, in order"),
                            ("type", "array"), ("minItems", 1), ("maxItems", .integer(ProfileReader.phaseLimit)),
                            ("items", .object([("anyOf", .array([reference("phase"), reference("phase-group")]))])),
                        ])
                    ),
                    (
                        "guards",
                        .object([
                            ("description", "Conditions of which any aborts the run and releases everything"),
                            ("type", .words(["array", "object", "null"])),
                            ("maxItems", .integer(ProfileReader.guardLimit)),
                            ("items", .object([("anyOf", .array([reference("guard"), guardDefaults]))])),
                            ("properties", .object([(GuardNotation.defaultsKey, defaultsWord)])),
                            ("additionalProperties", false), ("minProperties", 1),
                        ])
                    ),
                    ("tolerance", perStressor(listed, "tolerance", "How far off each stressor may be")),
                    ("probes", probes), ("objectives", objectives),
                ])
            ),
            ("$defs", .object(definitions)),
        ])
        return takingParameters(schema).text() + "\n"
    }

    // MARK: Parts

    /// What fits `Int64`, as the reader has it, and is exact for those who read numbers as `Double`.
    private static let seeds = 0...Int(NumberNotation.limit)

    static func reference(_ name: String) -> JSONText { .object([("$ref", .string("#/$defs/\(name)"))]) }

    static func title(_ description: String) -> JSONText {
        .object([
            ("description", .string(description)), ("type", .words(["string", "number", "boolean"])),
            ("pattern", .string(NotationPattern.title)), ("maxLength", 100),
        ])
    }

    /// A mapping from stressor names to one of the per-kind definitions; other names take what any kind takes.
    static func perStressor(_ manifests: [Manifest], _ part: String, _ description: String) -> JSONText {
        .object([
            ("description", .string(description)),
            ("type", .words(["object", "null"])),
            ("propertyNames", .object([("pattern", .string(NotationPattern.stressorName))])),
            ("properties", .object(manifests.map { ($0.kind, reference("\(part)-\($0.kind)")) })),
            ("additionalProperties", reference(part)),
        ])
    }

    /// A whole number, in quotes too: the reader looks at the text alone.
    static func integer(_ description: String, _ range: ClosedRange<Int>) -> [(key: String, value: JSONText)] {
        [
            ("description", .string(description)), ("type", .words(["integer", "string"])),
            ("minimum", .integer(range.lowerBound)), ("maximum", .integer(range.upperBound)),
            ("pattern", .string(NotationPattern.anchored(NotationPattern.wholeNumber(in: range)))),
        ]
    }

    /// A truth value, in quotes too.
    static let truth: JSONText = .array([true, false, "true", "false"])

    static let note: JSONText = .object([
        ("description", "What was seen, or is to be kept in mind: for plan, log and result"),
        ("type", .words(["string", "number", "boolean"])), ("pattern", .string(NotationPattern.someText)),
        ("maxLength", .integer(ProfileReader.noteLimit)),
    ])

    private static let labels: JSONText = .object([
        ("description", "Labels that every line of the log carries; --label has the last word"),
        ("type", .words(["object", "null"])), ("maxProperties", .integer(RunTags.limit)),
        ("propertyNames", .object([("pattern", .string(RunTags.namePattern))])),
        (
            "additionalProperties",
            .object([("type", .words(["string", "number", "boolean"])), ("maxLength", .integer(RunTags.valueLimit))])
        ),
    ])

    private static let include: JSONText = .object([
        (
            "description",
            .string(
                "Files beside this one whose parts are taken, and what is written here has the last word: "
                    + Inclusion.parts.filter { $0.part != .own }.map(\.key).joined(separator: ", "))
        ),
        ("anyOf", .array([includedPath, .object([("type", "array"), ("minItems", 1), ("items", includedPath)])])),
    ])

    private static let includedPath: JSONText = .object([
        ("type", .words(["string", "number", "boolean"])), ("pattern", #"^\s*[^\s/]"#),
        ("examples", .words(["common.yaml"])),
    ])

    static let duration: JSONText = time(
        "A length of time: d, h, m, s and ms, the longest first", none: NotationPattern.noDuration,
        ["30s", "2m", "1h30m", "250ms", "1d"])

    private static let start: JSONText = time(
        "When the load starts within its phase", none: #"^\s*$"#, ["10s"])

    /// A time that is not too long, and not what `none` takes.
    private static func time(_ description: String, none: String, _ examples: [String]) -> JSONText {
        .object([
            ("description", .string(description)), ("type", "string"), ("pattern", .string(NotationPattern.duration)),
            ("not", .object([("type", "string"), ("pattern", .string("\(none)|\(NotationPattern.tooLong)"))])),
            ("examples", .words(examples)),
        ])
    }
}
