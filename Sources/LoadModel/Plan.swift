// SPDX-License-Identifier: Apache-2.0

/// A profile resolved against this host: every amount is a figure, every percentage has its base.
public struct Plan: Sendable {
    /// The profile's name.
    public var profile: String
    /// Where the profile's text came from.
    public var file: String
    /// SHA-256 of the profile's text, lower-case hexadecimal.
    public var sha256: String
    /// The seed of `random` shapes.
    public var seed: UInt64
    /// The stressors, in the order of the profile.
    public var stressors: [PlannedStressor]
    /// The phases, in order.
    public var phases: [PlannedPhase]
    /// Conditions that end the run and release everything.
    public var guards: [PlannedGuard]
    /// Guards that are on by default and are not on in this run.
    public var guardsAside: [GuardAside] = []
    /// What is asked of the system under test.
    public var probes: [ProbePlan] = []
    /// What the answers must be.
    public var objectives: [Objective] = []
    /// The profile's parameters, with the values that they have in this run.
    public var parameters: [ProfileParameter] = []
    /// What the command line changed of the profile, each as its flag has it.
    public var changes: [String] = []
    /// The files that the profile includes, each once.
    public var includes: [IncludedFile] = []
    /// Labels that the profile has for its runs; those of the command line are not among them.
    public var labels: [String: String] = [:]
    /// What the profile's author says of it; `nil` where nothing.
    public var note: String?
    /// What the planner found worth saying, such as a target beyond what a quota allows.
    public var findings: [Finding]

    /// Creates a plan.
    public init(
        profile: String, file: String, sha256: String, seed: UInt64, stressors: [PlannedStressor],
        phases: [PlannedPhase], guards: [PlannedGuard] = [], findings: [Finding]
    ) {
        self.profile = profile
        self.file = file
        self.sha256 = sha256
        self.seed = seed
        self.stressors = stressors
        self.phases = phases
        self.guards = guards
        self.findings = findings
    }

    /// How long the run lasts.
    public var length: Nanoseconds { phases.last.map { $0.start + $0.length } ?? 0 }

    /// Whether a load of `stressor` is a share of its base, or what that leaves.
    public func rests(onBaseOf stressor: String) -> Bool {
        phases.contains { phase in
            guard let load = phase.loads[stressor] else { return false }
            return load.contains("%") || load.contains("leave") || load.contains("max")
        }
    }

    /// The index of the phase that `elapsed` falls into; the last one from the run's end on.
    public func phaseIndex(at elapsed: Nanoseconds) -> Int {
        phases.lastIndex { $0.start <= elapsed } ?? 0
    }
}

/// A phase with its place in the run.
public struct PlannedPhase: Hashable, Sendable {
    /// Its name, unlike any other's.
    public var name: String
    /// Its name as written, which all its repetitions share.
    public var title: String
    /// When it begins, since the run's start.
    public var start: Nanoseconds
    /// How long it lasts.
    public var length: Nanoseconds
    /// The notation of each stressor's load, by stressor name; a stressor that is not here is released.
    public var loads: [String: String]
    /// How long the way to a target may take, by stressor name, where the profile says; see ``allowance(of:stretch:)``.
    public var within: [String: Nanoseconds]
    /// Ends of loads that are wanted in this phase, by stressor name.
    public var expect: [String: ExpectedEnd]
    /// What ends it before its time, each by itself.
    public var until: [EarlyEnd<PlannedGuard>] = []
    /// What the profile's author says of it; `nil` where nothing.
    public var note: String?

    /// Creates a phase.
    public init(
        name: String, start: Nanoseconds, length: Nanoseconds, loads: [String: String],
        within: [String: Nanoseconds] = [:], expect: [String: ExpectedEnd] = [:], title: String? = nil
    ) {
        self.name = name
        self.title = title ?? name
        self.start = start
        self.length = length
        self.loads = loads
        self.within = within
        self.expect = expect
    }

    /// When it ends, since the run's start.
    public var end: Nanoseconds { start + length }

    /// Whether `text` names it, or all repetitions of what it is one of.
    public func isCalled(_ text: String) -> Bool { name == text || title == text }

    /// How long `stressor` may take to its target at the begin of a stretch of the given length: what the profile says,
    /// half of the stretch at most, or else 1 s, a quarter of it at most.
    public func allowance(of stressor: String, stretch: Nanoseconds) -> Nanoseconds {
        Self.granted(within[stressor], stretch: stretch)
    }

    /// The same, where it is written or not.
    public static func granted(_ written: Nanoseconds?, stretch: Nanoseconds) -> Nanoseconds {
        if let written { return min(written, stretch / 2) }
        return min(.second, stretch / 4)
    }
}

