// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// Puts the lines of one run together.
struct EventTaker: Sendable {
    /// The most events that are kept; a run of hours that is short all the time has more.
    static let eventLimit = 2000
    /// The most findings, and results of phases that ended, that are kept.
    private static let factLimit = 10_000
    /// The most stressors and probes that are told apart; a profile has some ten.
    static let nameLimit = 256

    var run: RunEvidence
    /// The latest cause of each stressor that is short, as long as it lasts.
    var shortages: [Shortage?] = []
    /// What probes said beside their answers, each once.
    private var notes: [(probe: String, text: String, count: Int, first: Double, last: Double)] = []
    private var gaps: (count: Int, longest: Double) = (0, 0)
    private var known: Set<Finding> = []
    /// How many lines the file has twice.
    var repeated = 0
    /// Up to when the lines behind a second beginning of the run may be known; `nil` where there is none.
    private(set) var knownUntil: Double?

    struct Shortage: Sendable {
        var cause: String
        var from: Double
        var to: Double
        var evidence: String?
    }

    init(runID: String) { run = RunEvidence(runID: runID) }

    mutating func take(_ head: LineHead, _ bytes: UnsafeBufferPointer<UInt8>) throws(JSONPull.Malformed) {
        if run.firstTime.isEmpty { run.firstTime = head.time }
        let repeatedBefore = repeated
        var pull = JSONPull(bytes)
        switch head.event {
        case "sample":
            let count = run.columns.count
            do throws(JSONPull.Malformed) {
                try sample(&pull)
                try pull.end()
            } catch {
                // A line that is cut leaves nothing behind.
                if run.columns.count > count || run.columns.isOpen { run.columns.dropSample() }
                throw error
            }
        case "probe_second": try probeSecond(&pull)
        case "prober_second", "preparing":
            try pull.skip()
            try pull.end()
        default:
            let tree = try pull.tree()
            try pull.end()
            take(head.event, tree)
        }
        guard repeated == repeatedBefore else { return }
        run.lastTime = head.time
        run.lines += 1
    }

    // MARK: Samples

    /// Notes that nobody looked between two samples.
    mutating func noteGap(_ gap: Double) {
        gaps.count += 1
        gaps.longest = max(gaps.longest, gap)
    }

    /// Takes down why a stressor is short in a sample; `nil` where it is not.
    mutating func note(_ cause: String?, of index: Int, from: Double, to: Double, evidence: String?) {
        while shortages.count <= index { shortages.append(nil) }
        if var open = shortages[index] {
            if open.cause == cause, from - open.to < 0.5 * max(to - from, 0.1) {
                open.to = to
                shortages[index] = open
                return
            }
            close(index)
        }
        guard let cause else { return }
        shortages[index] = Shortage(cause: cause, from: from, to: to, evidence: evidence)
    }

    private mutating func close(_ index: Int) {
        guard let shortage = shortages[index] else { return }
        shortages[index] = nil
        let name = run.stressors.indices.contains(index) ? run.stressors[index].name : "?"
        let why = shortage.evidence.map { ": \($0)" } ?? ""
        add(
            EventEvidence(
                elapsed: shortage.from, until: shortage.to, kind: "limited", subject: name,
                text:
                    "\(name) short for \(HumanUnits.seconds(shortage.to - shortage.from)), by \(shortage.cause)\(why)",
                weight: .warning, word: shortage.cause))
    }

    // MARK: Events

    mutating func add(_ event: EventEvidence) {
        run.lastElapsed = max(run.lastElapsed, event.until ?? event.elapsed)
        if isKnown(event) { return }
        guard run.events.count < Self.eventLimit else {
            run.eventsLeftOut += 1
            return
        }
        run.events.append(event)
    }

    /// Whether an event has been told, where the file has lines twice.
    private func isKnown(_ event: EventEvidence) -> Bool {
        guard let knownUntil, event.elapsed <= knownUntil else { return false }
        return run.events.count >= Self.eventLimit
            || run.events.contains {
                $0.elapsed == event.elapsed && $0.kind == event.kind && $0.subject == event.subject
                    && $0.text == event.text
            }
    }

    private mutating func take(_ event: String, _ tree: JSONTree) {
        let elapsed = max(0, tree["elapsed_s"]?.number ?? 0)
        if event == "run_started", run.start != nil { knownUntil = run.lastElapsed }
        // The end may be new where the first copy was cut.
        let isRepeated = knownUntil.map { elapsed <= $0 } ?? false
        if isRepeated, event != "run_ended" || run.end != nil { repeated += 1 }
        run.lastElapsed = max(run.lastElapsed, elapsed)
        switch event {
        case "run_started": begin(tree)
        case "phase_started":
            let phase = PhaseEvidence(tree)
            if run.start == nil, run.phases.count < 10_000 { run.phases.append(phase) }
            add(
                EventEvidence(
                    elapsed: elapsed, kind: "phase", subject: "", text: "phase \(phase.name) begins", weight: .note))
        case "finding":
            guard let finding = Finding(tree) else { return }
            if known.count < Self.factLimit, known.insert(finding).inserted { run.findings.append(finding) }
            add(EventEvidence(finding, at: elapsed))
        case "phase_ended":
            guard run.results.count < Self.factLimit else { return }
            let results = (tree["results"]?.items ?? []).map { ResultEvidence($0) }
            run.results.removeAll { old in results.contains { $0.phase == old.phase && $0.stressor == old.stressor } }
            run.results += results
            for result in results where result.isTold && !result.isAsAsked {
                add(EventEvidence(result, at: elapsed))
            }
        case "phase_shortened":
            move(tree)
            if let words = EventEvidence.words(event, tree, elapsed) { add(words) }
        case "probe_note": if !isRepeated { note(tree, elapsed) }
        case "run_ended": end(tree)
        default:
            if let words = EventEvidence.words(event, tree, elapsed) { add(words) }
        }
    }

