// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A v1 control group of our own, removed when its owner is gone.
private final class TestGroup {
    private let path: String

    init(_ controller: String, _ limits: [(file: String, value: String)]) throws {
        path = "\(TestGroup.root)/\(controller)/exert-test-\(getpid())"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        for (file, value) in limits {
            // Not by a temporary file beside it, which is no such thing in a control group.
            try value.write(toFile: path + "/" + file, atomically: false, encoding: .utf8)
        }
    }

    deinit {
        // The kernel removes it as soon as the last process is not only dead but gone.
        _ = eventually(within: 5) { rmdir(path) == 0 || errno == ENOENT }
    }

    /// The directory, as the log and the plan name it.
    var directory: String { path }

    /// Puts a shell into the group, which then becomes exert.
    var wrapper: [String] { ["sh", "-c", "echo $$ > '\(path)/cgroup.procs' && exec \"$@\"", "sh"] }

    private static let root = "/sys/fs/cgroup"

    /// Whether this user can make groups in the v1 hierarchies of both controllers.
    static let isPossible =
        geteuid() == 0
        && ["cpu/cpu.cfs_quota_us", "memory/memory.limit_in_bytes"].allSatisfy { access("\(root)/\($0)", W_OK) == 0 }
}

extension ExertCommands {
    /// Real quotas and limits.
    @Suite(
        .serialized,
        .enabled(if: TestGroup.isPossible, "needs root and writable cgroup v1 hierarchies 'cpu' and 'memory'"))
    struct Cgroups {
        private func quotaGroup() throws -> TestGroup {
            try TestGroup("cpu", [("cpu.cfs_period_us", "100000"), ("cpu.cfs_quota_us", "50000")])
        }

        private func memoryGroup() throws -> TestGroup {
            try TestGroup("memory", [("memory.limit_in_bytes", "\(256 << 20)")])
        }

        @Test func percentOfAQuotaIsPercentOfTheQuota() throws {
            let group = try quotaGroup()
            let result = try Exert.run(
                ["check", "--load", "cpu=100%", "--for", "1s", "--format", "json"], wrapper: group.wrapper)
            #expect(result.code == 0, "\(result.error)")
            let cpu = try jsonObject(result.output).object("plan").object("stressors").object("cpu")
            #expect(try cpu.number("capacity") == 0.5)
            #expect(try cpu.number("peak_target") == 0.5)
            let base = cpu["base"] as? String ?? ""
            #expect(base.contains("quota of 0.5 cores (\(group.directory)/cpu.cfs_quota_us)"), "\(base)")
        }

        @Test func aTargetBeyondTheQuotaIsNotMetAndTheQuotaIsTheReason() throws {
            let group = try quotaGroup()
            let folder = try ScratchFolder()
            let file = folder.path + "/log"
            let result = try Exert.run(
                ["run", "--load", "cpu=1 core", "--for", "4s", "--log", file], wrapper: group.wrapper)
            #expect(result.code == 2, "\(result.error)")
            let log = try ExperimentLog(file: file)
            let planned = try #require(log.all("run_started").first).object("plan")["findings"] as? [[String: Any]]
            #expect(planned?.first?["code"] as? String == "target_beyond_capacity")
            let cpu = try log.result("cpu")
            #expect(cpu["limited_by"] as? String == "quota", "\(cpu)")
            #expect(cpu["verdict"] as? String == "not_met")
            // The quota is for exert as a whole; a neighbour can take some of it, and nothing can add to it.
            #expect((0.35...0.56).contains(try cpu.number("achieved_mean")), "\(cpu)")
            let causes = try log.all("sample").map { try $0.object("stressors").object("cpu")["limited_by"] as? String }
            #expect(causes.contains("quota"), "\(causes)")
        }

        @Test func percentOfAMemoryLimitIsPercentOfTheLimit() throws {
            let group = try memoryGroup()
            let folder = try ScratchFolder()
            let file = folder.path + "/log"
            let result = try Exert.run(
                ["run", "--load", "memory=50%", "--for", "1500ms", "--log", file], wrapper: group.wrapper)
            // 2 where the hypervisor takes its time to hand out memory that this guest touches first.
            #expect([0, 2].contains(result.code), "\(result.error)")
            let log = try ExperimentLog(file: file)
            let plan = try #require(log.all("run_started").first).object("plan").object("stressors").object("memory")
            #expect(try plan.number("peak_target") == Double(128 << 20))
            let base = plan["base"] as? String ?? ""
            #expect(base.contains("limit 268435456 bytes (\(group.directory)/memory.limit_in_bytes)"), "\(base)")
            let last = try log.lastReading("memory")
            #expect(abs(try last.number("achieved") - Double(128 << 20)) < 1_048_576, "\(last)")
        }

        @Test func aTargetBeyondTheMemoryLimitIsRefusedAndNotKilled() throws {
            let group = try memoryGroup()
            let folder = try ScratchFolder()
            let file = folder.path + "/log"
            let result = try Exert.run(
                ["run", "--load", "memory=1GiB", "--for", "2s", "--log", file], wrapper: group.wrapper)
            #expect(result.code == 2, "\(result.error)")
            let log = try ExperimentLog(file: file)
            #expect(try log.ending("memory")["manner"] as? String == "released")
            let memory = try log.result("memory")
            #expect(try memory.object("shortfall").number("refusal") > 0)
            let last = try log.lastReading("memory")
            // What it holds lies within the limit; its resident set also has shared code, which others may pay for.
            #expect((Double(200 << 20)...Double(256 << 20)).contains(try last.number("content_bytes")), "\(last)")
            #expect((Double(200 << 20)...Double(320 << 20)).contains(try last.number("achieved")), "\(last)")
            #expect(try last.number("refusals") > 0)
            // While it was on its way up, the way was the reason; in the end it is the headroom.
            #expect(last["limited_by"] as? String == "refusal", "\(last)")
        }
    }
}
