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
        private static let bind = """
            mkdir ram/inner at
            mount --bind ram/inner at
            """

        @Test(
            arguments: ["disk-space=20MiB", "inodes=100", "disk-bandwidth=1MB/s"],
            [(overlay, "overlay on tmpfs"), (loop, " on tmpfs"), (bind, "tmpfs")])
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
