// SPDX-License-Identifier: Apache-2.0

import Engine
import Foundation
import LoadModel
import Testing

@testable import LinuxSystem
@testable import Stressors

/// What the workers say against what the processor counts; on made-up figures, since no machine of ours counts.
struct TrafficWitnessTests {
    private static let all = Resctrl.Traffic(reads: .always, writeBacks: .always, nonTemporal: .always)
    private static let reads = Resctrl.Traffic(reads: .always, writeBacks: .never, nonTemporal: .never)
    private static let untold = Resctrl.Traffic(reads: .always, writeBacks: .unknown, nonTemporal: .unknown)

    @Test(
        arguments: [
            (.read, all, 1...1), (.write, all, 2...2), (.writeNonTemporal, all, 1...1), (.copy, all, 1.5...1.5),
            (.read, reads, 1...1), (.write, reads, 1...1), (.writeNonTemporal, reads, nil), (.copy, reads, 1...1),
            (.read, untold, 1...1), (.write, untold, 1...2), (.writeNonTemporal, untold, nil), (.copy, untold, 1...1.5),
        ] as [(MemoryAccess, Resctrl.Traffic, ClosedRange<Double>?)])
    func eachAccessHasItsFactor(access: MemoryAccess, kinds: Resctrl.Traffic, range: ClosedRange<Double>?) {
        #expect(access.traffic(counting: kinds) == range)
    }

    /// The amount after so many seconds at 1 GB/s of claims, ten looks in each, with `factor` bytes counted for each
    /// byte that is claimed.
    private func amount(
        _ range: ClosedRange<Double>, seconds: Int = 10, factor: (Double) -> Double?
    ) -> Double {
        var comparison = TrafficComparison(perPayload: range, slack: 0x1p20)
        var moved = 0.0
        for step in 0...seconds * 10 {
            let time = Double(step) / 10
            let counted = factor(time)
            if step > 0 { moved += 1e8 * (counted ?? 1) }
            comparison.add(
                claimed: Int64(step) * 100_000_000, moved: counted.map { _ in Int64(moved) },
                at: Nanoseconds(step) * 100 * .millisecond)
        }
        return comparison.amount
    }

    @Test(arguments: [0.93, 1, 1.08])
    func whereBothAgreeTheExactCountStands(factor: Double) {
        #expect(amount(1...1) { _ in factor } == 10e9)
        #expect(amount(2...2) { _ in 2 * factor } == 10e9)
        #expect(amount(1...2) { _ in 1.5 * factor } == 10e9)
        #expect(amount(1...2) { _ in factor } == 10e9 && amount(1...2) { _ in 2 * factor } == 10e9)
    }

    @Test func whatIsNotBorneOutDoesNotCount() {
        // The buffer lies in a cache: a twentieth of it reaches the memory. The first second is believed.
        #expect(abs(amount(1...1) { _ in 0.05 } - (0.9e9 + 9.1e9 * 0.05)) < 1e6)
        // A stressor that says it writes, on a processor that counts all of it.
        #expect(abs(amount(2...2) { _ in 1 } - (0.9e9 + 9.1e9 / 2)) < 1e6)
        // More is moved than is claimed.
        #expect(abs(amount(1...1) { _ in 3 } - (0.9e9 + 9.1e9 * 3)) < 1e6)
        // It stops at half of the time: within a second that is seen.
        let stopped = amount(1...1) { $0 > 5 ? 0 : 1 }
        #expect(stopped >= 5e9 && stopped < 5.3e9, "\(stopped)")
    }

    @Test func whatIsNotToldIsBelievedAndTheComparisonBeginsAnew() {
        #expect(amount(1...1) { _ in nil } == 10e9)
        let gap = amount(1...1) { $0 > 3 && $0 < 5 ? nil : 1 }
        #expect(gap == 10e9)
    }

    @Test func theAmountNeverFalls() {
        var comparison = TrafficComparison(perPayload: 1...2, slack: 0)
        var random = SystemRandomNumberGenerator()
        var last = 0.0
        var (claimed, moved) = (Int64(0), Int64(0))
        for step in 0..<2000 {
            claimed += Int64.random(in: 0...100_000_000, using: &random)
            moved += Int64.random(in: 0...200_000_000, using: &random)
            let told = Int.random(in: 0..<20, using: &random) > 0
            comparison.add(claimed: claimed, moved: told ? moved : nil, at: Nanoseconds(step) * 50 * .millisecond)
            #expect(comparison.amount >= last && comparison.amount.isFinite)
            last = comparison.amount
        }
    }

    @Test func thePlanTellsWhatIsCountedAndThatItIsUnproven() throws {
        let folder = NSTemporaryDirectory() + "exert-resctrl-\(getpid())-\(UInt32.random(in: 0...(.max)))"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for name in ["mon_groups", "info/L3_MON"] {
            try FileManager.default.createDirectory(atPath: folder + "/" + name, withIntermediateDirectories: true)
        }
        for (file, text) in [("info/L3_MON/mon_features", "mbm_total_bytes\n"), ("membership", "res:/\nmon:\n")] {
            try text.write(toFile: folder + "/" + file, atomically: false, encoding: .utf8)
        }
        func finding(_ access: MemoryAccess) -> (Finding, ClosedRange<Double>?) {
            MemoryBandwidthStressor.trafficFinding(access) { () throws(Resctrl.Problem) in
                try Resctrl(root: folder, membership: folder + "/membership")
            }
        }
        let (write, range) = finding(.write)
        #expect(write.code == "traffic_witness" && range == 1...2)
        #expect(write.message.contains("1 to 2 bytes for each byte of payload"), "\(write.message)")
        #expect(write.message.contains("on no such processor yet"))
        #expect(finding(.read).0.message.contains("cache lines, 1 bytes for each byte"))
        #expect(finding(.writeNonTemporal).0.code == "no_witness" && finding(.writeNonTemporal).1 == nil)
    }

    @Test func theWitnessReadsTheCounterFromWhereItStood() throws {
        let folder = NSTemporaryDirectory() + "exert-traffic-\(getpid())-\(UInt32.random(in: 0...(.max)))"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let data = folder + "/mon_data/mon_L3_00"
        try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
        func count(_ bytes: Int64) throws {
            try "\(bytes)\n".write(toFile: data + "/mbm_total_bytes", atomically: false, encoding: .utf8)
        }
        try count(77_000_000_000)
        var (claimed, time) = (Int64(0), Nanoseconds(0))
        let witness = TrafficWitness(
            claims: { claimed }, counter: try #require(ResctrlCounter(folder)),
            comparison: TrafficComparison(perPayload: 1...1, slack: 0), clock: { time })
        witness.begin()
        for step in 1...30 {
            (claimed, time) = (Int64(step) * 1_000_000, Nanoseconds(step) * 100 * .millisecond)
            // From the second second on only half of it is borne out.
            try count(77_000_000_000 + (step <= 10 ? claimed : 10_000_000 + (claimed - 10_000_000) / 2))
            _ = witness.read(target: 1)
        }
        let amount = try #require(witness.read(target: 1)).amount
        #expect(amount >= 20e6 && amount < 22e6, "\(amount)")
    }
}
