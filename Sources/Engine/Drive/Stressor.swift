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

    /// Resolves what 100 % means for `settings` on `host`.
    static func base(_ settings: Settings, on host: HostFacts) throws(PlanProblem) -> Base

    /// Decides the number of workers and looks for what will not work, before anything is started.
    ///
    /// - Parameter peak: the greatest target of the run, in the stressor's unit.
    static func prepare(
        _ settings: Settings, base: Base, peak: Double, on host: HostFacts
    ) throws(PlanProblem) -> Preparation

    /// Opens the kernel's accounting of process `processID`; `nil` where it cannot be read.
    ///
    /// - Parameter claims: what the workers say, for a witness that has none of its own.
    static func witness(processID: Int32, claims: @escaping () -> Int64) -> (any Witness)?

    /// Creates the load in the stressor process.
    init(_ settings: Settings, process: StressorContext) throws(StressorFailure)

    /// Runs one worker on its own kernel thread, by one call of ``Lane/pace(_:workPerArea:catchUp:)`` or
    /// ``Lane/hold(_:)``.
    func run(on lane: Lane) throws(StressorFailure)
}

/// What 100 % of a stressor means.
public struct Base: Hashable, Sendable {
    /// 100 %, in the stressor's unit.
    public var capacity: Double
    /// What `max` asks for, and what `leave` counts down from.
    public var free: Double
    /// Which base that is and who said so, for people.
    public var text: String

    /// Creates a base.
    public init(capacity: Double, free: Double, text: String) {
        self.capacity = capacity
        self.free = free
        self.text = text
    }
}

/// What a stressor found before the start.
public struct Preparation: Sendable {
    /// How many worker threads it wants.
    public var workers: Int
    /// What is worth telling.
    public var findings: [Finding]

    /// Creates a preparation.
    public init(workers: Int, findings: [Finding] = []) {
        self.workers = workers
        self.findings = findings
    }
}

/// The kernel's word on what a stressor process does.
public protocol Witness: AnyObject {
    /// Called when the process is ready and its load has not begun.
    func begin()
    /// All work done so far (rates, in units of work) or the amount held (levels); `nil` once the process is gone.
    func read(target: Double) -> Double?
    /// The same by a slower and more exact way, for the edges of phases; `nil` where there is none.
    func readExactly() -> Double?
}

extension Witness {
    /// Nothing to do.
    public func begin() {}
    /// No other way.
    public func readExactly() -> Double? { nil }
}

/// What a stressor knows of the process that it runs in.
public struct StressorContext: Sendable {
    /// Which phase of its life the process is in; workers that loop for long look at it.
    public let control: ControlWord
    /// How many workers there are.
    public let workers: Int
    /// The greatest target of the run, in the stressor's unit.
    public let peak: Double
    /// The gauges of all workers.
    public let gauges: [Gauge]
}
