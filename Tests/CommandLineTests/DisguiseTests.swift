// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension ExertCommands {
    /// Memory that looks like a disk is refused for each kind of disk load, and nothing is taken of it.
    @Suite(
        .serialized,
        .enabled(
            if: geteuid() == 0 && access("/dev/loop-control", W_OK) == 0 && access("/usr/sbin/mkfs.ext4", X_OK) == 0,
            "needs root, loop devices and mkfs.ext4"))
    struct Disguise {
        private static let overlay = """
            mkdir ram/l ram/u ram/w at
            mount -t overlay -o "lowerdir=$PWD/ram/l,upperdir=$PWD/ram/u,workdir=$PWD/ram/w" none at
            """
        private static let loop = """
            truncate -s 64M ram/image
            mkfs.ext4 -q ram/image
            mkdir at
            mount -o loop ram/image at
            """
        /// A file that no directory ever knew.
        private static let memfd = """
            cat >memfd.py <<'END'
            import os, subprocess
            memory = os.memfd_create("x")
            os.ftruncate(memory, 64 << 20)
            subprocess.check_call(["losetup", "--find", "/proc/%d/fd/%d" % (os.getpid(), memory)])
            END
            /usr/bin/python3 memfd.py
            device=$(grep -l memfd:x /sys/block/loop*/loop/backing_file | head -1 | cut -d/ -f4)
            mkfs.ext4 -q /dev/$device
            mkdir at
            mount /dev/$device at
            losetup --detach /dev/$device
            """
        private static let bind = """
            mkdir ram/inner at
            mount --bind ram/inner at
            """

        @Test(
            arguments: ["disk-space=20MiB", "inodes=100", "disk-bandwidth=1MB/s"],
            [(overlay, "overlay on tmpfs"), (loop, " on tmpfs"), (bind, "tmpfs"), (memfd, "memfd")])
        func memoryIsNoDisk(_ load: String, _ disguise: (lines: String, words: String)) throws {
            let folder = try ScratchFolder()
            // What is mounted goes with the namespace, and a loop device with its mount.
            let script = """
                set -e
                PATH=$PATH:/usr/sbin:/sbin
                cd '\(folder.path)'
                mkdir ram
                mount -t tmpfs -o size=128m none ram
                \(disguise.lines)
                exec "$@"
                """
            let kind = load.prefix { $0 != "=" }
            let result = try Exert.run(
                ["run", "--load", load, "--set", "\(kind).directory=\(folder.path)/at", "--for", "1s"],
                wrapper: ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh"])
            #expect(result.code == 4, "\(result.output)\(result.error)")
            #expect(result.error.contains(disguise.words), "\(result.error)")
            #expect(result.error.contains("in memory"), "\(result.error)")
        }

        /// Containers have an overlay as their root, whose pages belong to a file below it.
        @Test func whatIsBufferedOnAnOverlayReachesTheDevice() throws {
            let folder = try ScratchFolder()
            let script = """
                set -e
                PATH=$PATH:/usr/sbin:/sbin
                cd '\(folder.path)'
                truncate -s 96M image
                mkfs.ext4 -q image
                mkdir disk at
                mount -o loop image disk
                mkdir disk/l disk/u disk/w
                mount -t overlay -o "lowerdir=$PWD/disk/l,upperdir=$PWD/disk/u,workdir=$PWD/disk/w" none at
                device=$(findmnt -n -o SOURCE disk | cut -d/ -f3)
                before=$(awk '{ print $7 }' /sys/block/$device/stat)
                "$@" || true
                echo "sectors $(($(awk '{ print $7 }' /sys/block/$device/stat) - before))"
                """
            let result = try Exert.run(
                [
                    "run", "--load", "disk-bandwidth=10MB/s", "--set",
                    "disk-bandwidth.directory=\(folder.path)/at", "--set", "disk-bandwidth.sync=buffered", "--set",
                    "disk-bandwidth.size=16MiB", "--for", "3s",
                ], wrapper: ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh"])
            let sectors = result.output.split(separator: "\n").last?.split(separator: " ").last.flatMap { Int($0) }
            // 30 MB, and 16 MiB that are laid out before.
            #expect((sectors ?? 0) * 512 > 29_000_000, "\(result.output)")
        }

        @Test func whatLiesBelowAHiddenOverlayIsToldToBeUnknown() throws {
            let folder = try ScratchFolder()
            let script = """
                set -e
                cd '\(folder.path)'
                mkdir ram
                mount -t tmpfs -o size=64m none ram
                \(Self.overlay)
                umount -l ram
                exec "$@"
                """
            let result = try Exert.run(
                [
                    "check", "--load", "disk-space=1MiB", "--set", "disk-space.directory=\(folder.path)/at", "--for",
                    "1s", "--format", "json",
                ], wrapper: ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh"])
            #expect(result.code == 0, "\(result.error)")
            #expect(result.output.contains("the upper directory of the overlay cannot be seen"), "\(result.output)")
        }
    }
}