    /// Takes over where phases lie after one of them ended before its time.
    private mutating func move(_ tree: JSONTree) {
        for (index, moved) in (tree["phases"]?.items ?? []).enumerated() {
            guard run.phases.indices.contains(index), moved["name"]?.text == run.phases[index].name else { return }
            run.phases[index].start = moved["start_s"]?.number ?? run.phases[index].start
            run.phases[index].length = max(0, moved["length_s"]?.number ?? run.phases[index].length)
        }
    }

    private mutating func begin(_ tree: JSONTree) {
        guard run.start == nil else { return }
        run.start = tree
        run.labels = (tree["labels"]?.members ?? []).compactMap { member in
            member.value.text.map { (name: member.name, value: $0) }
        }
        let plan = tree["plan"]
        for member in (plan?["stressors"]?.members ?? []).prefix(Self.nameLimit) {
            _ = stressorIndex(member.name, member.value)
        }
        run.phases = (plan?["phases"]?.items ?? []).map { PhaseEvidence($0) }
        for member in (plan?["probes"]?.members ?? []).prefix(Self.nameLimit) {
            guard !run.probes.contains(where: { $0.name == member.name }) else { continue }
            run.probes.append(
                ProbeColumns(
                    name: member.name, every: member.value["every_s"]?.number,
                    timeout: member.value["timeout_s"]?.number))
        }
        for finding in (plan?["findings"]?.items ?? []).compactMap({ Finding($0) }) {
            guard known.insert(finding).inserted else { continue }
            run.findings.append(finding)
            add(EventEvidence(finding, at: 0))
        }
    }

    /// The place of a stressor, which is made where the log's beginning does not have it; `nil` where there are too
    /// many.
    mutating func stressorIndex(_ name: String, _ tree: JSONTree) -> Int? {
        if let index = run.stressors.firstIndex(where: { $0.name == name }) {
            if run.stressors[index].unitName.isEmpty { run.stressors[index] = StressorEvidence(name, tree) }
            return index
        }
        guard run.stressors.count < Self.nameLimit else { return nil }
        run.stressors.append(StressorEvidence(name, tree))
        run.columns.addStressor()
        return run.stressors.count - 1
    }

    private mutating func end(_ tree: JSONTree) {
        guard run.end == nil else { return }
        run.end = tree
        run.results = (tree["results"]?.items ?? []).map { ResultEvidence($0) }
        run.objectives = (tree["objectives"]?.items ?? []).map { ObjectiveEvidence($0) }
        for finding in (tree["findings"]?.items ?? []).compactMap({ Finding($0) })
        where known.insert(finding).inserted {
            run.findings.append(finding)
        }
        for objective in run.objectives { for event in objective.events { add(event) } }
    }

    private mutating func note(_ tree: JSONTree, _ elapsed: Double) {
        guard let probe = tree["probe"]?.text, let text = tree["text"]?.text else { return }
        if let index = notes.firstIndex(where: { $0.probe == probe && $0.text == text }) {
            notes[index].count += 1
            notes[index].last = elapsed
        } else if notes.count < 20 {
            notes.append((probe, text, 1, elapsed, elapsed))
        } else {
            run.eventsLeftOut += 1
        }
    }

    // MARK: The end of the file

    /// What came together, with what is missing.
    consuming func finish() -> RunEvidence {
        for index in shortages.indices { close(index) }
        for note in notes {
            let times = note.count > 1 ? " (\(note.count) times, last at \(HumanUnits.seconds(note.last)))" : ""
            add(
                EventEvidence(
                    elapsed: note.first, kind: "probe_note", subject: note.probe,
                    text: "\(note.probe): \(note.text)\(times)",
                    weight: .note))
        }
        // By time, and in the order of the log where that is one.
        run.events = run.events.enumerated().sorted {
            ($0.element.elapsed, $0.offset) < ($1.element.elapsed, $1.offset)
        }.map(\.element)
        if run.start == nil {
            run.missing.append("the beginning: no line run_started, so host, profile and plan are not known")
        }
        if run.end == nil {
            run.missing.append(
                "the end: no line run_ended, so there is no verdict; the run goes on, was killed, or the log was cut"
            )
        }
        if gaps.count > 0 {
            let count = "\(gaps.count) gap\(gaps.count == 1 ? "" : "s")"
            run.missing.append("samples: \(count) between them, the longest of \(HumanUnits.seconds(gaps.longest))")
        }
        if repeated > 0 {
            let count = "\(repeated) line\(repeated == 1 ? "" : "s")"
            run.missing.append("order: the file has \(count) of the run twice; each counts once")
        }
        return run
    }
}
