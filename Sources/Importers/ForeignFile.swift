// SPDX-License-Identifier: Apache-2.0

internal import Profiles
internal import YAML

/// Knows files of other tools by their marks.
public enum ForeignFile {
    /// What a file seems to be.
    public struct Recognition: Equatable, Sendable {
        /// The tool whose importer reads it.
        public var tool: ForeignTool
        /// What it is called in sentences, such as `a StressChaos of Chaos Mesh`.
        public var title: String
        /// Whether nothing of it is a load that exert has, so that its importer writes no profile.
        public var isWithoutLoad = false
    }

    /// What the bytes seem to be; `nil` where no other tool's marks are in them.
    public static func recognise(_ bytes: [UInt8]) -> Recognition? {
        guard let source = try? SourceText(bytes), var recognition = recognise(source) else { return nil }
        var options = ImportOptions(source: "", processors: 1)
        if recognition.tool.isCurve { (options.kind, options.peak) = ("cpu", "80%") }
        // Of what is refused its importer says why.
        if let imported = try? Importer.file(bytes, of: recognition.tool, options) {
            recognition.isWithoutLoad = imported.profile == nil
        }
        return recognition
    }

    private static func recognise(_ source: SourceText) -> Recognition? {
        let text = Importer.string(source)
        // Lines come first: what a job file says is no mapping, but it may be YAML all the same.
        if let lines = recognise(lines: text) { return lines }
        guard let documents = try? SourceDocuments.read(source) else { return nil }
        return documents.lazy.compactMap { recognise($0) }.first
    }

    // MARK: Lines

    private static func recognise(lines text: String) -> Recognition? {
        var options = 0
        var hasMode = false
        for (number, line) in text.split(separator: "\n").prefix(200).enumerated() {
            let words = SourceWord.words(of: line.prefix { $0 != "#" }, number: number + 1).map(\.text)
            guard let first = words.first else { continue }
            if BladeScript.isBlade(first), words.count > 1, ["create", "c"].contains(words[1]) {
                return Recognition(tool: .chaosblade, title: "a list of blade commands")
            }
            if first == "run", words.count == 2, ["sequential", "seq", "parallel", "par"].contains(words[1]) {
                hasMode = true
            } else if StressNGNature.of(first) != nil || first == "timeout",
                words.count > 1, words[1].first?.isNumber == true
            {
                options += 1
            } else if first.contains(":") || first.hasPrefix("-") || first.hasPrefix("{") || first.hasPrefix("[") {
                return nil
            }
        }
        if options > 0, hasMode || options > 1 { return Recognition(tool: .stressNG, title: "a job file of stress-ng") }
        if let pairs = LitmusImporter.pairs(text), pairs.contains(where: { $0.path == "TOTAL_CHAOS_DURATION" }) {
            return Recognition(tool: .litmus, title: "an environment of a Litmus experiment")
        }
        return nil
    }

    // MARK: YAML and JSON

    private static func recognise(_ root: SourceField) -> Recognition? {
        let version = root["apiVersion"]?.text ?? ""
        let kind = root["kind"]?.text ?? ""
        if version.hasPrefix("chaos-mesh.org/") || version.hasPrefix("pingcap.com/") || kind == "StressChaos" {
            return Recognition(tool: .chaosMesh, title: "a \(PlainLine.name(kind) ?? "resource") of Chaos Mesh")
        }
        if version.hasPrefix("litmuschaos.io/") || kind == "ChaosEngine" {
            return Recognition(tool: .litmus, title: "a \(PlainLine.name(kind) ?? "resource") of Litmus")
        }
        if root["hog-type"] != nil { return Recognition(tool: .krkn, title: "a hog scenario of krkn") }
        if let actions = (root["experimentTemplate"] ?? root)["actions"],
            actions.members.contains(where: { $0.field["actionId"] != nil })
        {
            return Recognition(tool: .fis, title: "an experiment template of AWS FIS")
        }
        if root["DocumentName"] != nil || root["DurationSeconds"] != nil
            || root["schemaVersion"] != nil && root["mainSteps"] != nil
        {
            return Recognition(tool: .ssm, title: "the parameters of a document of AWS Systems Manager")
        }
        if root["scenarios"]?.members.contains(where: { $0.field["executor"] != nil }) == true
            || root["stages"]?.items.contains(where: { $0["target"] != nil }) == true
        {
            return Recognition(tool: .k6, title: "options of k6")
        }
        if (root["stages"] ?? root).items.contains(where: { $0["spawn_rate"] != nil }) {
            return Recognition(tool: .locust, title: "a list of Locust's stages")
        }
        if root["env"]?.items.contains(where: { $0["name"]?.text == "TOTAL_CHAOS_DURATION" }) == true {
            return Recognition(tool: .litmus, title: "an environment of a Litmus experiment")
        }
        return nil
    }
}
