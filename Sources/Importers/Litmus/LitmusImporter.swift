// SPDX-License-Identifier: Apache-2.0

internal import LoadModel
internal import Profiles
internal import YAML

/// Reads the environment that Litmus' experiments are given.
struct LitmusImporter {
    let options: ImportOptions
    var ledger = SourceLedger()
    var draft: Draft
    /// The variables of the experiment that is being read.
    var variables: [String: SourceField] = [:]

    static func read(
        _ source: SourceText, _ options: ImportOptions, _ draft: inout Draft
    ) throws(ImportErrors) -> ImportAccount {
        var importer = LitmusImporter(options: options, draft: draft)
        if let pairs = pairs(Importer.string(source)) {
            importer.readPairs(pairs)
        } else {
            let documents = try SourceDocuments.read(source)
            try importer.ledger.add(documents)
            for document in documents { importer.read(document) }
        }
        guard importer.ledger.problems.isEmpty else { throw ImportErrors(problems: importer.ledger.problems) }
        draft = importer.draft
        return importer.ledger.account(.litmus)
    }

    // MARK: Where variables stand

    /// Lines `KEY=VALUE`, with or without `export` and quotes; `nil` where the text has other lines.
    static func pairs(_ text: String) -> [SourceField]? {
        var fields: [SourceField] = []
        var number = 0
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            number += 1
            let words = SourceWord.words(of: line, number: number)
            guard let first = words.first, !first.text.hasPrefix("#") else { continue }
            let pair = first.text == "export" && words.count > 1 ? words[1] : first
            guard let equals = pair.text.firstIndex(of: "="), let mark = pair.mark else { return nil }
            let key = String(pair.text[..<equals])
            let isKey = key.unicodeScalars.allSatisfy {
                ("A"..."Z").contains($0) || ("0"..."9").contains($0) || $0 == "_"
            }
            guard isKey, !key.isEmpty else { return nil }
            var value = String(pair.text[pair.text.index(after: equals)...])
            for quote in ["\"", "'"] where value.count >= 2 && value.hasPrefix(quote) && value.hasSuffix(quote) {
                value = String(value.dropFirst().dropLast())
            }
            fields.append(SourceField(path: key, node: YAMLNode(content: .scalar(value, isPlain: false), mark: mark)))
        }
        return fields.isEmpty ? nil : fields
    }

    private mutating func readPairs(_ pairs: [SourceField]) {
        for pair in pairs {
            if let earlier = variables[pair.path] {
                ledger.refuse(pair, "it stands on line \(earlier.node.mark.line) already; keep one of them")
                continue
            }
            ledger.add(pair, key: pair.path)
            variables[pair.path] = pair
        }
        readExperiment(nil)
    }

    private mutating func read(_ document: SourceField) {
        ledger.settle(document["apiVersion"], .exact)
        ledger.settle(document["kind"], .exact)
        ledger.settle(document["metadata"], .exact, "of the resource in the cluster, and no part of the load")
        let spec = document["spec"]
        switch document["kind"]?.text {
        case "ChaosEngine":
            let name = document["metadata"]?["name"]
            ledger.settle(name, .exact)
            if draft.name == nil { draft.name = name?.text }
            for experiment in spec?["experiments"]?.items ?? [] {
                ledger.settle(experiment["name"], .exact)
                take(experiment["spec"]?["components"]?["env"])
                settleWays(experiment["spec"]?["components"])
                ledger.settle(experiment["spec"]?["probe"], .notCarried, "exert's 'probes' and 'objectives' do that")
                readExperiment(experiment["name"])
            }
            for key in ["appinfo", "selectors"] { ledger.settleWhom(spec?[key]) }
            for key in [
                "chaosServiceAccount", "annotationCheck", "auxiliaryAppInfo", "components", "defaultHealthCheck",
                "jobCleanUpPolicy", "monitoring", "terminationGracePeriodSeconds",
            ] {
                ledger.settle(spec?[key], .exact, Self.ways)
            }
            if let state = spec?["engineState"], state.text == "active" { ledger.settle(state, .exact) }
            ledger.settleRest(of: spec, .notCarried, "the importer knows no part that it has in the load")
        case "ChaosExperiment":
            let name = document["metadata"]?["name"]
            ledger.settle(name, .exact)
            if draft.name == nil { draft.name = name?.text }
            take(spec?["definition"]?["env"])
            readExperiment(name)
            settleWays(spec?["definition"])
            ledger.settleRest(of: spec, .notCarried, "the importer knows no part that it has in the load")
        default:
            guard take(document["env"] ?? document) else {
                return ledger.refuse(
                    document, "this is no ChaosEngine, no ChaosExperiment and no list 'env:' of names and values")
            }
            readExperiment(nil)
        }
    }

    /// Why the rest is no part of the load.
    static let ways = "how Litmus runs it"

    /// Settles what stands beside variables.
    private mutating func settleWays(_ field: SourceField?) {
        for (key, member) in field?.members ?? [] where key != "env" { ledger.settle(member, .exact, Self.ways) }
    }

    /// Notes the variables of an `env:` list; whether it is one.
    @discardableResult
    private mutating func take(_ list: SourceField?) -> Bool {
        variables = [:]
        guard let list, list.isList else { return false }
        for item in list.items {
            ledger.settle(item["name"], .exact)
            guard let name = item["name"]?.text, let value = item["value"] else { continue }
            variables[name] = value
            ledger.entitle(value, name)
        }
        return true
    }

    // MARK: Values

    /// The value of a variable, or what Litmus takes where it is empty or missing.
    func value(_ name: String, _ usual: String) -> String {
        let text = variables[name]?.text ?? ""
        return text.isEmpty ? usual : text
    }

    /// A value that may be a range, of which Litmus draws a number; settles the variable.
    mutating func drawn(_ name: String, _ usual: String) -> String {
        let text = value(name, usual)
        let ends = text.split(separator: "-").map { Int64($0) }
        guard ends.count == 2, let first = ends[0], let last = ends[1], (0...(1 << 40)).contains(first),
            (first...(1 << 40)).contains(last)
        else {
            ledger.settle(variables[name], .exact)
            return text
        }
        let middle = (first + last) / 2
        ledger.settle(variables[name], .near, "Litmus draws one of the range; here it is the middle, \(middle)")
        return "\(middle)"
    }

    /// Seconds, settled.
    mutating func seconds(_ name: String, _ usual: Int64) -> Nanoseconds {
        guard let field = variables[name], let text = field.text, !text.isEmpty else { return usual * .second }
        guard let seconds = Int64(text), (0...2_592_000).contains(seconds) else {
            ledger.refuse(field, "seconds from 0 to 2592000 stand here, not '\(PlainLine.text(text))'")
            return usual * .second
        }
        ledger.settle(field, .exact)
        return seconds * .second
    }
}
