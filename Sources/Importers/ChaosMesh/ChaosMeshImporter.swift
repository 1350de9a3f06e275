// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// Reads StressChaos, Schedule and Workflow resources of Chaos Mesh.
struct ChaosMeshImporter {
    let options: ImportOptions
    var ledger = SourceLedger()
    var draft: Draft

    /// How long a chaos lasts that names no duration, until somebody deletes it.
    static let usualLength: Nanoseconds = 600 * .second

    static func read(
        _ documents: [SourceField], _ options: ImportOptions, _ draft: inout Draft
    ) throws(ImportErrors) -> ImportAccount {
        var importer = ChaosMeshImporter(options: options, draft: draft)
        try importer.ledger.add(documents)
        for document in documents { importer.read(document) }
        guard importer.ledger.problems.isEmpty else { throw ImportErrors(problems: importer.ledger.problems) }
        draft = importer.draft
        return importer.ledger.account(.chaosMesh)
    }

    private init(options: ImportOptions, draft: Draft) {
        self.options = options
        self.draft = draft
    }

    private mutating func read(_ document: SourceField) {
        ledger.settle(document["apiVersion"], .exact)
        ledger.settle(document["kind"], .exact)
        ledger.settle(document["metadata"], .exact, "of the resource in the cluster, and no part of the load")
        ledger.settle(document["status"], .exact, "what came of it, not what it asks for")
        if let name = document["metadata"]?["name"] {
            ledger.settle(name, .exact)
            if draft.name == nil { draft.name = name.text }
        }
        let spec = document["spec"]
        switch document["kind"]?.text {
        case "StressChaos":
            if let spec { place(chaos(spec), at: 0, until: nil) }
        case "Schedule": readSchedule(spec)
        case "Workflow": readWorkflow(spec)
        case let kind?:
            ledger.settle(
                document, .notCarried, "exert imports StressChaos, Schedule and Workflow, and a \(kind) has no load")
        case nil: ledger.refuse(document, "this is no resource of Chaos Mesh: it has no 'kind'")
        }
    }

    private mutating func readSchedule(_ spec: SourceField?) {
        guard let spec else { return }
        ledger.settle(
            spec["schedule"], .notCarried,
            "when it comes again; the profile is one time, so let cron or a timer run exert")
        for key in ["historyLimit", "concurrencyPolicy", "startingDeadlineSeconds"] {
            ledger.settle(spec[key], .notCarried, "of the schedule, not of the load")
        }
        ledger.settle(spec["type"], .exact)
        if let chaos = spec["stressChaos"] {
            place(self.chaos(chaos), at: 0, until: nil)
        }
        if let workflow = spec["workflow"] { readWorkflow(workflow) }
    }

    // MARK: StressChaos

    /// What a StressChaos exerts, from its beginning on.
    struct Chaos {
        var loads: [(load: DraftLoad, start: Nanoseconds, length: Nanoseconds)] = []
        var length: Nanoseconds
    }

    mutating func place(_ chaos: Chaos, at start: Nanoseconds, until end: Nanoseconds?) {
        for part in chaos.loads {
            let from = start + part.start
            let length = min(part.length, (end ?? .max) - from)
            draft.add(part.load, at: from, for: length)
        }
    }

    /// - Parameter deadline: how long a workflow lets it run; its own duration may be shorter.
    mutating func chaos(_ spec: SourceField, deadline: Nanoseconds? = nil) -> Chaos {
        for key in ["mode", "value", "selector", "containerNames", "remoteCluster", "target"] {
            ledger.settleWhom(spec[key])
        }
        var length = deadline ?? options.length ?? Self.usualLength
        if let field = spec["duration"], field.text != nil {
            length = min(duration(field) ?? length, deadline ?? .max)
        } else if deadline == nil {
            ledger.settle(
                spec["mode"] ?? spec["selector"], options.length == nil ? .near : .exact,
                "it names no duration, so it would last until it is deleted: here \(AmountText.duration(length)) "
                    + "(--for says another length)")
        }
        var chaos = Chaos(length: length)
        if let text = spec["stressngStressors"], text.text != nil {
            ledger.settle(spec["stressors"], .exact, "without effect: 'stressngStressors' counts")
            var command = StressNGFields()
            command.addText(of: text)
            add(command, to: &chaos)
            return chaos
        }
        if let cpu = spec["stressors"]?["cpu"] { readCPU(cpu, &chaos) }
        if let memory = spec["stressors"]?["memory"] {
            if let load = memoryLoad(memory) { chaos.loads.append((load, 0, length)) }
        }
        return chaos
    }

