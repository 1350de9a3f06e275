// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import UndoRecords

@testable import LinuxSystem

/// Memory bandwidth monitoring on folders that look like the kernel's; no machine of ours has the real one.
struct ResctrlTests {
    private let folder: TemporaryFolder

    /// A processor that counts, and a process in the root group.
    init() throws {
        folder = try TemporaryFolder()
        try folder.write("llc_occupancy\nmbm_total_bytes\nmbm_local_bytes\n", to: "fs/info/L3_MON/mon_features")
        try folder.write("res:/\nmon:\n", to: "membership")
        try folder.makeFolder("fs/mon_groups")
        try folder.makeFolder("fs/batch/mon_groups")
        try folder.makeFolder("state")
        chmod(folder.path + "/state", 0o700)
    }

    private func resctrl() throws(Resctrl.Problem) -> Resctrl {
        try Resctrl(root: folder.path + "/fs", membership: folder.path + "/membership")
    }

    private var problem: String? {
        do throws(Resctrl.Problem) {
            _ = try resctrl()
            return nil
        } catch {
            return error.text
        }
    }

    private var journal: UndoJournal { UndoJournal(directory: folder.path + "/state") }

    private func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    // MARK: Whether it can be used

    @Test func groupsAreMadeWhereTheProcessIs() throws {
        #expect(try resctrl().groups == folder.path + "/fs/mon_groups")
        try folder.write("res:batch\nmon:\n", to: "membership")
        #expect(try resctrl().groups == folder.path + "/fs/batch/mon_groups")
    }

    @Test(arguments: [
        ("fs/info/L3_MON/mon_features", "llc_occupancy\n", "does not count the memory traffic"),
        ("membership", "res:/\nmon:theirs\n", "monitor group 'theirs' of somebody else"),
        ("membership", "res:\nmon:\n", "not one that can be found"),
        ("membership", "res:../..\nmon:\n", "not one that can be found"),
        ("membership", "res:nowhere\nmon:\n", "no monitor group can be made in"),
        ("membership", "nothing of the kind\n", "does not tell which resctrl group"),
    ])
    func whereItCannotBeUsedTheReasonIsTold(file: String, text: String, reason: String) throws {
        try folder.write(text, to: file)
        #expect(problem?.contains(reason) == true, "\(problem ?? "none")")
    }

    @Test func whatIsNotMountedIsNotUsed() {
        do throws(Resctrl.Problem) {
            _ = try Resctrl(root: folder.path + "/nowhere", membership: folder.path + "/membership")
            Issue.record("used")
        } catch {
            #expect(error.text.contains("no resctrl file system with monitoring is mounted at"))
        }
    }

