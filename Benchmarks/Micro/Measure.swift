// SPDX-License-Identifier: Apache-2.0

import Benchmark
import LinuxSystem

/// How the micro-benchmarks measure.
///
/// A figure is CPU time of the calling thread, not time: who else runs does not count, but for what it does to caches.
/// One measurement is the least of five batches of calls, which leaves out most of that, too.
///
/// Thresholds in nanoseconds would only hold on one machine. So each batch is also compared with the same thread's time
/// for a fixed piece of work right before it, and that `cost` is what the thresholds are about: on a machine of half
/// the speed, or while a neighbour slows this one down, both take longer. The tool compares the 90th percentile.
enum Measure {
    /// CPU time of one call, in picoseconds.
    static let time = BenchmarkMetric.custom("cpu_ps", polarity: .prefersSmaller, useScalingFactor: false)
    /// The same in thousandths of the time that one byte of text takes where integers are read and added up.
    static let cost = BenchmarkMetric.custom("cost", polarity: .prefersSmaller, useScalingFactor: false)

    /// How much more than in the file is too much.
    ///
    /// 2.5 times as much is less than a threefold regression and more than the noise of a shared machine, which was
    /// seen to be 1.5 times. The time itself only has to be of the right order.
    static var thresholds: [BenchmarkMetric: BenchmarkThresholds] {
        [cost: BenchmarkThresholds(relative: [.p90: 150]), time: BenchmarkThresholds(relative: [.p90: 900])]
    }

    private static let batches = 5
    private static let referenceSize = 16 * 1024

    /// Adds a benchmark of `calls` calls a batch, which ought to take 20 µs or more.
    static func add(_ name: String, calls: Int, _ body: @escaping (Int) -> Void) {
        let text = Array("cpu7 1393280 32966 572056 13343292 6130 0 17875 1021\n".utf8)
        let reference = (0..<referenceSize).map { text[$0 % text.count] }
        Benchmark(
            name,
            configuration: .init(
                metrics: [time, cost], units: [time: .count, cost: .count], warmupIterations: 3,
                maxDuration: .milliseconds(1500), maxIterations: 2000,
                thresholds: thresholds)
        ) { benchmark in
            var (least, leastReference) = (Int64.max, Int64.max)
            for _ in 0..<batches {
                leastReference = min(leastReference, cpuTime { blackHole(sum(reference)) })
                least = min(least, cpuTime { body(calls) })
            }
            let time = Double(least) * 1000 / Double(calls)
            benchmark.measurement(Self.time, Int(time))
            benchmark.measurement(cost, Int(time * Double(referenceSize) / Double(max(1, leastReference))))
        }
    }

    private static func cpuTime(_ body: () -> Void) -> Int64 {
        let start = Clocks.threadCPU
        body()
        return Clocks.threadCPU - start
    }

    /// Adds up the integers in a text.
    ///
    /// It is work of the kind that is measured, branches and short chains, so that a neighbour on the same core slows
    /// down both alike; a hash, one long chain, hardly feels it.
    private static func sum(_ bytes: [UInt8]) -> UInt64 {
        var (sum, number): (UInt64, UInt64) = (0, 0)
        for byte in bytes {
            if byte >= 0x30, byte <= 0x39 {
                number = number &* 10 &+ UInt64(byte &- 0x30)
            } else {
                sum &+= number
                number = 0
            }
        }
        return sum &+ number
    }
}
