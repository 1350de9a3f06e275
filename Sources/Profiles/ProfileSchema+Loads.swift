// SPDX-License-Identifier: Apache-2.0

import LoadModel

// Loads. What their amounts and shapes are is said once for all kinds of stressor that take the same.
extension ProfileSchema {
    /// What the loads of some stressors may be.
    private struct Taking: Hashable {
        var kinds: [AmountKind]
        var isBeyondAll: Bool

        init(_ kinds: [AmountKind], isBeyondAll: Bool) {
            self.kinds = AmountKind.allCases.filter(kinds.contains)
            self.isBeyondAll = isBeyondAll
        }

        /// What its definition is called.
        var name: String { (kinds.map(\.rawValue) + (isBeyondAll ? ["beyond"] : [])).joined(separator: "-") }
    }

    static func loadDefinitions(_ manifests: [Manifest]) -> [(key: String, value: JSONText)] {
        let all = Taking(
            manifests.flatMap(\.amounts), isBeyondAll: manifests.contains { $0.mostPercent > 100 })
        let takings = manifests.map { Taking($0.amounts, isBeyondAll: $0.mostPercent > 100) }
        var definitions: [(key: String, value: JSONText)] = []
        for (manifest, taking) in zip(manifests, takings) {
            definitions.append(("load-\(manifest.kind)", load(of: manifest, taking)))
        }
        definitions.append(("load", load("The load of a stressor", all)))
        for (index, taking) in (takings + [all]).enumerated() where (takings + [all]).firstIndex(of: taking) == index {
            definitions.append(("loads-\(taking.name)", withAllowance(taking)))
            definitions.append(("shape-\(taking.name)", shape(taking)))
        }
        return definitions
    }

    private static func load(of manifest: Manifest, _ taking: Taking) -> JSONText {
        let words = AmountTaker(stressor: manifest.kind, of: manifest).taking
        return load(
            "\(manifest.summary). \(words), or a shape: " + ShapeForm.all.map(\.name).joined(separator: ", ")
                + ", or some of them with ' + ' between", taking, manifest.examples)
    }

    private static func load(_ description: String, _ taking: Taking, _ examples: [String] = []) -> JSONText {
        .object(
            [("description", .string(description)), ("$ref", .string("#/$defs/loads-\(taking.name)"))]
                + (examples.isEmpty ? [] : [("examples", .words(examples))]))
    }

    /// The notation of a load.
    private static func shape(_ taking: Taking) -> JSONText {
        let pattern = NotationPattern.Load(taking.kinds, isBeyondAll: taking.isBeyondAll)
        let sum: JSONText = .object([
            ("pattern", .string(pattern.sums)),
            ("not", .object([("type", "string"), ("pattern", .string(NotationPattern.Load.noSums))])),
        ])
        let forms: JSONText = .array([.object([("pattern", .string(pattern.alone))]), sum])
        return .object(numberOrText(counts: taking.kinds) + [("anyOf", forms)])
    }

    /// A load by itself, or with how long the way to it may take.
    private static func withAllowance(_ taking: Taking) -> JSONText {
        let load = reference("shape-\(taking.name)")
        let mapping: JSONText = .object([
            ("description", "The load, how long the way to its targets may take, and which end is wanted"),
            ("type", "object"),
            ("additionalProperties", false), ("required", .words(["load"])),
            (
                "properties",
                .object([
                    ("load", load), ("start", reference("start")), ("for", reference("duration")),
                    ("within", reference("duration")), ("expect", reference("expected-end")),
                ])
            ),
        ])
        return .object([("anyOf", .array([load, mapping]))])
    }

    static let expectedEnd: JSONText = .object([
        ("description", "The end that is wanted, and then is a success"),
        ("enum", .words(ExpectedEnd.allCases.map(\.rawValue))),
    ])

    // MARK: Tolerances

    static func toleranceDefinitions(_ manifests: [Manifest]) -> [(key: String, value: JSONText)] {
        let units = AmountKind.allCases.filter { kind in
            manifests.contains { $0.unit.description.amountKind == kind }
        }
        return manifests.map { ("tolerance-\($0.kind)", tolerance(of: $0)) }
            + [("tolerance", tolerance(units, "How far off it may be"))]
    }

    private static func tolerance(of manifest: Manifest) -> JSONText {
        tolerance(
            [manifest.unit.description.amountKind],
            "How far off '\(manifest.kind)' may be: points of its base, percent of its target, or an amount; never "
                + "above \(ToleranceRule.mostText) of the target. Where none is written: "
                + manifest.tolerance.words(manifest.unit))
    }

    private static func tolerance(_ kinds: [AmountKind], _ description: String) -> JSONText {
        .object(
            [("description", .string(description))] + numberOrText(counts: kinds)
                + [
                    ("pattern", .string(NotationPattern.tolerance(kinds))), ("examples", .words(["1pp", "1%"])),
                ])
    }

    /// A text; a plain number, too, where counts are taken.
    private static func numberOrText(counts kinds: [AmountKind]) -> [(key: String, value: JSONText)] {
        guard kinds.contains(.count) else { return [("type", "string")] }
        return [("type", .words(["string", "integer"])), ("minimum", 0)]
    }
}