    @Test(
        arguments: [
            (nil, .always, .unknown, .unknown), ("0=0x7f;1=0x7f", .always, .always, .always),
            ("0=0x33;1=0x33", .always, .never, .never), ("0=0x7f;1=0x33", .always, .unknown, .unknown),
            ("0=0x40", .never, .always, .never), ("0=0x15;1=0x15", .unknown, .never, .unknown),
            ("garbage", .always, .unknown, .unknown),
        ] as [(String?, Resctrl.Counts, Resctrl.Counts, Resctrl.Counts)])
    func whatIsCountedIsReadFromItsBits(
        text: String?, reads: Resctrl.Counts, writeBacks: Resctrl.Counts, nonTemporal: Resctrl.Counts
    ) {
        #expect(
            Resctrl.traffic(text) == Resctrl.Traffic(reads: reads, writeBacks: writeBacks, nonTemporal: nonTemporal))
    }

    // MARK: The group

    @Test func aGroupIsRecordedBeforeItIsMadeAndGoneAfterIt() throws {
        let group = try ResctrlGroup(in: try resctrl(), journal: journal)
        #expect(group.directory.hasPrefix(folder.path + "/fs/mon_groups/exert-") && exists(group.directory))
        #expect(journal.survey().items.map(\.state) == [.held])
        #expect(journal.survey().items.map(\.effect) == ["remove the group \(group.directory)"])
        group.remove()
        #expect(!exists(group.directory) && journal.survey().items.isEmpty)
        group.remove()
    }

    @Test func aGroupThatIsLetGoIsRemoved() throws {
        var group: ResctrlGroup? = try ResctrlGroup(in: try resctrl(), journal: journal)
        let directory = try #require(group?.directory)
        group = nil
        #expect(!exists(directory) && journal.survey().items.isEmpty)
    }

    @Test func nothingIsRemovedThatIsNotAnEmptyGroup() throws {
        let group = try ResctrlGroup(in: try resctrl(), journal: journal)
        // A real group shows files, which rmdir(2) does not mind; a folder with files is none.
        let name = "fs/mon_groups/" + (group.directory as NSString).lastPathComponent
        try folder.write("kept", to: name + "/file")
        group.remove()
        #expect(exists(group.directory + "/file"))
        #expect(journal.survey().items.map(\.state) == [.left], "the record stays, and nobody holds it")
    }

    @Test func whereNoGroupCanBeMadeNoRecordIsLeft() throws {
        let resctrl = try resctrl()
        rmdir(folder.path + "/fs/mon_groups")
        #expect(throws: Resctrl.Problem.self) { try ResctrlGroup(in: resctrl, journal: journal) }
        #expect(journal.survey().items.isEmpty)
    }

    @Test func allThreadsOfAProcessAreAdded() throws {
        let group = try ResctrlGroup(in: try resctrl(), journal: journal)
        let name = "fs/mon_groups/" + (group.directory as NSString).lastPathComponent
        try folder.write("", to: name + "/tasks")
        for id in [71, 72, 90] { try folder.makeFolder("proc/71/task/\(id)") }
        try group.add(processID: 71, proc: folder.path + "/proc")
        let text = try String(contentsOfFile: group.directory + "/tasks", encoding: .utf8)
        #expect(text.split(separator: "\n").sorted() == ["71", "72", "90"])
        #expect(throws: Resctrl.Problem.self) { try group.add(processID: 5, proc: folder.path + "/proc") }
        unlink(group.directory + "/tasks")
    }

    // MARK: The counter

    @Test func theCachesAreAddedUp() throws {
        try folder.write("1000\n", to: "group/mon_data/mon_L3_00/mbm_total_bytes")
        try folder.write("\(1 << 40)\n", to: "group/mon_data/mon_L3_01/mbm_total_bytes")
        try folder.write("7\n", to: "group/mon_data/mon_MB_00/other")
        let counter = try #require(ResctrlCounter(folder.path + "/group"))
        #expect(counter.bytes == Int64(1_099_511_627_776 + 1000))
        try folder.write("5000\n", to: "group/mon_data/mon_L3_00/mbm_total_bytes")
        #expect(counter.bytes == Int64(1_099_511_627_776 + 5000))
    }

    @Test(arguments: ["Unavailable\n", "Error\n", "Unassigned\n", "", "-5\n", "\(UInt64.max)\n"])
    func whatIsNotToldIsNoFigure(text: String) throws {
        try folder.write("1000\n", to: "group/mon_data/mon_L3_00/mbm_total_bytes")
        try folder.write(text, to: "group/mon_data/mon_L3_01/mbm_total_bytes")
        let counter = try #require(ResctrlCounter(folder.path + "/group"))
        #expect(counter.bytes == nil)
        try folder.write("1\n", to: "group/mon_data/mon_L3_01/mbm_total_bytes")
        #expect(counter.bytes == 1001, "as soon as it is told again")
    }

    @Test func whereNothingIsCountedThereIsNoCounter() throws {
        #expect(ResctrlCounter(folder.path + "/nowhere") == nil)
        try folder.makeFolder("group/mon_data/mon_L3_00")
        #expect(ResctrlCounter(folder.path + "/group") == nil)
    }
}
