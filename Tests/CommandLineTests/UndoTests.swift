// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// What runs leave when they are killed, whose it is, and that a clean run says nothing of it.
struct UndoTests {
    private let state: ScratchFolder
    private let work: ScratchFolder

    init() throws {
        state = try ScratchFolder()
        work = try ScratchFolder()
    }

    private var environment: [String: String] { ["EXERT_STATE_DIRECTORY": state.path + "/exert"] }

    private func load(_ length: String) -> [String] {
        [
            "run", "--quiet", "--load", "inodes=50", "--set", "inodes.directory=\(work.path)", "--set",
            "inodes.named=true", "--for", length,
        ]
    }

    private var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: work.path)) ?? [] }
    private var records: [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: state.path + "/exert")) ?? []
    }

    private func json(_ arguments: [String]) throws -> [String: Any] {
        let result = try Exert.run(arguments + ["--format", "json"], environment: environment)
        return try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
    }

    private static let isOnDisk = (try? Exert.run(["check", "--load", "inodes=1", "--for", "1s"]))?.code == 0

    @Test(.enabled(if: isOnDisk, "the temporary directory is in memory"))
    func whatALiveRunHoldsIsToldAndLeftAloneAndWhatADeadOneLeftIsUndone() throws {
        let run = try Exert.start(load("20s"), environment: environment)
        #expect(eventually(within: 10) { names.count == 1 && records.count == 1 })
        let dry = try Exert.run(["cleanup", "--dry-run"], environment: environment)
        #expect(dry.code == 0 && dry.output.hasPrefix("held by process "), "\(dry.output)")
        #expect(dry.output.contains(", run 01"), "\(dry.output)")
        let cleanup = try Exert.run(["cleanup"], environment: environment)
        #expect(cleanup.code == 0 && names.count == 1 && records.count == 1, "\(cleanup.output)")
        let undo = try #require(try json(["host"])["undo"] as? [String: Any])
        let record = try #require((undo["records"] as? [[String: Any]])?.first)
        #expect(record["state"] as? String == "held" && record["process_id"] as? Int == Int(run.stressors.first ?? 0))
        let stressors = run.stressors
        run.send(SIGKILL)
        for id in stressors { kill(id, SIGKILL) }
        #expect(eventually(within: 5) { !run.isRunning && stressors.allSatisfy { !Processes.isAlive($0) } })
        let left = try json(["cleanup", "--dry-run"])
        let told = (left["undo"] as? [String: Any])?["records"] as? [[String: Any]]
        #expect(told?.first?["state"] as? String == "left" && left["is_dry_run"] as? Bool == true, "\(left)")
        // Somebody renames the directory in the meantime.
        let moved = work.path + "-moved"
        try #require(rename(work.path, moved) == 0)
        defer { rename(moved, work.path) }
        let done = try json(["cleanup"])
        let outcomes = done["outcomes"] as? [[String: Any]]
        #expect(outcomes?.map { $0["result"] as? String } == ["undone"], "\(done)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: moved).isEmpty)
    }

    @Test(.enabled(if: geteuid() == 0 && isOnDisk, "needs a namespace and a disk"))
    func aRunOfAnotherNamespaceIsKnownToLiveAndToBeDead() throws {
        let run = try Exert.start(
            load("20s"), environment: environment, wrapper: ["unshare", "--pid", "--fork", "--mount-proc"])
        #expect(eventually(within: 10) { names.count == 1 })
        let held = try Exert.run(["cleanup"], environment: environment)
        #expect(held.code == 0 && held.output.contains("of another PID namespace"), "\(held.output)\(held.error)")
        #expect(names.count == 1)
        // Its init is the run itself, with which all of it dies.
        let children = try String(contentsOfFile: "/proc/\(run.id)/task/\(run.id)/children", encoding: .utf8)
        kill(try #require(children.split(separator: " ").first.flatMap { Int32($0) }), SIGKILL)
        #expect(eventually(within: 5) { !run.isRunning })
        #expect(eventually(within: 5) { (try? Exert.run(["cleanup"], environment: environment))?.code == 0 })
        #expect(names.isEmpty && records.isEmpty)
    }

    @Test(.enabled(if: isOnDisk, "the temporary directory is in memory"))
    func aPlaceForRecordsIsNotMadeWithAllThatLeadsToIt() throws {
        let place = state.path + "/not/there"
        let result = try Exert.run(load("1s"), environment: ["EXERT_STATE_DIRECTORY": place + "/exert"])
        #expect(result.code == 4 && result.error.contains("there is no \(place); make that first"), "\(result.error)")
        #expect(!FileManager.default.fileExists(atPath: state.path + "/not"))
    }

    /// What somebody else's run left, and cannot be undone, is told by each run, and is nothing that this one left.
    @Test(.enabled(if: isOnDisk, "the temporary directory is in memory"))
    func whatAnEarlierRunLeftIsNotLeftByThisOne() throws {
        let run = try Exert.start(load("20s"), environment: environment)
        #expect(eventually(within: 10) { names.count == 1 && records.count == 1 })
        let stressors = run.stressors
        run.send(SIGKILL)
        #expect(eventually(within: 5) { !run.isRunning && stressors.allSatisfy { !Processes.isAlive($0) } })
        // Something in the directory that is not exert's keeps it there.
        let kept = work.path + "/" + (names.first ?? "") + "/notes"
        try Data("kept".utf8).write(to: URL(fileURLWithPath: kept))
        for _ in 0..<2 {
            let later = try Exert.run(["run", "--load", "cpu=5%", "--for", "1s"], environment: environment)
            #expect(later.error.contains("not undone"), "\(later.error)")
            #expect([0, 2].contains(later.code) && later.output.contains("nothing left behind"), "\(later.output)")
        }
    }

    @Test(.enabled(if: geteuid() == 0, "needs another user")) func aHomeOfSomebodyElseIsNoError() throws {
        let home = try ScratchFolder()
        chmod(home.path, 0o700)
        var environment = ["HOME": home.path, "EXERT_STATE_DIRECTORY": ""]
        let wrapper = ["setpriv", "--reuid", "65534", "--clear-groups", "--"]
        let run = try Exert.run(
            ["run", "--quiet", "--load", "cpu=5%", "--for", "200ms"], environment: environment, wrapper: wrapper)
        #expect(run.error == "" && [0, 2].contains(run.code), "\(run.code) \(run.error)")
        // A load that needs a record is refused, and says what to set.
        chmod(work.path, 0o777)
        for command in ["check", "run"] {
            let refused = try Exert.run(
                [command] + load("200ms").dropFirst(2), environment: environment, wrapper: wrapper)
            #expect(refused.code == 4 && refused.error.contains("EXERT_STATE_DIRECTORY"), "\(refused.error)")
        }
        let host = try Exert.run(["host"], environment: environment, wrapper: wrapper)
        #expect(host.code == 0 && host.output.contains("no undo record can be kept in"), "\(host.output)")
        let place = try ScratchFolder()
        chmod(place.path, 0o777)
        environment["EXERT_STATE_DIRECTORY"] = place.path + "/own"
        let allowed = try Exert.run(load("300ms"), environment: environment, wrapper: wrapper)
        #expect([0, 2].contains(allowed.code) && allowed.error == "", "\(allowed.code) \(allowed.error)")
        #expect(names.isEmpty)
    }
}
