// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import LinuxSystem

/// From a directory to the disks behind it, on trees of fixtures and on this machine.
struct BlockDeviceTests {
    private let mountinfo = """
        22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw
        23 22 0:21 / /proc rw - proc proc rw
        30 22 253:0 / /data rw,relatime shared:1 - xfs /dev/mapper/vg-data rw
        31 22 0:45 / /pool rw - btrfs /dev/sdb rw,subvol=/
        32 22 7:3 / /mnt/with\\040space rw - ext4 /dev/loop3 rw
        33 22 0:50 / /ram rw - tmpfs tmpfs rw,size=1k
        34 22 0:51 / /merged rw - overlay overlay rw,lowerdir=/l,upperdir=/data/upper,workdir=/w
        35 22 7:4 / /inram rw - ext4 /dev/loop4 rw
        36 22 0:60 / /net rw - nfs4 server:/x rw
        37 30 8:1 / /data/deep rw - ext4 /dev/sda1 rw
        not a mount
        """

    /// Two disks with a partition each, a dm device over one of the partitions and the other disk, two loop devices.
    private func tree() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        for (path, text) in [
            "sda/sda1/partition": "1\n", "sda/sda1/stat": "9\n", "sda/queue/iostats": "1\n",
            "sda/stat": "   10 1 16 5 20 2 32 6 0 7 11 0 0 0 0 0 0\n",
            "sdb/queue/iostats": "0\n", "sdb/stat": "1 0 8 0 2 0 8 0 0 9 1\n", "dm-0/stat": "5\n",
            "loop3/loop/backing_file": "/data/image\n", "loop3/stat": "5\n",
            "loop4/loop/backing_file": "/ram/image\n", "loop4/stat": "5\n",
        ] {
            try folder.write(text, to: "sys/devices/block/" + path)
        }
        for (link, target) in [
            "dev/block/8:1": "../../devices/block/sda/sda1", "dev/block/253:0": "../../devices/block/dm-0",
            "dev/block/7:3": "../../devices/block/loop3", "dev/block/7:4": "../../devices/block/loop4",
            "class/block/sdb": "../../devices/block/sdb",
            "devices/block/dm-0/slaves/sda1": "../../sda/sda1", "devices/block/dm-0/slaves/sdb": "../../sdb",
        ] {
            let path = folder.path + "/sys/" + link
            try FileManager.default.createDirectory(
                atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
        }
        try folder.write("", to: "dev/sdb")
        return folder
    }

    private func device(_ path: String) throws -> BlockDevice? {
        let folder = try tree()
        return BlockDevice(behind: path, mounts: MountTable(mountinfo), prefix: folder.path)
    }

    @Test(arguments: [
        ("/home", "sda1 > sda", ["sda"]), ("/data", "dm-0 > sda1 > sda > sdb", ["sda", "sdb"]),
        ("/data/deep/x", "sda1 > sda", ["sda"]), ("/database", "sda1 > sda", ["sda"]), ("/pool/x", "sdb", ["sdb"]),
        ("/mnt/with space/x", "loop3 > dm-0 > sda1 > sda > sdb", ["sda", "sdb"]),
        ("/merged/x", "dm-0 > sda1 > sda > sdb", ["sda", "sdb"]),
    ])
    func theDisksAreFound(_ path: String, _ text: String, _ disks: [String]) throws {
        let found = try device(path)
        #expect(found?.text == text)
        #expect(found?.disks == disks)
        #expect(found?.isMemory == false)
    }

    @Test func whatIsNoBlockDeviceIsNone() throws {
        #expect(try device("/net/x") == nil)
        #expect(try device("/proc/self") == nil)
        #expect(try device("/ram") == nil)
    }

    @Test func aLoopDeviceOverAFileInMemoryIsMemory() throws {
        #expect(try device("/inram/x")?.isMemory == true)
    }

    @Test(arguments: [
        ("/home", Storage.Medium.disk, "ext4 on sda1 > sda"), ("/ram/x", .memory, "tmpfs"),
        ("/inram/x", .memory, "ext4 on loop4 on tmpfs"), ("/brd", .memory, "ext4 on ram1"),
        ("/zram", .memory, "ext4 on zram0"), ("/mapped", .memory, "ext4 on dm-9 on ram1"),
        ("/merged/x", .disk, "overlay on dm-0 > sda1 > sda > sdb"), ("/overram", .memory, "overlay on tmpfs"),
        ("/overnothing", .unknown("the upper directory of the overlay cannot be seen from here"), "overlay"),
        ("/net/x", .unknown("nfs4 from server:/x shows no device"), "nfs4"),
    ])
    func memoryIsFoundBelow(_ path: String, _ medium: Storage.Medium, _ text: String) throws {
        let folder = try tree()
        for (device, number) in [("ram1", "1:1"), ("zram0", "252:0"), ("dm-9", "253:9")] {
            try folder.write("1\n", to: "sys/devices/block/\(device)/stat")
            try FileManager.default.createSymbolicLink(
                atPath: folder.path + "/sys/dev/block/" + number, withDestinationPath: "../../devices/block/" + device)
        }
        try FileManager.default.createDirectory(
            atPath: folder.path + "/sys/devices/block/dm-9/slaves", withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/sys/devices/block/dm-9/slaves/ram1", withDestinationPath: "../../ram1")
        let more = """

            50 22 1:1 / /brd rw - ext4 /dev/ram1 rw
            51 22 252:0 / /zram rw - ext4 /dev/zram0 rw
            52 22 253:9 / /mapped rw - ext4 /dev/mapper/x rw
            53 22 0:70 / /overram rw - overlay overlay rw,lowerdir=/l,upperdir=/ram/upper,workdir=/ram/w
            54 22 0:71 / /overnothing rw - overlay overlay rw,lowerdir=/l
            """
        let found = Storage(behind: path, mounts: MountTable(mountinfo + more), prefix: folder.path)
        #expect(found.medium == medium)
        #expect(found.text == text)
    }

    @Test func countersThatAreOffAreSeen() throws {
        let folder = try tree()
        let mounts = MountTable(mountinfo)
        #expect(BlockDevice(behind: "/home", mounts: mounts, prefix: folder.path)?.isCounting == true)
        #expect(BlockDevice(behind: "/pool", mounts: mounts, prefix: folder.path)?.isCounting == false)
    }

    @Test func countersOfSeveralDisksAreAddedUp() throws {
        let folder = try tree()
        let device = try #require(
            BlockDevice(behind: "/data", mounts: MountTable(mountinfo), prefix: folder.path))
        let counters = try #require(BlockDeviceCounters(device))
        #expect(counters.name == "sda+sdb")
        let reading = try #require(counters.read())
        #expect(reading.readBytes == (16 + 8) * 512)
        #expect(reading.writtenBytes == (32 + 8) * 512)
        #expect(reading.readOperations == 11)
        #expect(reading.writtenOperations == 22)
        #expect(reading.busyTime == 9_000_000)
        #expect(reading.queueTime == 12_000_000)
    }

