// SPDX-License-Identifier: Apache-2.0

import SystemPackage
import Testing

@testable import LinuxSystem

/// Which of the mounts of hosts that this machine is not are shown, and which are asked.
@Suite struct MountedFileSystemTests {
    private static let mounts = MountTable(
        """
        22 27 0:21 / /proc rw - proc proc rw
        23 22 0:50 /proc/meminfo /proc/meminfo rw - fuse.lxcfs lxcfs rw
        27 1 254:0 / / rw - ext4 /dev/vda rw
        28 27 254:0 /var/lib/kubelet/x /etc/hosts rw - ext4 /dev/vda rw
        29 27 0:60 / /mnt/dead rw - nfs4 server:/export rw
        30 29 8:1 / /mnt/dead/disk rw - ext4 /dev/sda1 rw
        31 27 0:61 / /mnt/shares rw - cifs //server/share rw
        32 27 0:62 / /mnt/cloud rw - fuse.s3fs s3fs rw
        33 27 0:63 / /mnt/new rw - somethingnew none rw
        34 27 0:24 / /dev/shm rw - tmpfs tmpfs rw
        35 27 0:70 / /sys/fs/cgroup rw - tmpfs tmpfs ro
        """)

    private func answers(named: [String] = []) -> [String: MountedFileSystem] {
        Dictionary(
            uniqueKeysWithValues: MountedFileSystem.list(Self.mounts, named: named).map { ($0.mount.point, $0) })
    }

    @Test func whatMayNeverAnswerIsNotAsked() {
        let found = answers()
        for (point, type) in [
            ("/mnt/dead", "nfs4"), ("/mnt/dead/disk", "ext4"), ("/mnt/shares", "cifs"), ("/mnt/cloud", "fuse.s3fs"),
            ("/mnt/new", "somethingnew"),
        ] {
            #expect(found[point]?.answer == .notAsked(type: type), "\(point)")
        }
    }

    @Test func whatIsNamedIsAsked() {
        // There is no such directory here: that it was asked shows in the answer.
        #expect(answers(named: ["/mnt/shares/deep"])["/mnt/shares"]?.answer == .unreadable(.noSuchFileOrDirectory))
    }

    @Test func pseudoFileSystemsAndCoversAreNotShown() {
        #expect(Set(answers().keys).isDisjoint(with: ["/proc", "/proc/meminfo", "/sys/fs/cgroup", "/etc/hosts"]))
    }

    @Test func oneFileSystemIsShownOnce() throws {
        let root = try #require(answers()["/"])
        #expect(root.otherPoints == ["/etc/hosts"])
        #expect(!root.isMemory)
        #expect(answers()["/dev/shm"]?.isMemory == true)
    }

    @Test func filesOfLXCFSAreTold() {
        #expect(Surroundings.virtualisedFiles(Self.mounts) == ["/proc/meminfo"])
        #expect(Surroundings.virtualisedFiles(MountTable("27 1 254:0 / / rw - ext4 /dev/vda rw")).isEmpty)
    }
}
