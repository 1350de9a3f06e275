// SPDX-License-Identifier: Apache-2.0

import LoadModel

// Stressors with their settings.
extension ProfileSchema {
    static func stressors(_ manifests: [Manifest]) -> JSONText {
        .object([
            ("description", "What and where; a kind may be left out for its defaults"),
            ("type", .words(["object", "null"])), ("maxProperties", .integer(ProfileReader.stressorLimit)),
            ("propertyNames", .object([("pattern", .string(NotationPattern.stressorName))])),
            ("properties", .object(manifests.map { ($0.kind, reference("stressor-\($0.kind)")) })),
            ("additionalProperties", reference("stressor")),
        ])
    }

    /// Settings that several stressors have alike, each by its text.
    struct SharedSettings {
        private(set) var definitions: [(key: String, value: JSONText)] = []
        private var names: [String: String] = [:]

        init(_ manifests: [Manifest]) {
            var counts: [String: Int] = [:]
            for (name, value) in manifests.flatMap({ settings($0.keys) }) {
                let text = name + value.text()
                counts[text, default: 0] += 1
                guard counts[text] == 2 else { continue }
                let base = "setting-\(name)"
                let others = definitions.count { $0.key == base || $0.key.hasPrefix(base + "-") }
                names[text] = others == 0 ? base : "\(base)-\(others + 1)"
                definitions.append((names[text] ?? base, value))
            }
        }

        /// A reference where others have the same setting.
        func reference(to name: String, _ value: JSONText) -> JSONText {
            names[name + value.text()].map(ProfileSchema.reference) ?? value
        }
    }

    static func stressor(_ manifest: Manifest, _ shared: SharedSettings) -> JSONText {
        let kind: JSONText = .object([
            ("description", "The kind of stressor; by default its name"), ("const", .string(manifest.kind)),
        ])
        return .object([
            ("title", .string(manifest.kind)),
            ("description", .string(manifest.summary)),
            ("type", .words(["object", "null"])),
            ("additionalProperties", false),
            (
                "properties",
                .object(
                    [("kind", kind)] + settings(manifest.keys).map { ($0.0, shared.reference(to: $0.0, $0.1)) })
            ),
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
    static func namedStressor(_ manifests: [Manifest]) -> JSONText {
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
        case .integer(let range): members = integer(key.help, range)
        case .boolean: members.append(("enum", truth))
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
        case .sizes: members.append(("anyOf", .array([sizeText, sizeList])))
        case .duration: members.append(("$ref", "#/$defs/duration"))
        case .text, .directory:
            members += [
                ("type", .words(["string", "number", "boolean"])), ("pattern", .string(NotationPattern.someText)),
            ]
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
}
