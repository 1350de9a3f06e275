// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

@testable import Profiles

/// Whatever stands in the file, there is a profile or a problem, and never a trap.
struct MutationTests {
    private static let fragments = [
        "&a", "*a", "!x", "{", "}", "[", "]", ",", ":", ": ", "- ", "? ", "|", ">", "\"", "'", "#", "%", "\n", "\r",
        "\t", "---\n",
        "...", "~", "0", "-1", "1e9", "010", "1:30", "99999999999999999999", "ramp ", "to ", "every ", "for ", "leave ",
        "max",
        "trace t.csv", " column 3", "ü", "\u{1F600}", "\u{0}", "\u{2028}", "\u{FEFF}", "<<: ", "100%", "5M", "  ", ".",
        "\\", "$level", "$$", "<<: *a", " + ", "offset 90deg", "curve ", "hold 1s", "repeat: 3", "phases: ",
        "start: 1s", "noise 5% every 1s",
        "include: p.yaml", "include: [dir/common.yaml, dir/common.yaml]", "note: ", "labels: { a: b }", "../",
    ]

    /// Comments and names leave room for changes that do no harm.
    private static let parameters = """
        # Does the service live through waves that come back again and again, and does it get its breath back between
        # them? Twenty percent is what the nightly batch takes of this machine, and two minutes is how long it lasts.
        name: waves that come back, with some rest between them, and a curve in the end
        description: the batch was moved to the day once, and nobody had tried what that does to those who wait for it
        params: { level: 20%, length: { default: 2m, type: duration, from: env:LENGTH } }
        x-base: &a { for: $length, load: { cpu: sine 0% to $level every 8s offset 90deg + 5% + noise 5% every 1s } }
        phases:
          - repeat: 3
            phases:
              - { <<: *a, name: wave }
              - { name: rest, for: 10s, repeat: 2 }
          - for: 1m
            load:
              cpu: { load: "curve from 5%, $level in 10s, hold 5s, 3% for 2s", start: 10s, for: 20s }
              memory: 10% + trace t.csv column 2
        """

    private static let files = [
        "t.csv": "t,a,b (%)\n0,1%,2\n3,4%,5\n", "ca.pem": TestManifests.authorities,
        "dir/ca.pem": TestManifests.authorities,
    ]

    /// Of each text there are two parts, but of one that includes another in one of them: there the other one changes.
    @Test(arguments: 0..<10)
    func mutantsAreReadOrRefused(part: Int) {
        let texts = [
            ProfileTests.squeeze, ProfileTests.squeeze, ProbeNotationTests.whole, Self.parameters,
            InclusionTests.profile,
        ]
        let isIncluded = part == 9
        let original = Array((isIncluded ? InclusionTests.common : texts[part / 2]).utf8)
        var generator = Generator(state: UInt64(part + 1))
        var profiles = 0
        let rounds = FuzzRounds.ofSuite(2000, parts: 10)
        for round in 0..<rounds {
            var bytes = original
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let at = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<5, using: &generator) {
                case 0: bytes[at] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes.remove(at: at)
                case 2:
                    let length = Int.random(in: 1...40, using: &generator)
                    bytes.removeSubrange(at..<min(bytes.count, at + length))
                case 3:
                    let fragment = Self.fragments.randomElement(using: &generator) ?? ""
                    bytes.insert(contentsOf: fragment.utf8, at: at)
                default:
                    let from = Int.random(in: 0..<bytes.count, using: &generator)
                    let piece = Array(bytes[from..<min(bytes.count, from + 30)])
                    bytes.insert(contentsOf: piece, at: at)
                }
                if bytes.isEmpty { bytes = [0x0A] }
            }
            do throws(ProfileErrors) {
                let profile =
                    if isIncluded {
                        try TestManifests.profile(InclusionTests.profile, included: ["dir/common.yaml": bytes])
                    } else {
                        try TestManifests.profile(
                            bytes, files: Self.files, included: ["dir/common.yaml": Array(InclusionTests.common.utf8)])
                    }
                profiles += 1
                // What is read can be compiled, whose preconditions the reader is to have seen to.
                for phase in profile.phases {
                    for load in phase.loads {
                        var curve = Curve()
                        _ = curve.append(phase.length, load.shape, from: 0, seed: 1) { _ in 1 }
                    }
                }
            } catch {
                #expect(!error.diagnostics.isEmpty, "part \(part), round \(round)")
                #expect(error.diagnostics.allSatisfy { !$0.message.isEmpty && !$0.message.contains("\n") })
            }
        }
        // Both ends are reached: comments and names may change without harm.
        #expect(profiles > rounds / 200 && profiles < rounds * 49 / 50)
    }

    @Test func loadsOfRandomWordsAreReadOrRefused() {
        let words = [
            "80%", "1.5", "cores", "2", "GiB", "max", "leave", "hold", "ramp", "from", "to", "in", "steps", ",",
            "every", "sine",
            "pulse", "for", "bursts", "rest", "of", "sawtooth", "random", "trace", "t.csv", "column", "\"", "30s",
            "10ms", "1m", "0s", "50%,",
            "\"a b\"", "-",
            "1e9", "9999999999999999999999", "m", "%", "é", "+", "curve", "noise", "offset", "90deg", "20%",
        ]
        var generator = Generator(state: 99)
        var read = 0
        for _ in 0..<10_000 {
            let text = (0..<Int.random(in: 1...8, using: &generator))
                .map { _ in words.randomElement(using: &generator) ?? "" }.joined(separator: " ")
            let taker = AmountTaker(stressor: "cpu", of: TestManifests.cpu)
            do throws(NotationError) {
                _ = try ShapeNotation(taker: taker, phaseLength: 60 * .second).parse(text)
                read += 1
            } catch {
                #expect(error.offset >= 0 && error.offset <= text.unicodeScalars.count)
                #expect(!error.message.isEmpty)
            }
            _ = try? GuardNotation(probes: [], stressors: []).parse(text, mark: SourceMark(line: 1, column: 1))
            _ = try? ToleranceNotation.parse(text, for: "cpu", unit: .cores)
            _ = try? UnitNotation.duration(text)
        }
        #expect(read > 0)
    }
}