    @Test func aStatFileThatIsCutShortIsNoReading() {
        #expect(BlockDeviceCounters.parse(Array("1 2 3 4 5 6 7 8 9 10".utf8)[...]) == nil)
        #expect(BlockDeviceCounters.parse([]) == nil)
    }

    @Test func theMountOfAPathIsTheLastAndLongest() {
        let table = MountTable(mountinfo + "\n40 22 8:9 / /data rw - ext4 /dev/sda9 rw\n")
        #expect(table.mount(of: "/data/x")?.source == "/dev/sda9")
        #expect(table.mount(of: "/data/deep")?.id == 37)
        #expect(table.mount(of: "/mnt/with space")?.minor == 3)
        #expect(MountTable("").mount(of: "/") == nil)
        #expect(MountTable.unescape(Array("a\\134b\\011c\\0".utf8)[...]) == "a\\b\tc\\0")
    }

    @Test func theRealRootIsSomewhere() throws {
        let mount = try #require(MountTable.read().mount(of: "/"))
        #expect(mount.point == "/")
        guard mount.major != 0 else { return }
        let device = try #require(BlockDevice(behind: "/"))
        let counters = try #require(BlockDeviceCounters(device))
        #expect((counters.read()?.readBytes ?? 0) > 0)
    }
}

/// What the file system itself lies on, whose counters and limits are those of its operations.
struct UpperDeviceTests {
    private func folder(_ files: [String: String], links: [String: String]) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        for (path, text) in files { try folder.write(text, to: path) }
        for (link, target) in links {
            let path = folder.path + "/" + link
            try FileManager.default.createDirectory(
                atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
        }
        return folder
    }

    @Test func aPartitionHasItsOwnCountersAndItsDisksLimits() throws {
        let folder = try folder(
            [
                "sys/devices/sda/sda1/partition": "1\n", "sys/devices/sda/sda1/stat": "1 0 8 0 2 0 16 0 0 9 1\n",
                "sys/devices/sda/stat": "100 0 800 0 200 0 1600 0 0 9 1\n",
                "sys/devices/sda/queue/iostats": "1\n", "sys/devices/sda/queue/max_sectors_kb": "1280\n",
                "sys/devices/sda/queue/max_segments": "128\n", "sys/devices/sda/queue/max_segment_size": "65536\n",
            ], links: ["sys/dev/block/8:1": "../../devices/sda/sda1"])
        let mounts = MountTable("22 1 8:1 / / rw - ext4 /dev/sda1 rw")
        let device = try #require(BlockDevice(behind: "/x", mounts: mounts, prefix: folder.path))
        #expect(device.upperName == "sda1")
        #expect(try #require(BlockDeviceCounters(upper: device)?.read()).writtenOperations == 2)
        #expect(try #require(BlockDeviceCounters(device)?.read()).writtenOperations == 200)
        #expect(device.isCounting)
        #expect(device.largestRequest(pieceSize: 4096) == 128 * 4096)
        #expect(device.largestRequest(pieceSize: 2 << 20) == 1280 << 10)
    }

    @Test func aFileSystemOfSeveralDevicesHasThemAll() throws {
        let folder = try folder(
            [
                "dev/sdb": "", "sys/devices/sdb/stat": "1 0 8 0 2 0 16 0 0 9 1\n",
                "sys/devices/sdc/stat": "1 0 8 0 3 0 16 0 0 9 1\n",
            ],
            links: [
                "sys/class/block/sdb": "../../devices/sdb", "sys/class/block/sdc": "../../devices/sdc",
                "sys/fs/btrfs/0a1b/devices/sdb": "../../../../devices/sdb",
                "sys/fs/btrfs/0a1b/devices/sdc": "../../../../devices/sdc",
            ])
        let mounts = MountTable("31 22 0:45 / /pool rw - btrfs /dev/sdb rw,subvol=/")
        let device = try #require(BlockDevice(behind: "/pool", mounts: mounts, prefix: folder.path))
        #expect(device.upperName == "sdb+sdc")
        #expect(try #require(BlockDeviceCounters(upper: device)?.read()).writtenOperations == 5)
        #expect(device.largestRequest(pieceSize: 4096) == nil)
    }
}
