// SPDX-License-Identifier: Apache-2.0

import Foundation

/// One round of the kill matrix: a load, the moment at which something is done to its processes, and what that is.
struct KillRound: Sendable {
    /// A load that leaves what it leaves in its own way.
    enum Load: String, CaseIterable, Sendable {
        case cpu, memory, memoryBandwidth, handles, limit, processes, space, namedSpace, inodes, namedInodes,
            diskBandwidth, mixed
    }

    /// What the run does when it is struck.
    enum Moment: String, CaseIterable, Sendable {
        case startUp, layout, hold, step, ramp, release, patch, log
    }

    /// What is sent, and to whom.
    enum Act: String, CaseIterable, Sendable {
        case term, int, kill, stopAndKill, killStressor, stopAndKillStressor, stopStressorAndTerm, termGroup, killGroup
    }

    var number: Int
    var load: Load
    var moment: Moment
    var act: Act
    /// A part of what may be waited at the moment, 0 through 1.
    var delay: Double

    var name: String { "round \(number): \(load) at \(moment): \(act)" }

    /// Whether nobody was left who could have cleaned up at once.
    var needsCleanup: Bool { [.kill, .stopAndKill, .killGroup].contains(act) }

    /// The rounds of a seed: 864 of them are all different, and the first ones vary all three.
    static func rounds(_ count: Int, seed: UInt64) -> [KillRound] {
        var random = SplitMix(state: seed)
        let loads = Load.allCases.shuffled(using: &random)
        let moments = Moment.allCases.shuffled(using: &random)
        let acts = Act.allCases.shuffled(using: &random)
        return (0..<count).map { number in
            let (turn, load) = number.quotientAndRemainder(dividingBy: loads.count)
            return KillRound(
                number: number, load: loads[load], moment: moments[(turn + load) % moments.count],
                act: acts[(turn / moments.count + number) % acts.count], delay: Double.random(in: 0..<1, using: &random)
            )
        }
    }

    /// The stressors of the profile; `main` is the one whose target moves.
    func stressors(disk: String, neighbour: Int32) -> [String] {
        let main =
            switch load {
            case .cpu: "kind: cpu"
            case .memory: "kind: memory"
            case .memoryBandwidth: "kind: memory-bandwidth"
            case .handles: "kind: file-handles"
            case .limit: "kind: file-handles, target: { pid: \(neighbour) }"
            case .processes: "kind: processes"
            case .space: "kind: disk-space, directory: \(disk)"
            case .namedSpace: "kind: disk-space, directory: \(disk), named: true"
            case .inodes: "kind: inodes, directory: \(disk)"
            case .namedInodes: "kind: inodes, directory: \(disk), named: true"
            case .diskBandwidth: "kind: disk-bandwidth, directory: \(disk), size: 32MiB"
            case .mixed: "kind: disk-space, directory: \(disk), named: true"
            }
        var lines = ["main: { \(main) }"]
        if load == .mixed { lines.append("files: { kind: inodes, directory: \(disk), named: true }") }
        if moment == .layout { lines.append("disk: { kind: disk-bandwidth, directory: \(disk), size: 96MiB }") }
        return lines
    }

    /// A smaller and a greater amount of the load.
    private var amounts: (String, String) {
        switch load {
        case .cpu: ("10%", "30%")
        case .memory: ("8MiB", "24MiB")
        case .memoryBandwidth: ("50MB/s", "150MB/s")
        case .handles: ("200", "800")
        case .processes: ("100", "600")
        case .limit: ("leave 3000", "leave 1000")
        case .space, .namedSpace, .mixed: ("4MiB", "16MiB")
        case .inodes, .namedInodes: ("100", "600")
        case .diskBandwidth: ("1MB/s", "3MB/s")
        }
    }

    /// The loads of the phase.
    func targets(isPatched: Bool = false) -> [(name: String, shape: String)] {
        let (low, high) = amounts
        let shape =
            switch moment {
            case .step: "steps \(low), \(high), \(low), \(high) every 150ms"
            case .ramp: "ramp from \(low) to \(high) in 600ms"
            default: isPatched ? high : low
            }
        var targets = [("main", shape)]
        if load == .mixed, !isPatched { targets.append(("files", "200")) }
        if moment == .layout { targets.append(("disk", "1MB/s")) }
        return targets
    }

    /// How long the load is on.
    var length: String { moment == .release ? "700ms" : "5s" }

    func profile(disk: String, neighbour: Int32) -> String {
        let load = targets().map { "\($0.name): '\($0.shape)'" }.joined(separator: ", ")
        return """
            stressors:
              \(stressors(disk: disk, neighbour: neighbour).joined(separator: "\n  "))
            phases:
              - { name: load, for: \(length), load: { \(load) } }
              - { name: recover, for: 300ms, load: {} }

            """
    }
}

/// SplitMix64: the same rounds for the same seed.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
