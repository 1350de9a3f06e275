// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Disks that are slower than asked, and processes that do not write.
extension Scenario {
    /// Of a disk that the `blkio` group may limit.
    static func diskRequest(_ load: String, _ settings: String..., seconds: Double = 5) -> Request {
        var request = Request.load(
            "disk-bandwidth=\(load)", "directory={disk}", "size=32MiB", "keep-free=0MiB", "max-written=4GiB",
            "cgroup={blkio}", seconds: seconds)
        request.arguments += settings.flatMap { ["--set", "disk-bandwidth.\($0)"] }
        return request
    }
    static let diskNeeds: [Need] = [.disk(mebibytes: 128), .group("blkio")]
    static let mega = 1e6

    static let diskBandwidth: [Scenario] = [
        Scenario(
            "disk-bandwidth", "a limit set during the run", diskRequest("6MB/s", "block=64KiB"), needs: diskNeeds,
            acts: [.throttle("write_bps", 1_000_000, 1.5), .throttle("write_bps", 0, 4.9)],
            sees: [.rate(.written, 2...4.8, in: 0.8 * mega...1.2 * mega)], must: .notMet("io_limit"),
            twinSees: [.rate(.written, 0.5...4.8, in: 5.8 * mega...6.2 * mega)]),
        Scenario(
            "disk-bandwidth", "a limit of operations set during the run", diskRequest("200 iops"), needs: diskNeeds,
            acts: [.throttle("write_iops", 20, 1.5), .throttle("write_iops", 0, 4.9)],
            sees: [.rate(.operations, 2...4.8, in: 10...30)], must: .notMet("io_limit"),
            twinSees: [.rate(.operations, 0.5...4.8, in: 190...210)]),
        Scenario(
            "disk-bandwidth", "reads that are limited", diskRequest("4MB/s", "operation=read", "block=64KiB"),
            needs: diskNeeds, acts: [.throttle("read_bps", 500_000, 1.5), .throttle("read_bps", 0, 4.9)],
            sees: [.rate(.read, 2...4.8, in: 0.4 * mega...0.7 * mega)], must: .notMet("io_limit"),
            twinSees: [.rate(.read, 0.5...4.8, in: 3.8 * mega...4.2 * mega)]),
        Scenario(
            "disk-bandwidth", "stopped for two of five seconds", diskRequest("5MB/s"), needs: diskNeeds,
            acts: [.stop(.stressors, 1.5...3.5)],
            sees: [.rate(.written, 1.8...3.4, in: 0...0.1 * mega)], must: .notMet("stopped"),
            twinSees: [.rate(.written, 0.5...4.8, in: 4.8 * mega...5.2 * mega)]),
        Scenario(
            "disk-bandwidth", "the whole container paused until after the end", diskRequest("5MB/s", seconds: 4),
            needs: diskNeeds + [.group("freezer")], always: [.joinFreezer], acts: [.freeze(1.5...4.5)],
            sees: [.rate(.written, 1.8...3.9, in: 0...0.1 * mega)], must: .notMet("frozen"),
            twinSees: [.rate(.written, 0.5...3.8, in: 4.8 * mega...5.2 * mega)]),
        Scenario(
            "disk-bandwidth", "3 operations a second that never come", diskRequest("3 iops", seconds: 6),
            needs: diskNeeds, acts: [.stop(.stressors, 0.1...6.3)],
            sees: [.change(.operations, 0.5...5.9, in: 0...1)], must: .notMet("stopped"),
            twinSees: [.change(.operations, 0.5...5.5, in: 13...17)]),
        Scenario(
            "disk-bandwidth", "3 operations a second for half of the time", diskRequest("3 iops", seconds: 6),
            needs: diskNeeds, acts: [.stop(.stressors, 1...4)],
            sees: [.change(.operations, 1.2...3.9, in: 0...1)], must: .notMet("stopped"),
            twinSees: [.change(.operations, 0.5...5.5, in: 13...17)]),
        Scenario(
            "disk-bandwidth", "nobody looks for three of six seconds", diskRequest("4MB/s", seconds: 6),
            needs: diskNeeds, acts: [.stop(.observer, 1.5...4.6)],
            sees: [.rate(.written, 1.5...4.5, in: 3.9 * mega...4.1 * mega)], must: .unverified,
            twinSees: [.rate(.written, 1.5...4.5, in: 3.9 * mega...4.1 * mega)]),
        Scenario(
            "disk-bandwidth", "killed by SIGKILL", diskRequest("4MB/s", seconds: 4), needs: diskNeeds,
            acts: [.signal(SIGKILL, 1.5)],
            sees: [.rate(.written, 0.4...1.4, in: 3.7 * mega...4.3 * mega)], must: .killed,
            twinSees: [.rate(.written, 0.5...3.8, in: 3.9 * mega...4.1 * mega)]),
    ]
}
