// SPDX-License-Identifier: Apache-2.0

public import LoadModel

/// What a log has of one run: all of it, or as much as there is.
///
/// Figures over time are columns; what there is of a run once are values. Times are in s since the load began.
public struct RunEvidence: Sendable {
    /// The run's identifier.
    public var runID: String
    /// What the user labelled the run with.
    public var labels: [(name: String, value: String)] = []
    /// When the first line was written, RFC 3339.
    public var firstTime = ""
    /// When the last one was.
    public var lastTime = ""
    /// The latest instant that a line tells of.
    public var lastElapsed = 0.0
    /// How many lines there are of it.
    public var lines = 0
    /// What is missing, and why that may be; empty where the log is whole.
    public var missing: [String] = []

    /// What `run_started` says: version, host, profile and plan; `nil` where there is no such line.
    var start: JSONTree?
    /// What `run_ended` says; `nil` where there is no such line.
    var end: JSONTree?

    /// The stressors of the plan, in its order.
    public internal(set) var stressors: [StressorEvidence] = []
    /// The phases of the plan.
    public internal(set) var phases: [PhaseEvidence] = []
    /// Figures of each sample.
    public internal(set) var columns = Columns()
    /// What each probe came to.
    public internal(set) var probes: [ProbeColumns] = []
    /// How each stressor did in each phase: from the run's end, else from the ends of phases.
    public internal(set) var results: [ResultEvidence] = []
    /// What became of each objective; empty where the log has no end.
    public internal(set) var objectives: [ObjectiveEvidence] = []
    /// What happened, in order.
    public internal(set) var events: [EventEvidence] = []
    /// How many events there are beyond those that are kept.
    public internal(set) var eventsLeftOut = 0
    /// What was found: by the planner and on the way, each once.
    public internal(set) var findings: [Finding] = []

    init(runID: String) { self.runID = runID }

    // MARK: What is there once

    /// Whether the log has the run's end.
    public var isWhole: Bool { end != nil }
    /// The profile's name.
    public var profile: String { start?["profile"]?["name"]?.text ?? "unknown" }
    /// The host's name.
    public var host: String { start?["host"]?["name"]?.text ?? "an unknown host" }
    /// The verdict on the load; `nil` where the log has no end.
    public var verdict: Verdict? { end?["verdict"]?.text.flatMap(Verdict.init) }
    /// The exit code; `nil` where the log has no end.
    public var exitCode: Int? { end?["exit_code"]?.integer }
    /// Whether nothing was exerted, since the system was not steady.
    public var isNotSteady: Bool { exitCode == Int(RunExitCode.notSteady) }
    /// How long the plan is, phases that ended before their time as short as they were.
    public var plannedLength: Double? { phases.last?.end ?? start?["plan"]?["length_s"]?.number }
    /// How long the load lasted, or as far as the log tells.
    public var loadLength: Double { end?["load_s"]?.number ?? lastElapsed }
    /// What a time axis ends at; never 0.
    public var axisLength: Double {
        // What was due in a second is told for all of it, also where the run ended in it.
        let probed = probes.compactMap { $0.spans.last?.from }.max() ?? 0
        return max(columns.times.last ?? 0, loadLength, isWhole ? 0 : probed, 0.001)
    }
    /// What was put on, whether it was there, and what the system under test did.
    public var sentence: String { end?["sentence"]?.text ?? LogSentence.text(self) }

    /// The stressor of a name.
    func stressor(_ name: String) -> StressorEvidence? { stressors.first { $0.name == name } }
}

/// A stressor of the plan.
public struct StressorEvidence: Sendable {
    /// Its name.
    public var name: String
    /// Its unit; `nil` where this exert does not know it.
    public var unit: LoadModel.Unit?
    /// The unit as the log has it.
    public var unitName: String
    /// What 100 % means; `nil` where nobody knows.
    public var capacity: Double?
    /// Where `achieved` comes from.
    public var witness: String
    /// What the log says of it.
    var tree: JSONTree

    init(_ name: String, _ tree: JSONTree) {
        self.name = name
        self.tree = tree
        unitName = tree["unit"]?.text ?? ""
        unit = LoadModel.Unit(rawValue: unitName)
        capacity = tree["capacity"]?.number
        witness = tree["witness"]?.text ?? ""
    }

    /// The unit and decimals in which amounts up to `greatest` are read best.
    func scale(_ greatest: Double) -> FigureScale { FigureScale(unit, unitName, greatest) }

    /// An error as people read it: points of the base for cores, percent of the target for others.
    func error(_ error: Double?, target: Double?, signed: Bool = true) -> String? {
        guard let error, let target else { return nil }
        guard let unit else { return NumberText.text(error, places: 3) }
        return signed
            ? HumanUnits.error(error, target: target, unit: unit, capacity: capacity ?? 0)
            : HumanUnits.errorSize(error, target: target, unit: unit, capacity: capacity ?? 0)
    }
}