    /// stress-ng is told `--cpu W --cpu-load L` and then what `options` say, which may be anything.
    private mutating func readCPU(_ cpu: SourceField, _ chaos: inout Chaos) {
        guard let workers = cpu["workers"], let count = workers.text, count != "0" else {
            return ledger.settle(cpu, .exact, "without workers nothing is started")
        }
        var command = StressNGFields()
        command.add(["--cpu", count], from: workers)
        if let load = cpu["load"], let percent = load.text { command.add(["--cpu-load", percent], from: load) }
        for option in cpu["options"]?.items ?? [] { command.addText(of: option) }
        add(command, to: &chaos)
    }

    private mutating func add(_ command: StressNGFields, to chaos: inout Chaos) {
        let (requests, own, isSequential) = command.make(options, &ledger)
        // Whoever ends first: stress-ng by itself, or Chaos Mesh.
        let each = min(own ?? StressNGImporter.usualLength, chaos.length)
        var start: Nanoseconds = 0
        for loads in requests where start < chaos.length {
            for load in loads { chaos.loads.append((load, start, min(each, chaos.length - start))) }
            if isSequential { start += each }
        }
    }

    /// memStress divides `size` by the workers, and starts one of them a second.
    private mutating func memoryLoad(_ memory: SourceField) -> DraftLoad? {
        ledger.settle(
            memory["oomScoreAdj"], .notCarried,
            "exert's stressors offer themselves to the OOM killer first ('beyond-limit: true' goes through a limit)")
        guard let size = memory["size"], let text = size.text else {
            ledger.settleRest(
                of: memory, .notCarried, "without 'size' memStress holds nothing, whatever the documentation says")
            return nil
        }
        if let workers = memory["workers"] {
            guard let count = workers.text.flatMap({ Int64($0) }), (0...Workers.limit).contains(count) else {
                ledger.refuse(workers, "a whole number up to \(Workers.limit) stands here")
                return nil
            }
            if count == 0 {
                ledger.settle(memory, .exact, "without workers nothing is started")
                return nil
            }
            ledger.settle(
                workers, count == 1 ? .exact : .near,
                count == 1 ? "" : "the size is that of all workers; memStress starts one a second, exert has it at once"
            )
        }
        var way: Nanoseconds = 0
        for option in memory["options"]?.items ?? [] { readMemoryOption(option, &way) }
        if let time = memory["time"], let length = duration(time) { way = length }
        var load = DraftLoad(kind: "memory", title: "memory", settings: [.init("content", "zero")], shape: "")
        if text.hasSuffix("%") {
            guard let (percent, rest) = NumberPrefix.decimal(text), rest == "%", percent <= 100 else {
                ledger.refuse(size, "a size such as '256MB' or a percentage up to 100% stands here, not '\(text)'")
                return nil
            }
            load.shape = AmountText.percent(percent)
            load.share = { AmountText.percent(percent * $0) }
            load.settings.insert(.init("of", "host"), at: 0)
        } else {
            guard let bytes = GoNotation.bytes(text) else {
                ledger.refuse(size, "a size such as '256MB' or a percentage stands here, not '\(PlainLine.text(text))'")
                return nil
            }
            load.shape = AmountText.bytes(bytes)
            load.share = { AmountText.bytes(Int64(Double(bytes) * $0)) }
        }
        load.way = way
        ledger.settle(size, .exact)
        return load
    }

    private mutating func readMemoryOption(_ option: SourceField, _ way: inout Nanoseconds) {
        let words = (option.text ?? "").split { $0 == " " || $0 == "=" }.map { String($0.drop { $0 == "-" }) }
        if words.count == 2, words[0] == "time", let length = GoNotation.duration(words[1]) {
            way = length
            ledger.settle(option, .exact)
        } else {
            ledger.settle(option, .notCarried, "of memStress the importer reads '-time' here, and 'size' and 'workers'")
        }
    }

    mutating func duration(_ field: SourceField) -> Nanoseconds? {
        guard let text = field.text, let length = GoNotation.duration(text) else {
            ledger.refuse(field, "a duration such as '30s' or '1h30m' stands here")
            return nil
        }
        ledger.settle(field, .exact)
        return length
    }
}
