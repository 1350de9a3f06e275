// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Inodes that are not there, not taken, not given back, or taken by others.
extension Scenario {
    private static func asked(_ load: String, _ settings: String..., seconds: Double = 5) -> Request {
        var request = Request.load("inodes=\(load)", "directory={disk}", seconds: seconds)
        request.arguments += settings.flatMap { ["--set", "inodes.\($0)"] }
        return request
    }
    private static let needs: [Need] = [.disk(mebibytes: 32, inodes: 2048)]

    static let inodes: [Scenario] = [
        Scenario(
            "inodes", "a disk without any left", asked("40", seconds: 3), needs: needs,
            acts: [.before { try $0.disk().makeFiles(4096) }],
            sees: [.level(.inodes, 0...2.8, in: 0...2)], must: .notMet("saturation"),
            twinSees: [.level(.inodes, 1...2.8, in: 38...44)]),
        Scenario(
            "inodes", "a neighbour has them before the step", asked("steps 100, 900 every 2s"), needs: needs,
            acts: [.at(0.8) { try $0.disk().makeFiles(1700) }],
            sees: [.change(.inodes, 1.7...4.8, in: 0...400)], must: .notMet("saturation"),
            twinSees: [.change(.inodes, 1.7...4.8, in: 795...805)]),
        Scenario(
            "inodes", "stopped before it grows", asked("steps 100, 900 every 2s"), needs: needs,
            acts: [.stop(.stressors, 1.7...4.5)],
            sees: [.level(.inodes, 2.1...4.4, in: 98...104)], must: .notMet("stopped"),
            twinSees: [.level(.inodes, 2.7...4.8, in: 898...904)]),
        Scenario(
            "inodes", "still held where none are asked",
            .phases("inodes", [("fill", 2000, "700"), ("recover", 3000, nil)], settings: "{ directory: '{disk}' }"),
            needs: needs, acts: [.stop(.stressors, 1.8...4.7)],
            sees: [.level(.inodes, 2.1...4.6, in: 698...704)],
            must: .notMet("stopped").phase("recover", "not_met"),
            twinSees: [.level(.inodes, 1...1.9, in: 698...704), .level(.inodes, 2.7...4.8, in: 0...4)]),
        Scenario(
            "inodes", "a total that others alone exceed", asked("50%"), needs: needs,
            // Two times, since exert holds half of them when the first ones come.
            acts: [1.5, 2.2].map { time in .at(time) { try $0.disk().makeFiles(800) } },
            sees: [.level(.inodes, 3.2...4.8, in: 1590...1620)], must: .notMet("others"),
            twinSees: [.level(.inodes, 1...4.8, in: 980...1030)]),
        Scenario(
            "inodes", "few descriptors, and yet all of them", asked("500", seconds: 4), needs: needs,
            // A limit is no miss where it can be gone around.
            acts: [.launch("ulimit -n 64")],
            sees: [.level(.inodes, 1.5...3.8, in: 498...510)], must: .met,
            twinSees: [.level(.inodes, 1.5...3.8, in: 498...510)]),
        Scenario(
            "inodes", "nobody looks for three of six seconds", asked("300", seconds: 6), needs: needs,
            acts: [.stop(.observer, 1.5...4.6)],
            sees: [.level(.inodes, 1...5.8, in: 298...304)], must: .unverified,
            twinSees: [.level(.inodes, 1...5.8, in: 298...304)]),
        Scenario(
            "inodes", "killed by SIGKILL", asked("200", seconds: 4), needs: needs, acts: [.signal(SIGKILL, 1.5)],
            sees: [.level(.inodes, 0.8...1.4, in: 198...204)], must: .killed,
            twinSees: [.level(.inodes, 0.8...3.8, in: 198...204)]),
    ]
}
