// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// What `exert host` says, against what others say.
private struct HostDocument {
    let root: [String: Any]

    init(_ arguments: [String] = [], wrapper: [String] = []) throws {
        let result = try Exert.run(["host", "--format", "json"] + arguments, wrapper: wrapper)
        try #require(result.code == 0, "\(result.error)")
        root = try jsonObject(result.output)
        let schema = try MiniSchema(Exert.run(["schema", "host"]).output)
        #expect(try schema.accepts(result.output), "\(result.output)")
    }

    /// A member of a section.
    func object(_ section: String, _ member: String) throws -> [String: Any] {
        try root.object(section).object(member)
    }

    func objects(_ member: String) -> [[String: Any]] { root[member] as? [[String: Any]] ?? [] }

    func technique(_ name: String) -> [String: Any]? { objects("techniques").first { $0["name"] as? String == name } }
}

/// The output of a command of this host.
private func output(_ command: [String]) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return String(decoding: data, as: UTF8.self)
}

private func works(_ command: [String]) -> Bool { (try? output(command + ["echo", "yes"])) == "yes\n" }

extension ExertCommands {
    /// What there is, here.
    @Suite(.serialized)
    struct Host {
        @Test func processorsAreThoseThatNprocCounts() throws {
            let cpus = try HostDocument().object("cpu", "affinity_cpus")["value"] as? [Int]
            #expect(cpus?.count == Int(try output(["nproc"]).dropLast()))
            let one = try HostDocument(wrapper: ["taskset", "-c", "0"])
            #expect(try one.object("cpu", "affinity_cpus")["value"] as? [Int] == [0])
            #expect(try one.root.object("cpu").number("usable_cores") <= 1)
        }

        @Test func memoryIsThatOfMeminfo() throws {
            let line = try String(contentsOfFile: "/proc/meminfo", encoding: .utf8).split(separator: "\n")[0]
            let total = try #require(Double(line.split(separator: " ")[1]))
            #expect(try HostDocument().object("memory", "total_bytes").number("value") == total * 1024)
        }

        @Test func handlesAreThoseOfTheShell() throws {
            let wrapper = ["sh", "-c", "ulimit -S -n 777; exec \"$@\"", "sh"]
            let soft = try HostDocument(wrapper: wrapper).object("handles", "open_files_soft")
            #expect(try soft.number("value") == 777)
            #expect(soft["state"] as? String == "limited")
            let most = try HostDocument().object("handles", "system_most").number("value")
            let file = try String(contentsOfFile: "/proc/sys/fs/file-max", encoding: .utf8)
            #expect(most == Double(file.dropLast()))
        }

        @Test func theRootFileSystemIsAsLargeAsStatSays() throws {
            // Only what another load cannot change meanwhile: the size.
            let facts = try output(["stat", "-f", "-c", "%b %S %c", "/"]).split(whereSeparator: \.isWhitespace)
                .compactMap { Double($0) }
            let root = try #require(
                HostDocument().objects("file_systems").first { $0["mount_point"] as? String == "/" })
            let space = try root.object("space")
            #expect(try space.number("total_bytes") == facts[0] * facts[1])
            #expect(try space.number("inodes") == facts[2])
            let sum = try ["used_bytes", "available_bytes", "reserved_bytes"].map(space.number).reduce(0, +)
            #expect(try sum == space.number("total_bytes"))
        }

        @Test func techniquesAreTriedInDirectoriesThatAreNamed() throws {
            let folder = try ScratchFolder()
            let document = try HostDocument([
                "--directory", folder.path, "--directory", "/dev/shm", "--directory", "/no",
            ])
            let directories = document.objects("directories")
            #expect(directories.map { $0["path"] as? String } == [folder.path, "/dev/shm", "/no"])
            #expect(directories[1]["type"] as? String == "tmpfs")
            let files = directories[1]["techniques"] as? [[String: Any]]
            #expect(files?.first { $0["name"] as? String == "o_tmpfile" }?["is_available"] as? Bool == true)
            #expect(directories[2]["problem"] as? String == "there is no directory '/no'")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [], "nothing is left")
        }

        @Test func textIsWhatPeopleRead() throws {
            let result = try Exert.run(["host"])
            #expect(result.code == 0 && result.error.isEmpty, "\(result.error)")
            for word in ["CPU", "usable", "memory", "MemTotal", "file systems", "techniques", "io_uring", "O_TMPFILE"] {
                #expect(result.output.contains(word), "\(word)")
            }
            #expect(!result.output.contains("\u{1B}"))
        }

        /// Its own standing is what it was: nothing that was tried stays.
        @Test func nothingThatWasTriedStays() throws {
            let script = "before=$(cat /proc/self/oom_score_adj); \"$@\" >/dev/null && cat /proc/self/oom_score_adj"
            let result = try output(["sh", "-c", script + "; echo $before", "sh", Exert.path, "host"])
            let values = result.split(separator: "\n")
            #expect(values.count == 2 && values[0] == values[1], "\(result)")
        }

        // MARK: with less

