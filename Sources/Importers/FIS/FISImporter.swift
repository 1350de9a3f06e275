// SPDX-License-Identifier: Apache-2.0

internal import LoadModel
internal import Profiles
internal import YAML

/// Reads AWS FIS' experiment templates, and the parameters of the Systems Manager documents that they run.
struct FISImporter {
    let options: ImportOptions
    var ledger = SourceLedger()
    var draft: Draft

    static func read(
        _ documents: [SourceField], _ tool: ForeignTool, _ options: ImportOptions, _ draft: inout Draft
    ) throws(ImportErrors) -> ImportAccount {
        var importer = FISImporter(options: options, draft: draft)
        try importer.ledger.add(documents)
        for document in documents { importer.read(document, tool) }
        guard importer.ledger.problems.isEmpty else { throw ImportErrors(problems: importer.ledger.problems) }
        draft = importer.draft
        return importer.ledger.account(tool)
    }

    private mutating func read(_ document: SourceField, _ tool: ForeignTool) {
        if document["actions"] != nil || document["experimentTemplate"] != nil {
            return readTemplate(document["experimentTemplate"] ?? document)
        }
        guard tool == .ssm || document["DocumentName"] != nil else {
            return ledger.refuse(document, "this is no experiment template: it has no 'actions'")
        }
        readParameters(document)
    }

    /// `DocumentName` with `Parameters`, as `send-command` takes them; a document itself; or parameters alone.
    private mutating func readParameters(_ document: SourceField) {
        var values: [String: SourceField] = [:]
        let isDocument = document["schemaVersion"] != nil
        let list = document["Parameters"] ?? document["parameters"] ?? document
        for (key, field) in list.members where field.path != document["DocumentName"]?.path {
            // `["60"]` of a command line's JSON, `default` of a document.
            let value = isDocument ? field["default"] : field.isList ? field.items.first : field
            if let value { values[key] = value }
        }
        let named = document["DocumentName"]
        ledger.settle(named, .exact)
        let guess = values.keys.contains("LoadPercent") || values.keys.contains("CPU") ? "CPU-Stress" : nil
        guard let name = named?.text ?? options.action ?? guess else {
            return ledger.refuse(
                document,
                "of which document these are, nothing says; give it, such as --action AWSFIS-Run-Memory-Stress")
        }
        if draft.name == nil { draft.name = Self.kind(name).lowercased() }
        let fault = fault(name, values, named)
        let start = draft.end
        for load in fault.loads { draft.add(load, at: start, for: fault.length) }
        if isDocument {
            ledger.settleRest(of: document, .notCarried, "what the document does, of which exert knows the name")
        }
        for key in ["InstanceIds", "Targets"] { ledger.settleWhom(document[key]) }
        ledger.settleRest(of: document, .notCarried, "of the command, not of the load")
    }

    // MARK: Templates

    /// What an action exerts, and how long it takes.
    struct Fault {
        var loads: [DraftLoad] = []
        var length: Nanoseconds = 0
    }

    private mutating func readTemplate(_ template: SourceField) {
        let actions = template["actions"]?.members ?? []
        guard actions.count <= 200 else { return ledger.refuse(template, "more than 200 actions; import it in parts") }
        if let tag = template["tags"]?["Name"] {
            ledger.settle(tag, .exact)
            if draft.name == nil { draft.name = tag.text }
        }
        var lengths: [String: Nanoseconds] = [:]
        var faults: [(name: String, fault: Fault)] = []
        for (name, action) in actions {
            let fault = read(action)
            lengths[name] = fault.length
            faults.append((name, fault))
        }
        var ends: [String: Nanoseconds] = [:]
        for (name, fault) in faults {
            var path: [String] = []
            let end = end(of: name, template["actions"], lengths, &ends, &path)
            for load in fault.loads { draft.add(load, at: end - fault.length, for: fault.length) }
            draft.reach(0, end)
        }
        ledger.settleWhom(template["targets"])
        for stop in template["stopConditions"]?.items ?? [] where stop["source"]?.text == "none" {
            ledger.settle(stop, .exact)
        }
        for key in ["description", "roleArn", "tags", "logConfiguration", "experimentReportConfiguration"] {
            ledger.settleRest(of: template[key], .exact, "of the experiment in the account, and no part of the load")
        }
        ledger.settleRest(
            of: template["stopConditions"], .notCarried, "alarms of CloudWatch; exert's guards and objectives end a run"
        )
        ledger.settleRest(of: template, .notCarried, "of the experiment in the account, not of the load")
    }

