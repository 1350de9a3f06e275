// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension LightCommands {
    /// No `/proc`, somebody else's, one that hides, one that shows processes only: each is told, none taken for ours.
    @Suite(
        .serialized,
        .enabled(if: geteuid() == 0 && access("/usr/bin/unshare", X_OK) == 0, "needs root and unshare"))
    struct Proc {
        /// Runs in a mount namespace of its own, after shell lines that change what is mounted there.
        private func run(_ arguments: [String], after lines: String, then command: String = "exec \"$@\"") throws
            -> Exert.Result
        {
            let wrapper = ["unshare", "--mount", "--propagation", "private", "sh", "-c", "\(lines)\n\(command)", "sh"]
            return try Exert.run(arguments, wrapper: wrapper)
        }

        private static let none = "mount -t tmpfs none /proc || exit 99"
        private static let processesOnly = "mount -t proc -o subset=pid proc /proc || exit 99"
        private static let load = ["--load", "cpu=10%", "--for", "1s"]

        // MARK: None

        @Test(
            arguments: [
                ["run", "--load", "cpu=10%", "--for", "1s"], ["run", "/no/such/profile.yaml"],
                ["check", "--load", "cpu=10%", "--for", "1s"], ["cleanup"], ["serve"],
                ["run", "--load", "memory=32MiB", "--for", "1s", "--format", "json"],
            ])
        func withoutProcNothingIsRunAndNothingSucceeds(_ arguments: [String]) throws {
            let result = try run(arguments, after: Self.none)
            #expect(result.code == 4, "\(result.output)\(result.error)")
            #expect(result.output.isEmpty)
            #expect(result.error == "error: /proc is not mounted; mount it: mount -t proc proc /proc\n")
        }

        @Test func whatNeedsNoProcIsDoneWithoutIt() throws {
            let list = try run(["list", "cpu"], after: Self.none)
            #expect(list.code == 0 && list.output.contains("workers"), "\(list.output)\(list.error)")
            let version = try run(["--version"], after: Self.none)
            #expect(version.code == 0 && version.output.first?.isNumber == true, "\(version.output)")
            let wrong = try run(["rum"], after: Self.none)
            #expect(wrong.code == 64, "\(wrong.output)")
            let host = try run(["host"], after: Self.none)
            #expect(host.code == 0 && host.output.contains("unreadable"), "\(host.output)")
        }

        @Test func inARootOfItsOwnWithoutProcItIsTheSame() throws {
            let folder = try ScratchFolder()
            let lines = """
                mount --rbind / '\(folder.path)' && umount -l '\(folder.path)/proc' || exit 99
                """
            let result = try run(
                ["run"] + Self.load, after: lines, then: "exec chroot '\(folder.path)' \"$@\"")
            #expect(result.code == 4 && result.error.hasPrefix("error: /proc is not mounted"), "\(result.error)")
        }

        // MARK: Another's

        @Test func aProcOfTheNamespaceAboveIsNotOurs() throws {
            // As after `unshare --pid` without `--mount-proc`: there is a process of our number, and it is a stranger.
            let result = try run(["run"] + Self.load, after: "", then: "exec unshare --pid --fork \"$@\"")
            #expect(result.code == 4, "\(result.output)\(result.error)")
            #expect(result.error.contains("/proc is of another pid namespace"), "\(result.error)")
            #expect(result.error.contains("mount -t proc proc /proc"))
        }

        @Test func aProcOfANamespaceThatWeAreNoPartOfIsNotOurs() throws {
            let folder = try ScratchFolder()
            let lines = """
                unshare --pid --fork --kill-child sh -c "mount -t proc proc '\(folder.path)' && sleep 20" &
                until [ -e '\(folder.path)/1' ]; do sleep 0.05; done
                mount --bind '\(folder.path)' /proc || exit 99
                """
            let result = try run(["run"] + Self.load, after: lines, then: "\"$@\"; code=$?; kill $!; exit $code")
            #expect(result.code == 4, "\(result.output)\(result.error)")
            #expect(result.error.contains("it does not know this process"), "\(result.error)")
        }

        @Test func withItsOwnProcARunInAPidNamespaceIsMet() throws {
            let result = try run(
                ["run", "--load", "memory=48MiB", "--for", "1s", "--format", "json"], after: "",
                then: "exec unshare --pid --fork --mount-proc \"$@\"")
            #expect(result.code == 0, "\(result.output)\(result.error)")
        }

        // MARK: One that hides

        @Test func hiddenStrangersAreNoObstacle() throws {
            let result = try run(
                ["run", "--load", "file-handles=50", "--for", "1s", "--format", "json"],
                after: "mount -t proc -o hidepid=2 proc /proc || exit 99")
            #expect(result.code == 0, "\(result.output)\(result.error)")
        }

        // MARK: Processes only

        @Test(arguments: ["memory=64MiB", "file-handles=100"])
        func whatNeedsNoFigureOfTheHostRunsAndIsToldThatNobodyWatches(_ load: String) throws {
            let result = try run(
                ["run", "--load", load, "--for", "1s", "--format", "json"], after: Self.processesOnly)
            #expect(result.code == 0, "\(result.output)\(result.error)")
            let plan = try jsonObject(result.output).object("plan")
            let codes = (plan["findings"] as? [[String: Any]] ?? []).compactMap { $0["code"] as? String }
            #expect(codes == ["headroom_unwatched"])
            let kind = String(load.prefix { $0 != "=" })
            let own = try plan.object("stressors").object(kind)
            #expect((own["base"] as? String)?.contains(" 0 bytes") == false)
        }

        @Test func aShareOfTheHostsMemoryIsTakenFromWhatSysinfoTells() throws {
            let result = try run(
                ["check", "--load", "memory=10%", "--for", "1s", "--format", "json"], after: Self.processesOnly)
            #expect(result.code == 0, "\(result.error)")
            let whole = try run(["check", "--load", "memory=10%", "--for", "1s", "--format", "json"], after: "")
            func peak(_ result: Exert.Result) throws -> Double {
                try jsonObject(result.output).object("plan").object("stressors").object("memory").number("peak_target")
            }
            #expect(try peak(result) == peak(whole) && peak(result) > 0)
        }

        @Test func memoryBandwidthDoesNotNeedToKnowWhatIsAvailable() throws {
            let result = try run(
                ["check", "--load", "memory-bandwidth=100MB/s", "--for", "1s", "--format", "json"],
                after: Self.processesOnly)
            #expect(result.code == 0 && result.output.contains("headroom_unwatched"), "\(result.output)\(result.error)")
        }

        @Test(
            arguments: [
                (["memory=leave 64MiB"], "'max' or 'leave' needs MemAvailable"),
                (["memory=max"], "'max' or 'leave' needs MemAvailable"),
                (["memory=10%", "memory.of=available"], "of: available needs MemAvailable"),
                (["memory=50%", "memory.mode=total", "memory.of=host"], "mode: total needs MemAvailable"),
                (["cpu=50%", "cpu.mode=total", "cpu.of=host"], "/proc/stat cannot be read here (ProcSubset=pid?)"),
                (["file-handles=50%", "file-handles.of=system"], "(/proc/sys/fs/file-nr; ProcSubset=pid?)"),
            ])
        func whatNeedsAFigureOfTheHostIsRefusedWithARemedy(_ words: [String], _ reason: String) throws {
            let settings = words.dropFirst().flatMap { ["--set", $0] }
            let result = try run(
                ["run", "--load", words[0], "--for", "1s"] + settings, after: Self.processesOnly)
            #expect(result.code == 4, "\(result.output)\(result.error)")
            #expect(result.error.contains(reason), "\(result.error)")
            #expect(result.error.contains("take '") || result.error.contains("write an amount"), "\(result.error)")
            #expect(!result.error.contains("0 bytes") && !result.error.contains("is 0 all the time"))
        }
    }
}
