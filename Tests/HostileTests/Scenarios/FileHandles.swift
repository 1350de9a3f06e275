// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Descriptors that are not opened, not closed, or that others may still open.
extension Scenario {
    /// A shell line that becomes exert in a mount namespace of its own, after another line there.
    static func apart(_ line: String) -> String {
        "exec unshare --mount --propagation private sh -ec '\(line); exec \"$@\"' sh \"$@\""
    }

    static let fileHandles: [Scenario] = [
        Scenario(
            "file-handles", "its limit lowered before it grows",
            .load("file-handles=steps 200, 1000 every 2s", seconds: 5),
            acts: [.tool(["prlimit", "--nofile=400:400", "--pid"], 1)],
            sees: [.peak(.handles, 2.1...4.8, in: 190...400)], must: .notMet("refusal"),
            twinSees: [.level(.handles, 2.7...4.8, in: 1000...1000)]),
        Scenario(
            "file-handles", "more inotify instances than a user may have",
            // fs.inotify.max_user_instances is 128 unless somebody has set it; root is one of the users.
            .load("file-handles=3000", "handle=inotify", seconds: 4),
            sees: [.peak(.handles, 1...3.8, in: 20...2990)], must: .notMet("refusal"),
            twin: .load("file-handles=60", "handle=inotify", seconds: 4),
            twinSees: [.level(.handles, 1...3.8, in: 60...60)], isAlone: true),
        Scenario(
            "file-handles", "more than a table of 64 holds", .load("file-handles=100", seconds: 4),
            // Two processes take them together: a small table is no miss.
            acts: [.launch("ulimit -n 64")],
            sees: [.level(.handles, 1...3.8, in: 100...100)], must: .met,
            twinSees: [.level(.handles, 1...3.8, in: 100...100)]),
        Scenario(
            "file-handles", "/proc is covered while the load is on", .load("file-handles=300", seconds: 4),
            // What is open stays that process's, whatever is mounted over it.
            always: [.launch(apart("true"))],
            acts: [
                .at(1.5) { stage in
                    try Child.run(
                        "nsenter", "--mount=/proc/\(stage.observer)/ns/mnt", "mount", "-t", "tmpfs", "none", "/proc")
                }
            ],
            sees: [.level(.handles, 1...3.8, in: 300...300)], must: .met,
            twinSees: [.level(.handles, 1...3.8, in: 300...300)]),
        Scenario(
            "file-handles", "its thread frozen before it grows",
            .load("file-handles=steps 100, 2000 every 2s", seconds: 5), needs: [.group("freezer")],
            acts: [.moveThread(to: "freezer", 1.4), .freeze(1.5...4.6)],
            sees: [.level(.handles, 2.1...4.5, in: 100...100)], must: .notMet("frozen"),
            twinSees: [.level(.handles, 2.7...4.8, in: 2000...2000)]),
        Scenario(
            "file-handles", "one of its processes killed", .load("file-handles=2500", seconds: 4),
            always: [.launch("ulimit -n 1000")],
            acts: [.at(1.5) { stage in kill(try #require(stage.stressors.last), SIGKILL) }],
            sees: [.peak(.handles, 1.8...3.8, in: 1000...2000)],
            must: Must(verdicts: ["killed"], lies: ["saturation", "refusal"]),
            twinSees: [.level(.handles, 1...3.8, in: 2500...2500)]),
        Scenario(
            "file-handles", "the limit lowered under a share of it", .load("file-handles=50%", seconds: 5),
            always: [.launch("ulimit -n 1000")], acts: [.tool(["prlimit", "--nofile=600:600", "--pid"], 1.5)],
            sees: [.level(.handles, 1...4.8, in: 500...500)],
            must: Must(verdicts: ["met"], hasFinding: true).telling("base_changed"),
            twinSees: [.level(.handles, 1...4.8, in: 500...500)]),
        Scenario(
            "file-handles", "a share that follows the limit", .load("file-handles=50%", "follow=true", seconds: 5),
            always: [.launch("ulimit -n 1000")], acts: [.tool(["prlimit", "--nofile=600:600", "--pid"], 1.5)],
            sees: [.level(.handles, 3...4.8, in: 300...300)],
            must: Must(verdicts: ["met"], hasFinding: true).telling("base_changed"),
            twinSees: [.level(.handles, 1...4.8, in: 500...500)]),
        Scenario(
            "file-handles", "stopped before it grows", .load("file-handles=steps 100, 2000 every 2s", seconds: 5),
            acts: [.stop(.stressors, 1.7...4.5)],
            sees: [.level(.handles, 2.1...4.4, in: 100...100)], must: .notMet("stopped"),
            twinSees: [.level(.handles, 2.7...4.8, in: 2000...2000)]),
        Scenario(
            "file-handles", "still open where none are asked",
            .phases("file-handles", [("squeeze", 2000, "1500"), ("recover", 3000, nil)]),
            acts: [.stop(.stressors, 1.8...4.7)],
            sees: [.level(.handles, 2.1...4.6, in: 1500...1500)],
            must: .notMet("stopped").phase("recover", "not_met"),
            twinSees: [.level(.handles, 1...1.9, in: 1500...1500), .level(.handles, 2.5...4.8, in: 0...100)]),
        Scenario(
            "file-handles", "still open while everything is frozen",
            .phases("file-handles", [("squeeze", 1500, "500"), ("recover", 3500, nil)]),
            needs: [.group("freezer")], always: [.joinFreezer], acts: [.freeze(1.2...4)],
            sees: [.level(.handles, 1.6...3.9, in: 500...500)],
            must: .notMetOrUnverified.phase("recover", "not_met", "unverified"),
            twinSees: [.level(.handles, 2...4.8, in: 0...100)]),
        Scenario(
            "file-handles", "nobody looks for three of six seconds", .load("file-handles=300", seconds: 6),
            acts: [.stop(.observer, 1.5...4.6)],
            sees: [.level(.handles, 1...5.8, in: 300...300)], must: .unverified,
            twinSees: [.level(.handles, 1...5.8, in: 300...300)]),
        Scenario(
            "file-handles", "a pulse that stays on", .load("file-handles=pulse 900 for 700ms every 2s", seconds: 6),
            acts: [.stop(.stressors, 2.4...5.4)],
            sees: [.level(.handles, 2.8...5.3, in: 900...900)], must: .notMet("stopped"),
            twinSees: [.level(.handles, 2.3...2.6, in: 900...900), .level(.handles, 3...3.9, in: 0...100)]),
        Scenario(
            "file-handles", "somebody sets back the limit of the process that is squeezed",
            .load("file-handles=leave 10", "target.pid={neighbour}", seconds: 5),
            always: [.before { try $0.startNeighbour("exec sleep 60") }],
            acts: [
                .at(1.5) { stage in
                    let line = "while :; do prlimit --pid {neighbour} --nofile=512; sleep 0.01; done"
                    try stage.startNeighbour(line)
                }
            ],
            sees: [.mean(.neighbourFree, 2...4.8, in: 100...512)], must: .notMet,
            twinSees: [.level(.neighbourFree, 1...4.8, in: 10...10)]),
        Scenario(
            "file-handles", "a slow leak that nobody follows", .load("file-handles=ramp from 100 to 140", seconds: 5),
            acts: [.stop(.stressors, 1...4)],
            sees: [.level(.handles, 1.2...3.9, in: 106...110)], must: .notMet("stopped"),
            twinSees: [.level(.handles, 2...3, in: 115...125)]),
        Scenario(
            "file-handles", "killed by SIGKILL", .load("file-handles=400", seconds: 4), acts: [.signal(SIGKILL, 1.5)],
            sees: [.level(.handles, 0.8...1.4, in: 400...400)], must: .killed,
            twinSees: [.level(.handles, 0.8...3.8, in: 400...400)]),
    ]
}
