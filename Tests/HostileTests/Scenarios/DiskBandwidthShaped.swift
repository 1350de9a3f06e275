// SPDX-License-Identifier: Apache-2.0

/// Disk loads that change, and what is made up for after a stall.
extension Scenario {
    static let diskBandwidthShaped: [Scenario] = [
        Scenario(
            "disk-bandwidth", "a pulse in the first second on a slow device",
            diskRequest("pulse 40MB/s for 900ms every 10s", "depth=2", "block=256KiB", seconds: 5), needs: diskNeeds,
            acts: [.throttle("write_bps", 2_000_000, 0), .throttle("write_bps", 0, 4.5)],
            sees: [.change(.written, 0...4, in: 1 * mega...16 * mega)], must: .notMet("io_limit"),
            twinSees: [.change(.written, 0...4, in: 31 * mega...37 * mega)]),
        Scenario(
            "disk-bandwidth", "far beyond the device in the first second alone",
            diskRequest("steps 60MB/s, 2MB/s every 1s", "block=256KiB", seconds: 5), needs: diskNeeds,
            acts: [.throttle("write_bps", 6_000_000, 0)],
            sees: [
                .change(.written, 0.1...0.95, in: 3 * mega...12 * mega),
                .rate(.written, 3...4.8, in: 1 * mega...2.5 * mega),
            ],
            must: .notMet("io_limit"),
            twinSees: [
                .change(.written, 0...1, in: 50 * mega...62 * mega),
                .rate(.written, 1.3...4.8, in: 1.9 * mega...2.2 * mega),
            ]),
        Scenario(
            "disk-bandwidth", "a stall across the edge to a phase without load",
            .phases(
                "disk-bandwidth", [("load", 2000, "6MB/s"), ("recover", 2500, nil)],
                settings: "{ directory: '{disk}', size: 32MiB, keep-free: 0MiB }"),
            needs: diskNeeds, acts: [.stop(.stressors, 1.2...2.5)],
            sees: [.change(.written, 1.5...2.4, in: 0...65536), .change(.written, 2.6...4.4, in: 0...0.3 * mega)],
            must: .notMet("stopped").phase("load", "not_met"),
            twinSees: [
                .rate(.written, 0.3...1.9, in: 5.7 * mega...6.3 * mega), .change(.written, 2.2...4.4, in: 0...0),
            ]),
        Scenario(
            "disk-bandwidth", "max that all but stands still", diskRequest("max", "block=64KiB", seconds: 6),
            needs: diskNeeds, always: [.throttle("write_bps", 12_000_000, 0)],
            acts: [.throttle("write_bps", 200_000, 2), .throttle("write_bps", 12_000_000, 4.4)],
            sees: [.rate(.written, 2.3...4.3, in: 0...1 * mega)], must: .notMet,
            twinSees: [.rate(.written, 1...5.5, in: 10 * mega...14 * mega)]),
        Scenario(
            "disk-bandwidth", "a terabyte a second, of a device of 12 MB/s",
            diskRequest("1TB/s", "block=64KiB", seconds: 4), needs: diskNeeds,
            always: [.throttle("write_bps", 12_000_000, 0)],
            sees: [.rate(.written, 1...3.5, in: 8 * mega...16 * mega)], must: .notMet,
            twin: diskRequest("4MB/s", "block=64KiB", seconds: 4),
            twinSees: [.rate(.written, 1...3.5, in: 3.8 * mega...4.2 * mega)]),
        Scenario(
            "disk-bandwidth", "two of five pulses of max missing",
            diskRequest("pulse max for 500ms every 1s", "block=64KiB", "depth=4", seconds: 5),
            needs: diskNeeds, always: [.throttle("write_bps", 12_000_000, 0)],
            acts: [.stop(.stressors, 0.9...1.6), .stop(.stressors, 2.9...3.6)],
            sees: [.change(.written, 1...1.55, in: 0...0.2 * mega), .change(.written, 3...3.55, in: 0...0.2 * mega)],
            must: .notMet("stopped"),
            twinSees: [.change(.written, 1...1.55, in: 4 * mega...7 * mega)]),
        Scenario(
            "disk-bandwidth", "a ramp that meets a limit", diskRequest("ramp from 1MB/s to 8MB/s in 4s", "block=64KiB"),
            needs: diskNeeds, acts: [.throttle("write_bps", 2_000_000, 0)],
            sees: [.rate(.written, 2...4.8, in: 1.7 * mega...2.3 * mega)], must: .notMet("io_limit"),
            twinSees: [.change(.written, 1...3, in: 8.5 * mega...9.5 * mega)]),
        Scenario(
            "disk-bandwidth", "both stopped for most of a mix", diskRequest("100 iops", "operation=mix"),
            needs: diskNeeds, acts: [.stop(.all, 1.5...4)],
            sees: [.rate(.operations, 1.8...3.9, in: 0...2)], must: .notMet("stopped", "frozen"),
            twinSees: [.rate(.operations, 0.5...4.8, in: 95...105)]),
    ]
}
