// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Disk space that is not there, not taken, not given back, or taken by others.
extension Scenario {
    private static func asked(_ load: String, _ settings: String..., seconds: Double = 5) -> Request {
        var request = Request.load("disk-space=\(load)", "directory={disk}", seconds: seconds)
        request.arguments += settings.flatMap { ["--set", "disk-space.\($0)"] }
        return request
    }

    static let diskSpace: [Scenario] = [
        Scenario(
            "disk-space", "3 MiB of a disk that is full", asked("3MiB", seconds: 3), needs: [.disk(mebibytes: 64)],
            acts: [.before { try $0.disk().fill(leaving: 0) }],
            sees: [.level(.space, 0...2.8, in: 0...65536)], must: .notMet("saturation"),
            twinSees: [.level(.space, 1...2.8, in: 3 * mebi...3.2 * mebi)]),
        Scenario(
            "disk-space", "90 % of 2 TiB, of which 1 TB is kept free", asked("90%", "keep-free=1000GB", seconds: 4),
            needs: [.disk(mebibytes: 2 << 20, type: "xfs")],
            sees: [.peak(.space, 1...3.8, in: 0...1.25e12)], must: .notMet, twin: asked("90%", seconds: 4),
            twinSees: [.level(.space, 2...3.8, in: 1.9e12...2.0e12)]),
        Scenario(
            "disk-space", "4 MiB of an XFS that is all but full", asked("4MiB", seconds: 3),
            needs: [.disk(mebibytes: 320, type: "xfs")], acts: [.before { try $0.disk().fill(leaving: 1 << 20) }],
            sees: [.level(.space, 0...2.8, in: 0...1.1 * mebi)], must: .notMet("saturation"),
            twinSees: [.level(.space, 1...2.8, in: 4 * mebi...4.3 * mebi)]),
        Scenario(
            "disk-space", "a neighbour fills the disk before the step", asked("steps 4MiB, 24MiB every 2s"),
            needs: [.disk(mebibytes: 64)], acts: [.at(1) { try $0.disk().fill(leaving: 2 << 20) }],
            sees: [.change(.space, 1.6...4.8, in: 0...3 * mebi)], must: .notMet("saturation"),
            twinSees: [.change(.space, 1.6...4.8, in: 19.9 * mebi...20.2 * mebi)]),
        Scenario(
            "disk-space", "far more than the disk has", asked("5GiB", seconds: 3), needs: [.disk(mebibytes: 64)],
            sees: [.peak(.space, 1...2.8, in: 40 * mebi...64 * mebi)], must: .notMet("saturation"),
            twin: asked("3MiB", seconds: 3), twinSees: [.level(.space, 1...2.8, in: 3 * mebi...3.2 * mebi)]),
        Scenario(
            "disk-space", "stopped before it grows", asked("steps 4MiB, 24MiB every 2s"), needs: [.disk(mebibytes: 64)],
            acts: [.stop(.stressors, 1.7...4.5)],
            sees: [.level(.space, 2.1...4.4, in: 4 * mebi...4.2 * mebi)], must: .notMet("stopped"),
            twinSees: [.level(.space, 2.7...4.8, in: 24 * mebi...24.2 * mebi)]),
        Scenario(
            "disk-space", "still held where nothing is asked",
            .phases(
                "disk-space", [("fill", 2000, "20MiB"), ("recover", 3000, nil)],
                settings: "{ directory: '{disk}' }"),
            needs: [.disk(mebibytes: 64)], acts: [.stop(.stressors, 1.8...4.7)],
            sees: [.level(.space, 2.1...4.6, in: 20 * mebi...20.2 * mebi)],
            must: .notMet("stopped").phase("recover", "not_met"),
            twinSees: [.level(.space, 1...1.9, in: 20 * mebi...20.2 * mebi), .level(.space, 2.7...4.8, in: 0...65536)]),
        Scenario(
            "disk-space", "a total that others alone exceed", asked("50%"), needs: [.disk(mebibytes: 64)],
            // What exert gives back the neighbour takes, too.
            acts: [1.5, 1.9, 2.3].map { time in .at(time) { try $0.disk().fill(leaving: 12 << 20) } },
            sees: [.level(.space, 3.2...4.8, in: 36 * mebi...56 * mebi)], must: .notMet("others"),
            twinSees: [.level(.space, 1...4.8, in: 24 * mebi...34 * mebi)]),
        Scenario(
            "disk-space", "a total that nobody fills up again", asked("70%"), needs: [.disk(mebibytes: 64)],
            always: [.before { try $0.disk().fill(leaving: 36 << 20) }],
            acts: [
                .stop(.stressors, 1.5...4.6), .at(1.6) { unlink(try $0.disk().path + "/others") },
            ],
            sees: [.level(.space, 3.2...4.5, in: -16 * mebi...4 * mebi)], must: .notMet("stopped"),
            twinSees: [.level(.space, 1.5...4.5, in: 12 * mebi...24 * mebi)]),
        Scenario(
            "disk-space", "no file may be that large, and yet all of it", asked("12MiB", "method=write", seconds: 4),
            needs: [.disk(mebibytes: 64)],
            // dash counts blocks of 512 bytes: 4 MiB. A limit is no miss where several files go around it.
            acts: [.launch("ulimit -f 8192")],
            sees: [.level(.space, 1.5...3.8, in: 12 * mebi...12.2 * mebi)], must: .met,
            twinSees: [.level(.space, 1.5...3.8, in: 12 * mebi...12.2 * mebi)]),
        Scenario(
            "disk-space", "nobody looks for three of six seconds", asked("16MiB", seconds: 6),
            needs: [.disk(mebibytes: 64)], acts: [.stop(.observer, 1.5...4.6)],
            sees: [.level(.space, 1...5.8, in: 16 * mebi...16.2 * mebi)], must: .unverified,
            twinSees: [.level(.space, 1...5.8, in: 16 * mebi...16.2 * mebi)]),
        Scenario(
            "disk-space", "a sawtooth frozen with its observer", asked("sawtooth 4MiB to 36MiB every 3s", seconds: 6),
            needs: [.disk(mebibytes: 64), .group("freezer")], always: [.joinFreezer], acts: [.freeze(2.6...4.5)],
            sees: [.level(.space, 3.1...4.4, in: 28 * mebi...36 * mebi)], must: .notMet("frozen"),
            twinSees: [.mean(.space, 4.4...4.6, in: 18 * mebi...22 * mebi)]),
        Scenario(
            "disk-space", "a share of a file system that grows", asked("50%"),
            needs: [.disk(mebibytes: 320, type: "xfs")],
            acts: [.at(1.5) { try $0.disk().grow(toMebibytes: 640) }],
            sees: [.level(.space, 0.8...4.8, in: 100 * mebi...180 * mebi)],
            must: Must(verdicts: ["met", "not_met"], hasFinding: true).telling("base_changed"),
            twinSees: [.level(.space, 0.8...4.8, in: 100 * mebi...160 * mebi)]),
        Scenario(
            "disk-space", "somebody cuts its file again and again", asked("24MiB"), needs: [.disk(mebibytes: 64)],
            acts: [1.2, 1.6, 2, 2.4, 2.8, 3.2, 3.6].map { .cutFiles($0) },
            sees: [
                .mean(.space, 1.2...4, in: 8 * mebi...23.9 * mebi),
                .level(.space, 4.3...4.8, in: 24 * mebi...24.2 * mebi),
            ],
            must: Must(verdicts: ["not_met"], causes: ["others"], hasFinding: true).telling("files_cut"),
            twinSees: [.level(.space, 1...4.8, in: 24 * mebi...24.2 * mebi)]),
        Scenario(
            "disk-space", "killed by SIGKILL", asked("12MiB", seconds: 4), needs: [.disk(mebibytes: 64)],
            acts: [.signal(SIGKILL, 1.5)],
            sees: [.level(.space, 0.8...1.4, in: 12 * mebi...12.2 * mebi)], must: .killed,
            twinSees: [.level(.space, 0.8...3.8, in: 12 * mebi...12.2 * mebi)]),
    ]
}