/// A unit chosen for a column of figures, of a unit that is known or not.
struct FigureScale {
    var divisor = 1.0
    var suffix: String
    var places = 3

    init(_ unit: LoadModel.Unit?, _ name: String, _ greatest: Double) {
        suffix = name
        guard let unit else { return }
        let scale = HumanUnits.scale(for: unit, covering: greatest.magnitude)
        (divisor, suffix, places) = (scale.divisor, scale.suffix, scale.places)
    }

    init(suffix: String, divisor: Double = 1, places: Int) {
        (self.suffix, self.divisor, self.places) = (suffix, divisor, places)
    }

    func number(_ value: Double) -> String { NumberText.text(value / divisor, places: places) }
    func amount(_ value: Double) -> String { "\(number(value)) \(suffix)" }
}

/// A phase of the plan.
public struct PhaseEvidence: Sendable {
    /// Its name.
    public var name: String
    /// When it begins.
    public var start: Double
    /// How long it is to last.
    public var length: Double
    /// The notation of each load, by stressor.
    public var loads: [(stressor: String, load: String)]
    /// When it ends.
    public var end: Double { start + length }

    init(_ tree: JSONTree) {
        name = tree["name"]?.text ?? tree["phase"]?.text ?? "?"
        start = tree["start_s"]?.number ?? 0
        length = max(0, tree["length_s"]?.number ?? 0)
        loads = (tree["loads"]?.members ?? []).compactMap { member in
            member.value.text.map { (stressor: member.name, load: $0) }
        }
    }
}

/// How a stressor did in a phase.
public struct ResultEvidence: Sendable {
    /// The phase's name.
    public var phase: String
    /// The stressor's name.
    public var stressor: String
    /// Whether the phase gave it a load.
    public var isLoaded: Bool
    /// The verdict; `nil` where this exert does not know it.
    public var verdict: Verdict?
    /// What the log says.
    var tree: JSONTree

    init(_ tree: JSONTree) {
        self.tree = tree
        phase = tree["phase"]?.text ?? "?"
        stressor = tree["stressor"]?.text ?? "?"
        isLoaded = tree["is_loaded"]?.isTrue ?? true
        verdict = tree["verdict"]?.text.flatMap(Verdict.init)
    }

    func figure(_ name: String) -> Double? { tree[name]?.number }
    /// What fell short most.
    public var cause: Cause? { tree["limited_by"]?.text.flatMap(Cause.init) }
    /// Whether it is the end that was wanted; `nil` where none was.
    public var isExpected: Bool? { tree["expected"]?.isTrue }
    /// Whether it is as was asked, or expected.
    public var isAsAsked: Bool { isExpected ?? (verdict == .met) }
    /// Whether it is worth telling of: a load, or something that was left without one.
    public var isTold: Bool { isLoaded || verdict == .notMet || verdict == .unverified }

    /// The causes, the one that took the most first, each with what the kernel says.
    var causes: [(cause: String, amount: Double?, source: String?, figure: String?)] {
        let short = (tree["shortfall"]?.members ?? []).compactMap { member in
            member.value.number.map { (cause: member.name, amount: $0) }
        }.filter { $0.amount > 0 }.sorted { $0.amount > $1.amount }
        let evidence = tree["causes"]
        let rest = (evidence?.members ?? []).filter { member in !short.contains { $0.cause == member.name } }
        return short.map { name, amount in
            (name, amount, evidence?[name]?["source"]?.text, evidence?[name]?["figure"]?.text)
        } + rest.map { ($0.name, nil, $0.value["source"]?.text, $0.value["figure"]?.text) }
    }
}

/// What became of an objective.
public struct ObjectiveEvidence: Sendable {
    /// The probe's name.
    public var probe: String
    /// The objective as written.
    public var text: String
    /// The verdict; `nil` where this exert does not know it.
    public var verdict: ObjectiveVerdict?
    /// What the log says.
    var tree: JSONTree

    init(_ tree: JSONTree) {
        self.tree = tree
        probe = tree["probe"]?.text ?? "?"
        text = tree["objective"]?.text ?? "?"
        verdict = tree["verdict"]?.text.flatMap(ObjectiveVerdict.init)
    }

    /// Whether it must hold before anything is exerted.
    ///
    /// By the last word of the notation, or one before a comma: the log has no member for it.
    public var isGate: Bool {
        text.split(separator: ",").first?.split(separator: " ").last == "before"
    }
}

/// Something that happened.
public struct EventEvidence: Sendable {
    /// How much it matters.
    public enum Weight: String, Sendable { case note, warning, bad }
    /// When, in s since the load began.
    public var elapsed: Double
    /// When it was over; `nil` where it took no time.
    public var until: Double?
    /// What kind of event.
    public var kind: String
    /// What it is about; empty where that is the run.
    public var subject: String
    /// What happened, as a sentence.
    public var text: String
    /// How much it matters.
    public var weight: Weight
    /// A word that `exert explain` takes; `nil` where there is none.
    public var word: String?
}
