// SPDX-License-Identifier: Apache-2.0

public import Engine
public import LinuxSystem
public import LoadModel

/// Does nothing, exactly as often as it is told to: what a run with it costs is what exert itself costs.
public struct NullStressor: Stressor {
    /// See ``Stressor/manifest``.
    public static let manifest = Manifest(
        kind: "null",
        summary: "Do nothing on schedule, to measure what exert itself costs.",
        details: "Every operation is free, so the CPU time of a run is the cost of pacing, sampling and reporting.",
        drive: .rate, unit: .operationsPerSecond, amounts: [.operationsPerSecond],
        keys: [.init("workers", .integer(1...1024), default: .integer(1), help: "Threads that share the target.")],
        tolerance: .percent(1), witness: "none", examples: ["1000 iops"], isListed: false)

    /// See ``Stressor/init(_:process:)``.
    public init(_ settings: Settings, process: StressorContext) throws(StressorFailure) {}

    /// See ``Stressor/base(_:on:)``.
    public static func base(_ settings: Settings, on host: HostFacts) throws(PlanProblem) -> Base {
        Base(capacity: 1_000_000, free: 1_000_000, text: "nothing is used")
    }

    /// See ``Stressor/prepare(_:base:peak:on:)``.
    public static func prepare(
        _ settings: Settings, base: Base, peak: Double, on host: HostFacts
    ) throws(PlanProblem) -> Preparation { Preparation(workers: settings.integer("workers") ?? 1) }

    /// See ``Stressor/witness(processID:claims:)``.
    public static func witness(processID: Int32, claims: @escaping () -> Int64) -> (any Witness)? {
        ClaimWitness(claims)
    }

    /// See ``Stressor/run(on:)``.
    public func run(on lane: Lane) throws(StressorFailure) {
        var worker = NullWorker()
        try lane.pace(&worker, workPerArea: Self.manifest.unit.workPerArea, catchUp: .backlog(window: .second))
    }
}

private struct NullWorker: Working, ~Copyable {
    mutating func work(_ due: Int64) throws(StressorFailure) -> Int64 { due }
}

/// There is no kernel interface that counts nothing; the log says `none`.
private final class ClaimWitness: Witness {
    private let claims: () -> Int64
    init(_ claims: @escaping () -> Int64) { self.claims = claims }
    func read(target: Double) -> Double? { Double(claims()) }
}
