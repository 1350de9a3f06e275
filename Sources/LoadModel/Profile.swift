// SPDX-License-Identifier: Apache-2.0

/// A place in a profile's text; line and column count from 1.
public struct SourceMark: Hashable, Sendable, Comparable {
    /// The line, from 1.
    public var line: Int
    /// The column, from 1.
    public var column: Int
    /// The included file that is meant; `nil` for the profile's own text.
    public var file: String?
    /// Creates a mark.
    public init(line: Int, column: Int, file: String? = nil) {
        self.line = line
        self.column = column
        self.file = file
    }
    /// Orders by file, the profile's own text first, then by line and by column.
    public static func < (a: SourceMark, b: SourceMark) -> Bool {
        (a.file ?? "", a.line, a.column) < (b.file ?? "", b.line, b.column)
    }

    /// The line for messages that stand in no text: `line 3`, `line 3 of common.yaml`.
    public var lineWords: String { "line \(line)" + (file.map { " of \($0)" } ?? "") }
}

/// What is to be exerted, when and within which tolerance: a profile file as values.
public struct Profile: Sendable {
    /// The profile's name; the file's base name where it gives none.
    public var name: String
    /// Where the text came from: a path, `<stdin>` or `<command line>`.
    public var file: String
    /// SHA-256 of the text, in lower-case hexadecimal.
    public var sha256: String
    /// The seed of `random` shapes.
    public var seed: UInt64
    /// What and where, in the order of the file.
    public var stressors: [StressorEntry]
    /// When and how much, in order.
    public var phases: [Phase]
    /// Conditions that abort the run.
    public var guards: [Guard]
    /// Whether the guards that nobody need write are on: ``Guard/defaults``.
    public var hasDefaultGuards = true
    /// What is asked of the system under test, in the order of the file.
    public var probes: [ProbePlan] = []
    /// What the answers must be, in the order of the file.
    public var objectives: [Objective] = []
    /// The parameters, with the values that they have in this run.
    public var parameters: [ProfileParameter] = []
    /// What the command line changed of the text, each as its flag has it.
    public var changes: [String] = []
    /// The files that it includes, each once, in the order in which they were read.
    public var includes: [IncludedFile] = []
    /// Labels of its runs, by name; the command line may give others in their place.
    public var labels: [String: String] = [:]
    /// What its author says of it, of several lines where it has line feeds; `nil` where nothing.
    public var note: String?

    /// Creates a profile.
    public init(
        name: String, file: String, sha256: String, seed: UInt64, stressors: [StressorEntry], phases: [Phase],
        guards: [Guard]
    ) {
        self.name = name
        self.file = file
        self.sha256 = sha256
        self.seed = seed
        self.stressors = stressors
        self.phases = phases
        self.guards = guards
    }
}

/// A file whose parts a profile takes.
public struct IncludedFile: Hashable, Sendable {
    /// Its path, beside the profile's own.
    public var file: String
    /// SHA-256 of its bytes, in lower-case hexadecimal.
    public var sha256: String

    /// Creates one.
    public init(file: String, sha256: String) {
        self.file = file
        self.sha256 = sha256
    }
}

/// One stressor of a profile.
public struct StressorEntry: Sendable {
    /// The name by which phases refer to it.
    public var name: String
    /// Which kind of stressor, such as `cpu`.
    public var kind: String
    /// Its settings, defaults filled in.
    public var settings: Settings
    /// How far off it may be; `nil` means the kind's default.
    public var tolerance: Tolerance?
    /// Where it stands in the file: its entry under `stressors`, or its first use where it has none.
    public var mark: SourceMark

    /// Creates an entry.
    public init(name: String, kind: String, settings: Settings, tolerance: Tolerance?, mark: SourceMark) {
        self.name = name
        self.kind = kind
        self.settings = settings
        self.tolerance = tolerance
        self.mark = mark
    }
}

/// A stretch of the run.
public struct Phase: Sendable {
    /// Its name, unlike any other's: of a phase that is repeated, such as `squeeze 2/3`.
    public var name: String
    /// Its name as written, which all its repetitions share.
    public var title: String
    /// How long it lasts.
    public var length: Nanoseconds
    /// The loads of the phase; a stressor without one is released.
    public var loads: [PhaseLoad]
    /// How long the way to its targets may take; `nil` where it does not say.
    public var within: Nanoseconds?
    /// What ends it before its time, each by itself.
    public var until: [EarlyEnd<Guard>] = []
    /// What its author says of it; `nil` where nothing.
    public var note: String?
    /// Where it stands in the file.
    public var mark: SourceMark

    /// Creates a phase.
    public init(
        name: String, length: Nanoseconds, loads: [PhaseLoad], within: Nanoseconds? = nil, mark: SourceMark
    ) {
        self.name = name
        title = name
        self.length = length
        self.loads = loads
        self.within = within
        self.mark = mark
    }

    /// Whether `text` names it, or all repetitions of what it is one of.
    public func isCalled(_ text: String) -> Bool { name == text || title == text }
}

/// The load that one stressor carries in one phase.
public struct PhaseLoad: Sendable {
    /// The stressor's name in the profile.
    public var stressor: String
    /// The shape.
    public var shape: LoadShape
    /// The notation as written, for the plan and the report.
    public var text: String
    /// How long the way to its targets may take; `nil` where it does not say.
    public var within: Nanoseconds?
    /// The end that is wanted; `nil` where it does not say.
    public var expect: ExpectedEnd?
    /// Where it stands in the file.
    public var mark: SourceMark

    /// Creates a load.
    public init(
        stressor: String, shape: LoadShape, text: String, within: Nanoseconds? = nil, expect: ExpectedEnd? = nil,
        mark: SourceMark
    ) {
        self.stressor = stressor
        self.shape = shape
        self.text = text
        self.within = within
        self.expect = expect
        self.mark = mark
    }
}

/// How far achieved may be from target.
public enum Tolerance: Hashable, Sendable {
    /// Points of the stressor's base: `1pp` of 2 cores is 0.02 cores.
    case points(Double)
    /// Percent of the target.
    case percent(Double)
    /// A fixed amount.
    case absolute(Amount)
}

/// How far off a kind of stressor may be where the profile does not say; declared by its manifest.
public struct ToleranceRule: Hashable, Sendable {
    /// What the kernel's own accounting cannot resolve.
    public enum Floor: Hashable, Sendable {
        /// An amount in the stressor's unit.
        case amount(Double)
        /// Pages of each processor that the kernel has not counted yet.
        case pagesPerCPU(Int)
        /// Blocks of the file system.
        case blocks(Int)
    }
    /// Of a load on top of what is there.
    public var tolerance: Tolerance
    /// Of a total.
    public var ofTotal: Tolerance
    /// What the kernel cannot resolve.
    public var floor: Floor
    /// What may be left where nothing is asked for, in the stressor's unit.
    public var released: Double
    /// Where the kernel resolves less than ``floor``, for people; empty where it never does.
    public var note: String

    /// Creates a rule; a total may be as far off as the load itself unless `ofTotal` says otherwise.
    public init(
        _ tolerance: Tolerance, ofTotal: Tolerance? = nil, floor: Floor = .amount(0), released: Double = 0,
        note: String = ""
    ) {
        self.note = note
        self.tolerance = tolerance
        self.ofTotal = ofTotal ?? tolerance
        self.floor = floor
        self.released = released
    }
}
