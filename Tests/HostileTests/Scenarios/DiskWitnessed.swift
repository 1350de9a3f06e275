// SPDX-License-Identifier: Apache-2.0

/// Disk loads whose operations are counted where they are wanted: at the device.
extension Scenario {
    static let diskWitnessed: [Scenario] = [
        Scenario(
            "disk-bandwidth", "buffered writes to a slow device",
            diskRequest("20MB/s", "sync=buffered", "block=64KiB"), needs: diskNeeds,
            acts: [.throttle("write_bps", 2_000_000, 0), .throttle("write_bps", 0, 4.6)],
            sees: [.rate(.written, 1...4.5, in: 1.5 * mega...3 * mega)], must: .notMet,
            twinSees: [.rate(.written, 1...4.8, in: 19 * mega...22 * mega)]),
        Scenario(
            "disk-bandwidth", "buffered operations to a slow device",
            diskRequest("400 iops", "sync=buffered", "pattern=random"), needs: diskNeeds,
            acts: [.throttle("write_iops", 40, 0), .throttle("write_iops", 0, 4.6)],
            sees: [.rate(.operations, 1...4.5, in: 20...60)], must: .notMet,
            twinSees: [.rate(.written, 1...4.8, in: 1.5 * mega...1.9 * mega)]),
        Scenario(
            "disk-bandwidth", "operations in sequence, each of them one of the device",
            diskRequest("1000 iops", "pattern=sequential"), needs: diskNeeds,
            acts: [.throttle("write_iops", 250, 0), .throttle("write_iops", 0, 4.8)],
            sees: [.rate(.written, 1...4.6, in: 0.8 * mega...1.3 * mega)], must: .notMet("io_limit"),
            twinSees: [.rate(.operations, 0.5...4.8, in: 970...1030)]),
        Scenario(
            "disk-bandwidth", "blocks in sequence, each of them one request",
            diskRequest("20MB/s", "block=64KiB", "pattern=sequential"), needs: diskNeeds,
            acts: [.throttle("write_iops", 60, 1.5), .throttle("write_iops", 0, 4.8)],
            sees: [.rate(.written, 2...4.7, in: 2.5 * mega...5.5 * mega)], must: .notMet("io_limit"),
            twinSees: [.rate(.operations, 0.5...4.8, in: 296...315)]),
        Scenario(
            "disk-bandwidth", "reads in sequence, each of them one request",
            diskRequest("500 iops", "operation=read", "pattern=sequential", "block=16KiB"), needs: diskNeeds,
            acts: [.throttle("read_iops", 100, 1.5), .throttle("read_iops", 0, 4.8)],
            sees: [.rate(.read, 2...4.7, in: 1.2 * mega...2.1 * mega)], must: .notMet("io_limit"),
            twinSees: [.rate(.operations, 0.5...4.8, in: 485...515)]),
        Scenario(
            "disk-bandwidth", "two sizes of block, each as often as it is asked for",
            diskRequest("1000 iops", "block=4KiB 50%, 16KiB 50%", "pattern=sequential"), needs: diskNeeds,
            acts: [.throttle("write_iops", 250, 1.5), .throttle("write_iops", 0, 4.8)],
            sees: [.rate(.operations, 2...4.6, in: 200...300)], must: .notMet("io_limit"),
            twinSees: [
                .rate(.operations, 0.5...4.8, in: 970...1030), .rate(.written, 0.5...4.8, in: 9.9 * mega...10.6 * mega),
            ]),
        Scenario(
            "disk-bandwidth", "drawn arrivals, stopped for two of five seconds",
            diskRequest("300 iops", "arrivals=poisson", "seed=4"), needs: diskNeeds,
            acts: [.stop(.stressors, 1.5...3.5)],
            sees: [.change(.operations, 1.8...3.4, in: 0...5)], must: .notMet("stopped"),
            twinSees: [.rate(.operations, 0.5...4.8, in: 265...335)]),
        Scenario(
            "disk-bandwidth", "a mix whose writes are held back",
            diskRequest("200 iops", "operation=mix", "read-share=90%"), needs: diskNeeds,
            acts: [.throttle("write_iops", 5, 1.5), .throttle("write_iops", 0, 4.8)],
            sees: [.rate(.operations, 2...4.6, in: 10...170)], must: .notMet,
            twinSees: [.rate(.read, 0.5...4.8, in: 0.70 * mega...0.78 * mega)]),
        Scenario(
            "disk-bandwidth", "writes that fail from the second on", failing(), needs: failingNeeds,
            acts: [.failWrites(1.5)],
            sees: [.rate(.writtenBelow, 2.5...4.8, in: 0...1 * mega)], must: Must.notMet.telling("EIO", "ENOSPC"),
            twinSees: [.rate(.written, 0.5...4.8, in: 9.8 * mega...10.3 * mega)]),
        Scenario(
            "disk-bandwidth", "buffered writes that fail from the second on", failing("sync=buffered"),
            needs: failingNeeds, acts: [.failWrites(1.5)],
            sees: [.rate(.writtenBelow, 2.5...4.8, in: 0...1 * mega)], must: Must.notMet.telling("EIO", "ENOSPC"),
            twinSees: [.rate(.written, 0.5...4.8, in: 9.5 * mega...10.5 * mega)]),
    ]

    private static let failingNeeds: [Need] = [.disk(mebibytes: 128, below: 160)]

    private static func failing(_ settings: String...) -> Request {
        var request = Request.load(
            "disk-bandwidth=10MB/s", "directory={disk}", "size=64MiB", "keep-free=0MiB", "block=64KiB", seconds: 5)
        request.arguments += settings.flatMap { ["--set", "disk-bandwidth.\($0)"] }
        return request
    }
}
