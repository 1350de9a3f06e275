// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

@testable import Profiles

/// Whatever stands in a trace and behind its name, there is a curve or a problem, and never a trap.
struct TraceMutationTests {
    /// In each of four parts.
    private static let rounds = FuzzRounds.ofSuite(1000, parts: 4)

    private static let fragments = [
        ",", ";", "\t", " ", "\"", "\n", "\r", "#", "%", "-", "+", ".", "e", "e308", "e-999", "9223372036854775807",
        "99999999999999999999", "-9223372036854775808", "0", "NaN", "null", "max", "leave 5%", "1e18",
        "4611686018427387903",
        "2026-02-31", "9999-12-31 23:59:59", "0000-01-01", "12:00:01 AM", "{", "}", "[", "]", ":", "\\u", "\u{0}", "ü",
        "Average:", "Linux (", "procs memory\n", "UTC", "+23:59", "\u{FEFF}", "\u{FF}",
    ]
    private static let clauses = [
        "column 2", "column 1", "column value", "in %", "in MiB", "in % of 64 cores", "x 1/30", "x 99999999", "time 1",
        "time 2 in ms", "time 1 in ns", "time 1 in d", "time in epoch", "time 1 in \"%d.%m.%Y %H:%M\"",
        "time 1 in \"%s\"",
        "rows every 1ms", "rows every 30d", "where 1 = a", "where Name = b and 2 = 3", "from first", "from 1h",
        "to 30d",
        "to 2026-03-02 08:05:00", "mean every 10ms", "max every 1d", "sum every 1s", "count every 1s", "gaps held",
        "gaps zero", "gaps skipped", "decimal comma", "as steps", "as lines", "stretch to 1ms", "stretch to 30d",
        "stretch by 1/999999", "stretch by 99999", "repeat", "repeat 1000000", "repeat 2",
    ]

    @Test(arguments: 0..<4)
    func mutantsAreReadOrRefused(part: Int) {
        var generator = Generator(state: UInt64(part + 1))
        var traces = 0
        for round in 0..<Self.rounds {
            let form = TraceForm.all[Int.random(in: 0..<TraceForm.all.count, using: &generator)]
            var bytes = Array(form.text.utf8)
            for _ in 0..<Int.random(in: 0...4, using: &generator) { mutate(&bytes, &generator) }
            var clauses = Int.random(in: 0..<3, using: &generator) == 0 ? "" : form.clauses
            for _ in 0..<Int.random(in: 0...2, using: &generator) {
                clauses += " " + (Self.clauses.randomElement(using: &generator) ?? "")
            }
            let length = Nanoseconds(Int.random(in: 1...10_000_000_000_000, using: &generator))
            let manifest = form.kind == "cpu" ? TestManifests.cpu : TestManifests.memory
            let size = Int.random(in: 1...100, using: &generator)
            let shape = read("trace t.csv " + clauses, manifest, length, bytes, size)
            guard let shape else { continue }
            traces += 1
            var curve = Curve()
            _ = curve.append(length, shape, from: 0, seed: 1) { amount in
                if case .percent(let value) = amount { value } else { amount.number ?? 1 }
            }
            #expect(curve.area(until: length).isFinite, "part \(part), round \(round)")
        }
        // Both ends are reached.
        #expect(traces > Self.rounds / 50 && traces < Self.rounds * 49 / 50, "\(traces)")
    }

    private func read(
        _ text: String, _ manifest: Manifest, _ length: Nanoseconds, _ bytes: [UInt8], _ size: Int
    ) -> LoadShape? {
        do throws(ProfileErrors) {
            return try ProfileReader.load(
                text, of: manifest.kind, manifest, length: length, readFile: { _ in [] }
            ) { _ in
                // In pieces that end anywhere.
                var rest = bytes[...]
                return {
                    let piece = Array(rest.prefix(size))
                    rest = rest.dropFirst(piece.count)
                    return piece
                }
            }
        } catch {
            #expect(!error.diagnostics.isEmpty)
            #expect(error.diagnostics.allSatisfy { !$0.message.isEmpty && !$0.message.contains("\n") }, "\(error)")
            return nil
        }
    }

    private func mutate(_ bytes: inout [UInt8], _ generator: inout Generator) {
        let at = Int.random(in: 0..<bytes.count, using: &generator)
        switch Int.random(in: 0..<5, using: &generator) {
        case 0: bytes[at] = UInt8.random(in: 0...255, using: &generator)
        case 1: bytes.remove(at: at)
        case 2: bytes.removeSubrange(at..<min(bytes.count, at + Int.random(in: 1...40, using: &generator)))
        case 3: bytes.insert(contentsOf: (Self.fragments.randomElement(using: &generator) ?? "").utf8, at: at)
        default:
            let from = Int.random(in: 0..<bytes.count, using: &generator)
            bytes.insert(contentsOf: Array(bytes[from..<min(bytes.count, from + 30)]), at: at)
        }
        if bytes.isEmpty { bytes = [0x0A] }
    }
}
