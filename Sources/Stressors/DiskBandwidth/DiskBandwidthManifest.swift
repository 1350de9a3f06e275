// SPDX-License-Identifier: Apache-2.0

public import LoadModel

extension DiskBandwidthStressor {
    /// See ``Stressor/manifest``.
    public static let manifest = Manifest(
        kind: "disk-bandwidth",
        summary: "Read and write a disk at an exact rate: bytes or operations a second.",
        details: """
            A file without a name is made in 'directory', laid out in full and written once before the load begins, \
            then read and overwritten in place, past the page cache. Operations come on an absolute schedule: latency \
            is counted from the time at which each was due, and what a slow disk cannot do within a second is dropped \
            and counted. What is achieved is the least of the operations that ended well, of what the kernel says that \
            the process moved, and of what the device under the file system did: in bytes, and where 'block' or \
            operations are asked for in requests of that size too. io_uring does the I/O where it may be used, threads \
            where not. 'size' bounds the space, 'max-written' the wear. Nothing is left behind: the kernel removes the \
            file when the process ends, however it ends. One load is in bytes/s or in operations, not in both.
            """,
        reach: .directory, drive: .rate, unit: .bytesPerSecond, units: [.operationsPerSecond: .operationsPerSecond],
        amounts: [.bytesPerSecond, .operationsPerSecond, .max],
        keys: placeKeys + operationKeys + boundKeys,
        tolerance: ToleranceRule(.percent(1)), witness: "disk_io",
        examples: [
            "50MB/s", "2000 iops", "max", "ramp to 200MB/s in 1m", "pulse 100MB/s for 5s every 30s",
            "bursts 500MB/s of 2GB to 8GB rest 1s to 3s",
        ])

    /// How operations come.
    enum Arrivals: String, CaseIterable { case even, poisson }

    private static let placeKeys: [Manifest.Key] = [
        .init(
            "directory", .directory, default: nil, reach: .always(.directory),
            help: "Where the file is made, and so which disk is loaded; the temporary directory unless given. "
                + "Directories in memory, as on tmpfs, are refused."),
        .init(
            "engine", .choice(["auto", "uring", "threads"]), default: .text("auto"), reach: .always(.directory),
            help: "uring is io_uring, the cheaper one; threads is one thread for each operation in flight; auto takes "
                + "io_uring where kernel and container allow it, and threads for sync: buffered."),
        .init(
            "depth", .integer(1...1024), default: nil, reach: .always(.directory),
            help: "The most operations in flight; unless given, 32, or 16 for blocks of 1MiB and more, and with "
                + "threads as many as the rate needs where an operation takes 5 ms."),
    ]

    private static let operationKeys: [Manifest.Key] = [
        .init(
            "operation", .choice(["write", "read", "mix"]), default: .text("write"), reach: .always(.directory),
            help: "What is done; mix does both, in the ratio of read-share."),
        .init(
            "read-share", .percent, default: nil, reach: .always(.directory),
            help: "Reads among the operations of a mix, 50% unless given; exact at every moment, not on average."),
        .init(
            "arrivals", .choice(Arrivals.allCases.map(\.rawValue)), default: .text(Arrivals.even.rawValue),
            reach: .always(.directory),
            help: "How operations come: even is one after the other at the load's rate; poisson at times that are "
                + "drawn, of which the rate is the mean, as from many users who know nothing of each other. What was "
                + "drawn is what is due: the verdict counts from that, and the log has both."),
        .init(
            "seed", .integer(0...(1 << 53 - 1)), default: nil, reach: .always(.directory),
            help:
                "With arrivals: poisson, what they are drawn from: the same seed, the same times. Unless given, it is "
                + "made of the profile's seed; the plan and the log have it."),
        .init(
            "pattern", .choice(["auto", "sequential", "random"]), default: .text("auto"), reach: .always(.directory),
            help: "Which block comes next; random visits each block once before any comes again, of several sizes "
                + "each place of the largest. auto is sequential for bytes/s and random for operations/s."),
        .init(
            "block", .sizes, default: nil, reach: .always(.directory),
            help: "The size of an operation, or several with the share of the operations, not of the bytes, that each "
                + "has (4KiB 50%, 16KiB 50%): exact at every moment, of reads and of writes by themselves. Unless "
                + "given: 4KiB for operations/s; for bytes/s 256KiB, 1MiB from 1GB/s on and for max, and less where "
                + "that makes fewer than 100 operations a second."),
        .init(
            "sync", .choice(["direct", "direct+dsync", "fdatasync", "buffered"]), default: .text("direct"),
            reach: .always(.directory),
            help: "direct goes past the page cache; direct+dsync makes each write durable before it ends; fdatasync is "
                + "direct with an fdatasync every so many writes; buffered goes through the page cache, is written out "
                + "all along, and counts when the device has it."),
        .init(
            "merge", .choice(["never", "allowed"]), default: nil, reach: .always(.directory),
            help: "Whether operations that are neighbours on the disk may reach the device as one request; never where "
                + "'block' or operations are asked for, else allowed, unless given. What goes through the page cache "
                + "is merged there."),
        .init(
            "fdatasync-every", .integer(1...1_000_000), default: nil, reach: .always(.directory),
            help: "With sync: fdatasync, how many writes come to one fdatasync; 1 unless given."),
    ]

    private static let boundKeys: [Manifest.Key] = [
        .init(
            "size", .bytes, default: nil, reach: .always(.directory),
            help: "The size of the file; unless given, 1GiB or a tenth of what is free, whichever is less."),
        .init(
            "max-written", .bytes, default: nil, reach: .always(.directory),
            help: "The most that is written in a run, to spare the disk, laying out the file included; unless given, "
                + "100GiB or the size of the file system, whichever is less; the plan tells where a load would write "
                + "more."),
        .init(
            "keep-free", .bytes, default: nil, reach: .always(.directory),
            help: "What must stay free on the file system beside the file; unless given, 256MiB or 5 % of the file "
                + "system, whichever is less."),
    ]
}
