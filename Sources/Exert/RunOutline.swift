// SPDX-License-Identifier: Apache-2.0

/// What a run is going to do, resolved on this host.
public struct RunOutline: Codable, Hashable, Sendable {
    /// The run's identifier, a ULID.
    public var runID: String
    /// The profile's name.
    public var profile: String
    /// How long the load lasts, in seconds.
    public var lengthSeconds: Double
    /// The phases, in order.
    public var phases: [Phase]
    /// The stressors by name.
    public var stressors: [String: Stressor]
    /// The conditions that end the run, as written.
    public var guards: [String]
    /// The names of what is asked of the system under test, in order.
    public var probes: [String]
    /// What must hold of the answers.
    public var objectives: [Objective]
    /// Labels that every line of the log carries.
    public var labels: [String: String]
    /// The lease in seconds; `nil` where there is none.
    public var leaseSeconds: Double?

    /// A phase.
    public struct Phase: Codable, Hashable, Sendable {
        /// Its name.
        public var name: String
        /// When it begins, in seconds since the load's start.
        public var startSeconds: Double
        /// How long it lasts, in seconds.
        public var lengthSeconds: Double
        /// The loads as written, by the name of the stressor.
        public var loads: [String: String]

        /// Creates a phase.
        public init(name: String, startSeconds: Double, lengthSeconds: Double, loads: [String: String]) {
            self.name = name
            self.startSeconds = startSeconds
            self.lengthSeconds = lengthSeconds
            self.loads = loads
        }
    }

    /// A stressor.
    public struct Stressor: Codable, Hashable, Sendable {
        /// Its kind.
        public var kind: String
        /// The unit of its figures, as the log spells it.
        public var unit: String
        /// The kernel interface that its achieved figure comes from.
        public var witness: String

        /// Creates a stressor.
        public init(kind: String, unit: String, witness: String) {
            self.kind = kind
            self.unit = unit
            self.witness = witness
        }
    }

    /// What must hold of a probe's answers.
    public struct Objective: Codable, Hashable, Sendable {
        /// The probe's name.
        public var probe: String
        /// What must hold, as written.
        public var text: String

        /// Creates an objective.
        public init(probe: String, text: String) {
            self.probe = probe
            self.text = text
        }
    }

    /// Creates an outline.
    public init(
        runID: String, profile: String, lengthSeconds: Double, phases: [Phase], stressors: [String: Stressor],
        guards: [String], probes: [String] = [], objectives: [Objective] = [], labels: [String: String],
        leaseSeconds: Double?
    ) {
        self.runID = runID
        self.profile = profile
        self.lengthSeconds = lengthSeconds
        self.phases = phases
        self.stressors = stressors
        self.guards = guards
        self.probes = probes
        self.objectives = objectives
        self.labels = labels
        self.leaseSeconds = leaseSeconds
    }
}

/// Why a run, or a change of one, was refused.
public struct Refusal: Codable, Hashable, Sendable, Error {
    /// What kind of reason it is.
    public enum Kind: String, Codable, Sendable, CaseIterable {
        /// The profile, a load or an option is wrong; nothing was started or changed.
        case invalid
        /// This host, kernel or user cannot do it.
        case unsupported
        /// The safety rules do not allow it.
        case forbidden
        /// It does not fit the state that the run is in.
        case conflict
        /// Something broke that is not the request's fault.
        case `internal`
    }
    /// A problem of the text, with its place.
    public struct Diagnostic: Codable, Hashable, Sendable {
        /// The line, from 1; `nil` where it has no place.
        public var line: Int?
        /// The column, from 1.
        public var column: Int?
        /// What is wrong, with a remedy.
        public var message: String

        /// Creates a diagnostic.
        public init(line: Int?, column: Int?, message: String) {
            self.line = line
            self.column = column
            self.message = message
        }
    }
    /// What kind of reason it is.
    public var kind: Kind
    /// The reason, for people.
    public var message: String
    /// Every problem of the text at once; empty for other kinds.
    public var diagnostics: [Diagnostic]

    /// Creates a refusal.
    public init(_ kind: Kind, _ message: String, diagnostics: [Diagnostic] = []) {
        self.kind = kind
        self.message = message
        self.diagnostics = diagnostics
    }
}
