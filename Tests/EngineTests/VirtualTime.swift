// SPDX-License-Identifier: Apache-2.0

import Engine
import LoadModel

/// A clock that moves only when somebody waits or works: minutes pass in microseconds, and each run is the same.
final class VirtualTime: TimeSource, @unchecked Sendable {
    // Unchecked: every test that uses one is a single thread.

    private(set) var now: Nanoseconds = 0
    /// When the run is to end.
    private let stopAt: Nanoseconds
    /// How late each sleep ends, by the time that it was to end at.
    var lateness: (Nanoseconds) -> Nanoseconds = { _ in 0 }
    /// Looks in at the beginning of each sleep: from when until when.
    var onWait: (Nanoseconds, Nanoseconds) -> Void = { _, _ in }
    private(set) var waits = 0

    init(stopAt: Nanoseconds = .max) { self.stopAt = stopAt }

    var isStopping: Bool { now >= stopAt }

    func wait(until time: Nanoseconds) -> Bool {
        waits += 1
        onWait(now, time)
        now = max(now, min(stopAt, time + lateness(time)))
        return !isStopping
    }

    /// Lets `length` pass, as work does.
    func pass(_ length: Nanoseconds) { now += length }
}

/// The memory of gauges, zeroed and kept for as long as this lives.
final class GaugeMemory {
    private let base: UnsafeMutableRawPointer
    let gauges: [Gauge]

    init(count: Int = 1) {
        base = .allocate(byteCount: count * Gauge.byteCount, alignment: 128)
        base.initializeMemory(as: UInt8.self, repeating: 0, count: count * Gauge.byteCount)
        let base = base
        gauges = (0..<count).map { Gauge(at: base + $0 * Gauge.byteCount) }
    }

    deinit { base.deallocate() }
}

/// Does as its script says: returns what was done at call number `call` (from 1) when `due` was asked for.
struct ScriptedWorker: Working {
    let script: (_ call: Int, _ due: Int64) throws(StressorFailure) -> Int64
    private(set) var calls = 0
    private(set) var hasBegun = false

    init(_ script: @escaping (Int, Int64) throws(StressorFailure) -> Int64) { self.script = script }

    mutating func begin() { hasBegun = true }

    mutating func work(_ due: Int64) throws(StressorFailure) -> Int64 {
        calls += 1
        return try script(calls, due)
    }
}

/// Holds a number, moved in quanta that take time, refusing the calls that its script names.
struct ScriptedHolder: Holding {
    let granularity: Int64
    let quantum: Int64
    let time: VirtualTime
    var takes: Nanoseconds = 0
    var refusesCall: (Int) -> Bool = { _ in false }
    /// What the process itself holds besides.
    var own: Int64 = 0
    private(set) var held: Int64 = 0
    private(set) var calls = 0
    private(set) var upkeeps: [Nanoseconds] = []
    var upkeepEvery: Nanoseconds?

    init(granularity: Int64 = 1, quantum: Int64 = .max, time: VirtualTime) {
        self.granularity = granularity
        self.quantum = quantum
        self.time = time
    }

    func holdings(for total: Int64) -> Int64 { total - own }

    mutating func move(toward target: Int64) throws(StressorFailure) -> Int64 {
        calls += 1
        time.pass(takes)
        if refusesCall(calls) { throw .refused("as scripted") }
        let step = min(quantum, max(-quantum, target - held))
        held += step
        return held
    }

    mutating func upkeep(at now: Nanoseconds) throws(StressorFailure) -> Nanoseconds {
        upkeeps.append(now)
        return upkeepEvery.map { now + $0 } ?? .max
    }
}

/// A curve of one phase.
func curve(_ length: Nanoseconds, _ shape: LoadShape) -> Curve {
    var curve = Curve()
    _ = curve.append(length, shape, from: 0, seed: 1) { (amount) throws(Never) -> Double in
        switch amount {
        case .cores(let value), .count(let value), .bytes(let value), .bytesPerSecond(let value): value
        default: .nan
        }
    }
    return curve
}
