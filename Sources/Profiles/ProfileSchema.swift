// SPDX-License-Identifier: Apache-2.0

public import LoadModel

/// Describes profiles for editors and other tools, from the stressors' own manifests.
public enum ProfileSchema {
    /// The schema's identifier; its number changes when a profile that was valid no longer is.
    public static let identifier = "https://exert.dev/schema/profile/1"

    /// A JSON Schema (draft 2020-12) of profiles, the same text for the same manifests.
    ///
    /// It takes every profile that ``ProfileReader`` takes, but for numbers and truth values in quotes and for kinds
    /// that are not listed. It cannot see what needs arithmetic, such as a ramp that is longer than its phase, nor
    /// which parameters there are and what they are put in place of.
    public static func jsonSchema(manifests: [Manifest]) -> String {
        let listed = manifests.filter(\.isListed)
        var definitions: [(key: String, value: JSONText)] = [("duration", duration)]
        for manifest in listed {
            definitions.append(("stressor-\(manifest.kind)", stressor(manifest)))
            definitions.append(("load-\(manifest.kind)", load(of: manifest)))
            definitions.append(("tolerance-\(manifest.kind)", tolerance(of: manifest)))
        }
        let kinds = AmountKind.allCases.filter { kind in listed.contains { $0.amounts.contains(kind) } }
        let units = AmountKind.allCases.filter { kind in listed.contains { $0.unit.description.amountKind == kind } }
        definitions.append(("stressor", namedStressor(listed)))
        let load = pattern(
            NotationPattern.load(kinds, isBeyondAll: listed.contains { $0.mostPercent > 100 }),
            "The load of a stressor", counts: kinds)
        definitions.append(("load", withAllowance(load)))
        definitions.append(
            ("tolerance", pattern(NotationPattern.tolerance(units), "How far off it may be", counts: units)))
        definitions += phaseDefinitions(listed)
        definitions.append(("guard", guards))
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
                    (
                        "seed",
                        .object([
                            ("description", "What 'random' loads draw from: the same seed, the same load"),
                            ("type", "integer"), ("minimum", 0), ("default", 0),
                        ])
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

    static func reference(_ name: String) -> JSONText { .object([("$ref", .string("#/$defs/\(name)"))]) }

    static func title(_ description: String) -> JSONText {
        .object([
            ("description", .string(description)), ("type", .words(["string", "number"])), ("minLength", 1),
            ("maxLength", 100),
        ])
    }

    static let duration: JSONText = .object([
        ("description", "A length of time: d, h, m, s and ms, the longest first"),
        ("type", "string"), ("pattern", .string(NotationPattern.duration)),
        ("examples", .words(["30s", "2m", "1h30m", "250ms", "1d"])),
    ])

    /// A notation; a plain number too where counts are taken.
    private static func pattern(
        _ pattern: String, _ description: String, counts kinds: [AmountKind], examples: [String] = []
    ) -> JSONText {
        var members: [(key: String, value: JSONText)] = [("description", .string(description))]
        if kinds.contains(.count) {
            members.append(("type", .words(["string", "integer"])))
            members.append(("minimum", 0))
        } else {
            members.append(("type", "string"))
        }
        members.append(("pattern", .string(pattern)))
        if !examples.isEmpty { members.append(("examples", .words(examples))) }
        return .object(members)
    }

    private static func load(of manifest: Manifest) -> JSONText {
        let taking = AmountTaker(stressor: manifest.kind, of: manifest).taking
        return withAllowance(
            pattern(
                NotationPattern.load(manifest.amounts, isBeyondAll: manifest.mostPercent > 100),
                "\(manifest.summary). \(taking), or a shape: "
                    + ShapeForm.all.map(\.name).joined(separator: ", ") + ", or some of them with ' + ' between",
                counts: manifest.amounts, examples: manifest.examples))
    }

    /// A load by itself, or with how long the way to it may take.
    private static func withAllowance(_ load: JSONText) -> JSONText {
        let mapping: JSONText = .object([
            ("description", "The load, how long the way to its targets may take, and which end is wanted"),
            ("type", "object"),
            ("additionalProperties", false), ("required", .words(["load"])),
            (
                "properties",
                .object([
                    ("load", load), ("start", place), ("for", place), ("within", duration),
                    ("expect", expectation),
                ])
            ),
        ])
        return .object([("anyOf", .array([load, mapping]))])
    }

    private static let place: JSONText = .object([
        ("description", "When the load starts within its phase, and how long it lasts"),
        ("type", "string"), ("pattern", .string(NotationPattern.duration)), ("examples", .words(["10s"])),
    ])

    private static let expectation: JSONText = .object([
        ("description", "The end that is wanted, and then is a success"),
        ("enum", .words(ExpectedEnd.allCases.map(\.rawValue))),
    ])

    private static func tolerance(of manifest: Manifest) -> JSONText {
        pattern(
            NotationPattern.tolerance([manifest.unit.description.amountKind]),
            "How far off '\(manifest.kind)' may be: points of its base, percent of its target, or an amount; never "
                + "above \(ToleranceRule.mostText) of the target. Where none is written: "
                + manifest.tolerance.words(manifest.unit),
            counts: [manifest.unit.description.amountKind], examples: ["1pp", "1%"])
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

    private static func stressors(_ manifests: [Manifest]) -> JSONText {
        .object([
            ("description", "What and where; a kind may be left out for its defaults"),
            ("type", .words(["object", "null"])), ("maxProperties", .integer(ProfileReader.stressorLimit)),
            ("propertyNames", .object([("pattern", .string(NotationPattern.stressorName))])),
            ("properties", .object(manifests.map { ($0.kind, reference("stressor-\($0.kind)")) })),
            ("additionalProperties", reference("stressor")),
        ])
    }

    private static func stressor(_ manifest: Manifest) -> JSONText {
        let kind: JSONText = .object([
            ("description", "The kind of stressor; by default its name"), ("const", .string(manifest.kind)),
        ])
        return .object([
            ("title", .string(manifest.kind)),
            ("description", .string(manifest.summary)),
            ("type", .words(["object", "null"])),
            ("additionalProperties", false),
            ("properties", .object([("kind", kind)] + settings(manifest.keys))),
        ])
    }

    /// The settings as members; those of dotted names as members of a mapping.
    private static func settings(_ keys: [Manifest.Key]) -> [(String, JSONText)] {
        var members: [(String, JSONText)] = []
        for key in keys {
            guard let dot = key.name.firstIndex(of: ".") else {
                members.append((key.name, setting(key)))
                continue
            }
            let outer = key.name[..<dot]
            guard !members.contains(where: { $0.0 == outer }) else { continue }
            let inner = keys.filter { $0.name.hasPrefix("\(outer).") }.map { key in
                var key = key
                key.name.removeFirst(outer.count + 1)
                return key
            }
            let mapping: JSONText = .object([
                ("type", "object"), ("additionalProperties", false), ("properties", .object(settings(inner))),
            ])
            members.append((String(outer), mapping))
        }
        return members
    }

    /// A stressor whose name is not a kind: it says which it is.
    private static func namedStressor(_ manifests: [Manifest]) -> JSONText {
        let kinds: JSONText = .object([
            ("description", "The kind of stressor"), ("enum", .words(manifests.map(\.kind))),
        ])
        let cases = manifests.map { manifest -> JSONText in
            let isKind: JSONText = .object([
                ("properties", .object([("kind", .object([("const", .string(manifest.kind))]))])),
                ("required", .words(["kind"])),
            ])
            return .object([("if", isKind), ("then", reference("stressor-\(manifest.kind)"))])
        }
        return .object([
            ("type", "object"), ("required", .words(["kind"])), ("properties", .object([("kind", kinds)])),
            ("allOf", .array(cases)),
        ])
    }

    private static func setting(_ key: Manifest.Key) -> JSONText {
        var members: [(key: String, value: JSONText)] = [("description", .string(key.help))]
        switch key.type {
        case .choice(let words):
            members.append(("enum", .words(words)))
        case .integer(let range):
            members += [
                ("type", "integer"), ("minimum", .integer(range.lowerBound)), ("maximum", .integer(range.upperBound)),
            ]
        case .boolean:
            members.append(("type", "boolean"))
        case .cpuList:
            members += [
                ("type", .words(["string", "integer"])), ("pattern", .string(NotationPattern.cpuList)),
                ("minimum", 0), ("maximum", .integer(SettingNotation.cpuLimit)), ("examples", .words(["0-3,8"])),
            ]
        case .bytes:
            members += [
                ("type", "string"), ("pattern", .string(NotationPattern.byteAmount)),
                ("examples", .words(["256MiB"])),
            ]
        case .sizes:
            members.append(("anyOf", .array([sizeText, sizeList])))
        case .duration:
            members += [
                ("type", "string"), ("pattern", .string(NotationPattern.duration)), ("examples", .words(["5s"])),
            ]
        case .text, .directory:
            members += [("type", .words(["string", "number"])), ("minLength", 1)]
        case .percent:
            members += [
                ("type", "string"), ("pattern", .string(NotationPattern.percentAmount)), ("examples", .words(["70%"])),
            ]
        case .nodes:
            members.append(("anyOf", .array([nodeList, nodeAmounts])))
        }
        switch key.defaultValue {
        case nil, .nodes, .directory: break
        case .text(let text): members.append(("default", .string(text)))
        case .integer(let value): members.append(("default", .integer(value)))
        case .boolean(let value): members.append(("default", .boolean(value)))
        case .cpus(let cpus): members.append(("default", .string(cpus.map(String.init).joined(separator: ","))))
        case .bytes(let bytes): members.append(("default", .string("\(bytes)B")))
        case .sizes(let mix): members.append(("default", .string(SettingNotation.text(of: mix))))
        case .duration(let length): members.append(("default", .string(UnitNotation.text(of: length))))
        case .percent(let percent): members.append(("default", .string("\(percent)%")))
        }
        return .object(members)
    }

    private static let sizeText: JSONText = .object([
        ("description", "A size, or several, each with its share of the operations"), ("type", "string"),
        ("pattern", .string(NotationPattern.sizes)), ("examples", .words(["64KiB", "4KiB 50%, 16KiB 50%"])),
    ])

    private static let sizeList: JSONText = .object([
        ("description", "Sizes, each with its share of the operations"), ("type", "array"), ("minItems", 1),
        ("maxItems", .integer(SizeMix.limit)),
        ("items", .object([("type", "string"), ("pattern", .string(NotationPattern.sizeOfList))])),
    ])

    private static let nodeList: JSONText = .object([
        ("description", "Memory nodes"), ("type", .words(["string", "integer"])),
        ("pattern", .string(NotationPattern.nodes)), ("minimum", 0),
        ("maximum", .integer(SettingNotation.nodeLimit)), ("examples", .words(["0-1"])),
    ])

    private static let nodeAmounts: JSONText = .object([
        ("description", "What each memory node is to have"), ("type", "object"), ("minProperties", 1),
        ("propertyNames", .object([("pattern", "^(?:0|[1-9][0-9]{0,3})$")])),
        (
            "additionalProperties",
            .object([("type", "string"), ("pattern", .string(NotationPattern.nodeAmount))])
        ),
    ])

    private static let defaultsWord: JSONText = .object([
        (
            "description",
            .string(
                "Whether the guards are on that nobody need write: "
                    + Guard.defaults.map(\.text).joined(separator: "; "))
        ),
        ("enum", .array(["on", "off", true, false])), ("default", "on"),
    ])

    private static let guardDefaults: JSONText = .object([
        ("type", "object"), ("required", .words([GuardNotation.defaultsKey])), ("additionalProperties", false),
        ("properties", .object([(GuardNotation.defaultsKey, defaultsWord)])),
    ])

    private static let guards: JSONText = .object([
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
