// SPDX-License-Identifier: Apache-2.0

public import Engine
public import LoadModel

/// Does nothing, exactly as often as it is told to: what a run with it costs is what exert itself costs.
public struct NullStressor: Stressor {
    /// See ``Stressor/manifest``.
    public static let manifest = Manifest(
        kind: "null",
        summary: "Do nothing on schedule, to measure what exert itself costs.",
        details: "Every operation is free, so the CPU time of a run is the cost of pacing, sampling and reporting.",
        reach: .ownProcess, drive: .rate, unit: .operationsPerSecond, amounts: [.operationsPerSecond],
        keys: [
            .init(
                "workers", .integer(1...1024), default: .integer(1), reach: .always(.ownProcess),
                help: "Threads that share the target.")
        ],
        tolerance: ToleranceRule(.percent(1)), witness: "none", examples: ["1000 iops"], isListed: false)

    /// See ``Stressor/init(_:process:)``.
    public init(_ settings: Settings, process: StressorContext) throws(StressorFailure) {}

    /// See ``Stressor/base(_:)``.
    public static func base(_ request: LoadRequest) throws(PlanProblem) -> Base {
        Base(capacity: 1_000_000, free: 1_000_000, text: "nothing is used")
    }

    /// See ``Stressor/prepare(_:base:curve:)``.
    public static func prepare(
        _ request: LoadRequest, base: Base, curve: Curve
    ) throws(PlanProblem) -> Preparation { Preparation(workers: request.settings.integer("workers") ?? 1) }

    /// See ``Stressor/witness(_:)``.
    public static func witness(_ request: WitnessRequest) -> (any Witness)? { ClaimWitness(request.claims) }

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
    func read(target: Double) -> WitnessReading? { WitnessReading(Double(claims())) }
}