        private static let nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]

        @Test(
            .enabled(
                if: works(Host.nobody + ["sh", "-c", "test -x \"$0\" && \"$@\"", Exert.path]),
                "needs setpriv to become another user, and a binary that others can reach"))
        func nobodyGetsAnAnswerToo() throws {
            let folder = try ScratchFolder()
            chmod(folder.path, 0o700)
            let document = try HostDocument(["--directory", folder.path], wrapper: Self.nobody)
            #expect(try document.root.object("privileges").number("user_id") == 65534)
            #expect(try document.object("privileges", "capabilities")["value"] as? [String] == [])
            let priority = try #require(document.technique("nice_negative"))
            #expect(priority["is_available"] as? Bool == false)
            #expect(["EACCES", "EPERM"].contains(priority["error"] as? String))
            #expect(document.objects("directories").first?["problem"] as? String != nil)
        }

        @Test(.enabled(if: works(["unshare", "-m"]), "needs to make a mount namespace"))
        func whereEverythingIsReadOnlyItStillAnswers() throws {
            let script = "mount --make-rprivate / && mount -o remount,bind,ro / && exec \"$@\""
            let document = try HostDocument(
                ["--directory", "/"], wrapper: ["unshare", "-m", "sh", "-c", script, "sh"])
            let problem = document.objects("directories").first?["problem"] as? String ?? ""
            #expect(problem.contains("read-only"), "\(problem)")
            let root = document.objects("file_systems").first { $0["mount_point"] as? String == "/" }
            #expect(root?["is_read_only"] as? Bool == true)
            #expect(root?["refusal"] as? String == "mounted read-only")
        }

        @Test(.enabled(if: works(["unshare", "-m"]), "needs to make a mount namespace"))
        func whatIsHiddenBelowProcIsNotMadeUp() throws {
            let script = """
                mount --make-rprivate / && mount --bind /dev/null /proc/meminfo && mount -t tmpfs none /proc/sys \
                && mount --bind /dev/null /proc/$$/limits && exec "$@"
                """
            let document = try HostDocument(wrapper: ["unshare", "-m", "sh", "-c", script, "sh"])
            #expect(try document.object("memory", "total_bytes")["error"] as? String == "ENODATA")
            #expect(try document.object("handles", "greatest_limit")["error"] as? String == "ENOENT")
            #expect(try document.object("handles", "open_files_soft")["state"] as? String == "unreadable")
        }
    }

    /// Limits of groups of our own.
    @Suite(
        .serialized,
        .enabled(if: TestGroup.isPossible, "needs root and writable cgroup v1 hierarchies 'cpu' and 'memory'"))
    struct HostCgroups {
        private func quotaGroup() throws -> TestGroup {
            try TestGroup("cpu", [("cpu.cfs_period_us", "100000"), ("cpu.cfs_quota_us", "50000")])
        }

        @Test func aQuotaIsToldWithItsLevel() throws {
            let group = try quotaGroup()
            let document = try HostDocument(wrapper: group.wrapper)
            let quota = try document.object("cpu", "quota_cores")
            #expect(quota["state"] as? String == "limited")
            #expect(try quota.number("value") == 0.5)
            #expect(quota["source"] as? String == group.directory + "/cpu.cfs_quota_us")
            #expect((quota["levels"] as? [[String: Any]])?.first?["group"] as? String == group.directory)
            #expect(try document.root.object("cpu").number("usable_cores") == 0.5)
        }

        @Test func aMemoryLimitIsToldWithItsLevel() throws {
            let group = try TestGroup("memory", [("memory.limit_in_bytes", "\(256 << 20)")])
            let memory = try HostDocument(wrapper: group.wrapper).root.object("memory")
            #expect(try memory.object("limit_bytes").number("value") == 268_435_456)
            #expect(try memory.object("limit_bytes")["source"] as? String == group.directory + "/memory.limit_in_bytes")
            #expect(memory["cgroup_used_bytes"] is [String: Any])
        }

        @Test(.enabled(if: works(["setpriv", "--reuid=65534"]), "needs setpriv to become another user"))
        func aLimitThatNobodyMayReadIsUnreadable() throws {
            let group = try quotaGroup()
            chmod(group.directory + "/cpu.cfs_quota_us", 0)
            let document = try HostDocument(
                wrapper: group.wrapper + ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"])
            let quota = try document.object("cpu", "quota_cores")
            #expect(quota["state"] as? String == "unreadable")
            #expect(quota["error"] as? String == "EACCES")
            #expect(quota["source"] as? String == group.directory + "/cpu.cfs_quota_us")
        }

        @Test(.enabled(if: works(["unshare", "-C"]), "needs to make a cgroup namespace"))
        func aNamespaceWithTheHostsMountsDoesNotShowOurGroup() throws {
            let group = try quotaGroup()
            let document = try HostDocument(wrapper: group.wrapper + ["unshare", "-C"])
            #expect(try document.root.object("cgroups")["namespace"] as? String == "own")
            let quota = try document.object("cpu", "quota_cores")
            #expect(quota["state"] as? String == "unreadable", "there is one, and it cannot be seen: \(quota)")
            #expect(quota["sees_own_group"] as? Bool == false)
        }

        @Test(.enabled(if: works(["unshare", "-C", "-m"]), "needs to make cgroup and mount namespaces"))
        func aNamespaceWithMountsOfItsOwnShowsTheGroupAndSaysThatThereIsMore() throws {
            let group = try quotaGroup()
            let script = """
                mount --make-rprivate / && umount /sys/fs/cgroup/cpu \
                && mount -t cgroup -o cpu none /sys/fs/cgroup/cpu && exec "$@"
                """
            let document = try HostDocument(wrapper: group.wrapper + ["unshare", "-C", "-m", "sh", "-c", script, "sh"])
            let quota = try document.object("cpu", "quota_cores")
            #expect(try quota.number("value") == 0.5)
            #expect(quota["source"] as? String == "/sys/fs/cgroup/cpu/cpu.cfs_quota_us")
            #expect(quota["hides_ancestors"] as? Bool == true)
            #expect(quota["is_complete"] as? Bool == false)
        }
    }
}
