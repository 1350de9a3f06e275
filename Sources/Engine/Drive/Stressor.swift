// SPDX-License-Identifier: Apache-2.0

public import LinuxSystem
public import LoadModel

/// A kind of load.
///
/// Its static side plans and witnesses, in the observer, and never carries load. Its instances live in the stressor
/// process, one a process, shared by the lanes.
public protocol Stressor: Sendable {
    /// What it is and which settings it takes.
    static var manifest: Manifest { get }

    /// Resolves what 100 % means for what is asked.
    static func base(_ request: LoadRequest) throws(PlanProblem) -> Base

    /// Decides the number of workers and looks for what will not work, before anything is started.
    ///
    /// - Parameter curve: the target over the whole run, in the stressor's unit.
    static func prepare(_ request: LoadRequest, base: Base, curve: Curve) throws(PlanProblem) -> Preparation

    /// Opens the kernel's accounting of the stressor's processes; `nil` where it cannot be read.
    static func witness(_ request: WitnessRequest) -> (any Witness)?

    /// Where what 100 % is made of can be read while the run goes on; `nil` where it is not of anything that changes.
    static func baseSource(_ request: WitnessRequest) -> BaseSource?

    /// Whether what is held is filled with content after it is taken, which log and result then tell.
    static func writesContent(_ settings: Settings) -> Bool

    /// Sets what the stressor's process must have from its first page on, such as a memory policy; `true` where there
    /// is something, and the process is to run anew under it.
    static func settle(_ settings: Settings) -> Bool

    /// Creates the load in the stressor process.
    init(_ settings: Settings, process: StressorContext) throws(StressorFailure)

    /// Runs one worker on its own kernel thread, by one call of ``Lane/pace(_:workPerArea:catchUp:)``,
    /// ``Lane/hold(_:)`` or ``Lane/issue(_:schedule:latency:)``.
    func run(on lane: Lane) throws(StressorFailure)
}

extension Stressor {
    /// Nothing that changes.
    public static func baseSource(_ request: WitnessRequest) -> BaseSource? { nil }
    /// No content.
    public static func writesContent(_ settings: Settings) -> Bool { false }
    /// Nothing.
    public static func settle(_ settings: Settings) -> Bool { false }
}

/// What a profile asks of one stressor.
public struct LoadRequest: Sendable {
    /// Its name in the profile.
    public var name: String
    /// Its settings, defaults filled in.
    public var settings: Settings
    /// The unit of its figures, which the amounts of its loads decide where a kind has several.
    public var unit: Unit
    /// The kinds of amount that its loads use.
    public var amounts: Set<AmountKind>
    /// What its loads leave, as the profile writes it: the amounts within ``Amount/leave(_:)``.
    public var left: [Amount] = []
    /// What the stressor already holds on top of what others do, in the unit, where it goes on with another load.
    public var held = 0.0
    /// The host.
    public var host: HostFacts
    /// How long the run lasts.
    public var length: Nanoseconds
    /// What this stressor draws from, where it draws something and has no seed of its own.
    public var seed: UInt64 = 0

    /// Creates a request.
    public init(
        name: String, settings: Settings, unit: Unit, amounts: Set<AmountKind>, host: HostFacts, length: Nanoseconds
    ) {
        self.name = name
        self.settings = settings
        self.unit = unit
        self.amounts = amounts
        self.host = host
        self.length = length
    }
}

/// What 100 % of a stressor means.
public struct Base: Hashable, Sendable {
    /// 100 %, in the stressor's unit; ``unlimited`` where nobody knows how fast the resource is.
    public var capacity: Double
    /// What `max` asks for; ``unlimited`` where `max` is as fast as it goes.
    public var free: Double
    /// What `leave` counts down from, where that is not ``free``: `max` may stop short of it for safety's sake.
    public var whole: Double?
    /// The least that `leave` leaves, whatever it says: what the profile keeps back.
    public var leastLeft = 0.0
    /// Which base that is and who said so, for people.
    public var text: String
    /// Whether targets are put on top of what is there, or are the base's total use.
    public var mode: LoadMode
    /// The block of the file system, where the kind's tolerance counts in blocks; in the unit.
    public var block: Double
    /// What the kernel's accounting of this base cannot resolve, in the unit; `nil` for what the kind's manifest says.
    public var floor: Double?

    /// The capacity of a rate where nobody knows how fast the resource is: it has no figure, and so has no share of it.
    public static let unlimited = Double.infinity

    /// Creates a base.
    public init(
        capacity: Double, free: Double, text: String, mode: LoadMode = .add, block: Double = 0, floor: Double? = nil
    ) {
        self.capacity = capacity
        self.free = free
        self.text = text
        self.mode = mode
        self.block = block
        self.floor = floor
    }
}

/// What a stressor found before the start.
public struct Preparation: Sendable {
    /// How many worker threads it wants, in all processes together.
    public var workers: Int
    /// How many processes share the workers: more than one where one descriptor table is too small.
    public var processes: Int
    /// What is worth telling.
    public var findings: [Finding]
    /// Settings that were resolved, such as an engine chosen; shown in the plan in place of the profile's.
    public var settings: [String: SettingValue]
    /// The kernel interface that the achieved figure comes from, where it is not the manifest's.
    public var witness: String?
    /// The smallest step of the achieved figure, in the unit: the block of a rate of operations, 0 for other loads.
    public var quantum: Double
    /// How the operations are drawn; `nil` where they come evenly, or the work is no row of operations.
    public var arrivals: DrawnArrivals?
    /// How much longer than usual the workers may take to become ready.
    public var setupLimit: Nanoseconds
    /// How much longer than usual the kernel may take to take everything back.
    public var releaseLimit: Nanoseconds
    /// Whether the CPU time that the observer takes is part of the load, and not on top of it.
    public var includesObserver: Bool
    /// The least that any load leaves, in the unit, where the processes keep to it; 0 where none leaves any.
    public var leastLeft: Int64 = 0
    /// What the load means to take further than a guard that is on by default allows, each with the reason.
    public var overrides: [Metric: String] = [:]

    /// Creates a preparation.
    public init(
        workers: Int, processes: Int = 1, findings: [Finding] = [], settings: [String: SettingValue] = [:],
        witness: String? = nil, quantum: Double = 0, setupLimit: Nanoseconds = 0, releaseLimit: Nanoseconds = 0,
        includesObserver: Bool = false
    ) {
        self.includesObserver = includesObserver
        self.workers = workers
        self.processes = processes
        self.findings = findings
        self.settings = settings
        self.witness = witness
        self.quantum = quantum
        self.setupLimit = setupLimit
        self.releaseLimit = releaseLimit
    }
}