/// A load that depends on how the run goes, with its amounts as figures.
public struct FloatingShape: Sendable {
    /// The shape.
    public var shape: LoadShape
    /// What it draws from.
    public var seed: UInt64
    /// Its amounts in the stressor's unit.
    public var values: [Amount: Double]

    /// Creates one.
    public init(_ shape: LoadShape, seed: UInt64, values: [Amount: Double]) {
        self.shape = shape
        self.seed = seed
        self.values = values
    }
}

/// A stressor with everything resolved.
public struct PlannedStressor: Sendable {
    /// Its name in the profile.
    public var name: String
    /// Its kind.
    public var kind: String
    /// Its unit.
    public var unit: Unit
    /// Level or rate.
    public var drive: Drive
    /// Its settings.
    public var settings: Settings
    /// What 100 % means, in the unit.
    public var capacity: Double
    /// Which base that is and which file or call said so, for people.
    public var base: String
    /// The target over the whole run, in the unit.
    public var curve: Curve
    /// The loads that depend on how the run goes, by the phase's index: what begins where the stressor stands, where
    /// that may be elsewhere than planned, and what goes by the time of day.
    public var floating: [Int: FloatingShape] = [:]
    /// Whether the target is put on top of what is there, or is the total.
    public var mode: LoadMode
    /// How many worker threads it gets, in all processes together.
    public var workers: Int
    /// How many processes carry it.
    public var processes: Int
    /// The smallest step of its achieved figure, in the unit: one operation of a rate.
    public var quantum: Double
    /// How its operations are drawn; `nil` where they come evenly, or its work is no row of operations.
    public var arrivals: DrawnArrivals?
    /// How much longer than usual its workers may take to become ready.
    public var setupLimit: Nanoseconds
    /// How much longer than usual the kernel may take to take everything back.
    public var releaseLimit: Nanoseconds
    /// Whether the CPU time that the observer takes is part of its load, and not on top of it.
    public var includesObserver: Bool
    /// How far off it may be.
    public var tolerance: ToleranceLimit
    /// The kernel interface that its achieved figure comes from.
    public var witness: String

    /// Creates a planned stressor.
    public init(
        name: String, kind: String, unit: Unit, drive: Drive, settings: Settings, capacity: Double, base: String,
        mode: LoadMode = .add, curve: Curve, workers: Int, processes: Int = 1, quantum: Double = 0,
        setupLimit: Nanoseconds = 0, releaseLimit: Nanoseconds = 0, includesObserver: Bool = false,
        tolerance: ToleranceLimit, witness: String
    ) {
        self.name = name
        self.kind = kind
        self.unit = unit
        self.drive = drive
        self.settings = settings
        self.capacity = capacity
        self.base = base
        self.mode = mode
        self.curve = curve
        self.workers = workers
        self.processes = processes
        self.quantum = quantum
        self.setupLimit = setupLimit
        self.releaseLimit = releaseLimit
        self.includesObserver = includesObserver
        self.tolerance = tolerance
        self.witness = witness
    }
}

/// How far off a stressor may be, resolved to its unit.
///
/// Unless the profile writes a tolerance, it is the lesser of the kind's own and a share of the target. What the kernel
/// cannot resolve is allowed in any case, and half of the target in none.
public struct ToleranceLimit: Hashable, Sendable {
    /// The most that is allowed unless the profile writes a tolerance, as a share of the target.
    public static let share = 0.05
    /// The most that is ever allowed, as a share of the target.
    public static let most = 0.5

    /// A fixed amount, in the stressor's unit.
    public var absolute: Double
    /// A share of the target, 0.01 for 1 %; the larger of both counts.
    public var ratio: Double
    /// Whether the profile wrote it.
    public var isWritten: Bool
    /// What the kernel's own accounting cannot resolve, in the stressor's unit.
    public var floor: Double
    /// What may be left where nothing is asked for, in the stressor's unit.
    public var released: Double

    /// Creates a limit.
    public init(absolute: Double, ratio: Double, isWritten: Bool = false, floor: Double = 0, released: Double = 0) {
        self.absolute = absolute
        self.ratio = ratio
        self.isWritten = isWritten
        self.floor = floor
        self.released = released
    }

    /// The error that is allowed at `target`.
    public func allowed(at target: Double) -> Double {
        guard target > 0 else { return released }
        let declared = max(absolute, ratio * target)
        let lesser = isWritten ? declared : min(declared, Self.share * target)
        return min(max(lesser, floor), Self.most * target)
    }
}