    /// When an action is over: it begins when all that it starts after are.
    private mutating func end(
        of name: String, _ actions: SourceField?, _ lengths: [String: Nanoseconds],
        _ ends: inout [String: Nanoseconds], _ path: inout [String]
    ) -> Nanoseconds {
        if let end = ends[name] { return end }
        guard let action = actions?[name], let length = lengths[name] else { return 0 }
        guard !path.contains(name) else {
            ledger.refuse(action, "the actions start after each other in a circle")
            return 0
        }
        path.append(name)
        var start: Nanoseconds = 0
        for item in action["startAfter"]?.items ?? [] {
            guard let earlier = item.text, lengths[earlier] != nil else {
                ledger.refuse(item, "there is no action of this name")
                continue
            }
            ledger.settle(item, .exact)
            start = max(start, end(of: earlier, actions, lengths, &ends, &path))
        }
        path.removeLast()
        let end = min(start, UnitNotation.durationLimit) + length
        ends[name] = end
        return end
    }

    private mutating func read(_ action: SourceField) -> Fault {
        guard let field = action["actionId"], let id = field.text else {
            ledger.refuse(action, "an action has an 'actionId'")
            return Fault()
        }
        ledger.settle(field, .exact)
        ledger.settle(action["description"], .exact)
        ledger.settleWhom(action["targets"])
        let parameters = action["parameters"]
        let bound = parameters?["duration"].flatMap { isoDuration($0) }
        var fault = Fault()
        switch id {
        case "aws:ssm:send-command":
            let document = parameters?["documentArn"]
            let name = document?.text.flatMap { $0.split(separator: "/").last.map(String.init) } ?? ""
            ledger.settle(document, .exact)
            fault = self.fault(name, nested(parameters?["documentParameters"]), document)
            if let bound { fault.length = fault.loads.isEmpty ? bound : min(bound, fault.length) }
        case "aws:fis:wait": fault.length = bound ?? 0
        default:
            let values = Dictionary(
                (parameters?.members ?? []).map { ($0.key, $0.field) }, uniquingKeysWith: { first, _ in first })
            fault.length = bound ?? 0
            if let name = ["pod-cpu-stress", "pod-memory-stress", "pod-io-stress", "task-cpu-stress", "task-io-stress"]
                .first(where: { id.hasSuffix(":\($0)") })
            {
                fault.loads = podStress(name, values)
            } else {
                ledger.settle(field, .notCarried, "exert has no load like it; as long as it lasts, nothing is exerted")
            }
        }
        for key in ["kubernetesServiceAccount", "documentVersion"] {
            ledger.settle(parameters?[key], .exact, "how AWS FIS runs it")
        }
        ledger.settleRest(of: parameters, .notCarried, "of the action, not of the load")
        return fault
    }

    /// The members of a JSON text within a field, at the field's place.
    private mutating func nested(_ field: SourceField?) -> [String: SourceField] {
        guard let field, let text = field.text else { return [:] }
        let document = YAMLText(Array(text.unicodeScalars), depthLimit: 8)
        guard let root = document.root, case .mapping(let entries) = root.content, document.findings.isEmpty else {
            ledger.refuse(field, "the parameters are an object in JSON, such as '{\"DurationSeconds\": \"60\"}'")
            return [:]
        }
        ledger.settle(field, .exact, "")
        var values: [String: SourceField] = [:]
        for entry in entries {
            var node = entry.value
            if case .list(let items) = node.content, let first = items.first { node = first }
            // Places of their own, which the text's escapes may move.
            node.mark = SourceMark(
                line: field.node.mark.line, column: field.node.mark.column + entry.value.mark.column)
            let value = SourceField(path: "\(field.path).\(entry.key)", node: node)
            ledger.add(value, key: entry.key)
            values[entry.key] = value
        }
        return values
    }

    /// `PT2M` and the like.
    private mutating func isoDuration(_ field: SourceField) -> Nanoseconds? {
        guard let length = Self.isoDuration(field.text ?? "") else {
            ledger.refuse(field, "a duration such as 'PT2M' stands here, of 12 hours at most")
            return nil
        }
        ledger.settle(field, .exact)
        return length
    }

    static func isoDuration(_ text: String) -> Nanoseconds? {
        guard text.hasPrefix("PT"), text.utf8.count > 2 else { return nil }
        var rest = String(text.dropFirst(2))
        var total = 0.0
        while !rest.isEmpty {
            guard let (value, behind) = NumberPrefix.decimal(rest), let unit = behind.first,
                let factor = ["H": 3600.0, "M": 60, "S": 1][unit]
            else { return nil }
            total += value * factor
            rest = String(behind.dropFirst())
        }
        return total <= 43_200 ? Nanoseconds(seconds: total) : nil
    }
}
