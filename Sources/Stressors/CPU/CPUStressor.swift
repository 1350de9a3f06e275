// SPDX-License-Identifier: Apache-2.0

public import Engine
internal import LinuxSystem
public import LoadModel

/// Takes CPU time: each worker burns until its thread's CPU clock has caught up with the area under the target.
public struct CPUStressor: Stressor {
    private let method: BurnMethod
    private let cpus: [Int]?
    private let priority: String
    private let control: ControlWord
    /// Only in `mode: total`.
    private let regulator: CPURegulator?

    /// See ``Stressor/init(_:process:)``.
    public init(_ settings: Settings, process: StressorContext) throws(StressorFailure) {
        method = settings.text("method").flatMap(BurnMethod.init(rawValue:)) ?? .int
        cpus = settings.cpus("cpus") ?? Self.cpus(of: settings)
        priority = settings.text("priority") ?? "normal"
        control = process.control
        guard process.mode == .total else {
            regulator = nil
            return
        }
        let host = HostFacts.read()
        guard let base = try? CPUBase.resolve(settings, host), let scope = base.scope,
            let most = try? CPUBase.most(settings, host, workers: process.workers), CPUUseGauge(scope) != nil
        else { throw .impossible("the stressor's process cannot read the CPU time of everybody in the base") }
        regulator = CPURegulator(base: base, most: most, context: process)
    }

    private static func cpus(of settings: Settings) -> [Int]? {
        settings.nodes(NodeSetting.key).map { NodeSetting.cpus(of: $0.nodes, HostFacts.read()) }
    }

    /// See ``Stressor/run(on:)``.
    public func run(on lane: Lane) throws(StressorFailure) {
        try place(lane)
        guard var worker = CPUWorker(method: method, seed: UInt64(lane.index), control: control) else {
            throw .impossible("no memory for the work method '\(method.rawValue)'")
        }
        if let regulator {
            if lane.index == 0 {
                try start(regulator, on: lane)
                control.sleep(while: .preparing, until: Clocks.monotonic + CPURegulator.leadTime)
            }
            // What a worker falls short of, the regulator sees in the whole and makes up for; done twice it would be
            // too much.
            return try lane.pace(
                &worker, workPerArea: Self.manifest.unit.workPerArea,
                catchUp: .headroom(window: 2 * Pacer.period, capacity: 1), following: regulator.setPoint)
        }
        // A worker may make up for what it can add in 250 ms: a neighbour's time slices are bridged, also near full
        // load, and a long starvation does not come back as a burst of its own.
        try lane.pace(
            &worker, workPerArea: Self.manifest.unit.workPerArea,
            catchUp: .headroom(window: 250 * .millisecond, capacity: 1))
    }

    private func start(_ regulator: CPURegulator, on lane: Lane) throws(StressorFailure) {
        do {
            let thread = try KernelThread(named: "cpu-total") {
                CurrentThread.setMinimalTimerSlack()
                regulator.run(on: lane)
            }
            thread.detach()
        } catch {
            throw .impossible("the thread that watches the total cannot be created: \(error)")
        }
    }

    private func place(_ lane: Lane) throws(StressorFailure) {
        if let cpus { try CPUSetting.confine(lane, to: cpus) }
        do {
            switch priority {
            case "idle": try CurrentThread.setIdlePolicy()
            case "nice": try CurrentThread.setNice(19)
            default: break
            }
        } catch {
            throw .impossible("the kernel refuses priority '\(priority)': \(error)")
        }
    }
}
