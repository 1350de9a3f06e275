// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinuxSystem
import Testing

@testable import UndoRecords

/// Effects that outlive us are on disk before they are made, and belong to whoever holds their lock.
///
/// A record that is let go without more is what a dead process leaves: the kernel ends its lock in the same way.
struct UndoJournalTests {
    private let folder: TemporaryFolder
    private let journal: UndoJournal

    init() throws {
        folder = try TemporaryFolder()
        try folder.makeFolder("inner")
        var journal = UndoJournal(directory: folder.path + "/state/exert")
        journal.run = "01RUN"
        self.journal = journal
    }

    private func records() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: journal.directory)
    }

    private func effect(_ name: String = ".exert-a") throws -> MadeFile {
        MadeFile(try NamedObject.place(folder.path + "/inner/" + name).object)
    }

    private func plant(_ text: String, as name: String = "undo-planted", mode: mode_t = 0o600) throws {
        let file = try folder.write(text, to: "state/exert/" + name)
        chmod(journal.directory, 0o700)
        chmod(file, mode)
    }

    @Test func aRecordIsThereBeforeTheEffectAndHeldUntilItIsUndone() throws {
        let record = try journal.record(try effect())
        #expect(try records().count == 1)
        var facts = stat()
        #expect(stat(journal.directory, &facts) == 0 && facts.st_mode & 0o777 == 0o700)
        let item = try #require(journal.survey().items.first)
        #expect(item.state == .held && item.owner?.run == "01RUN" && item.owner?.process.processID == getpid())
        #expect(item.effect == "remove the file \(folder.path)/inner/.exert-a")
        #expect(journal.replay().outcomes.isEmpty, "nobody undoes what is held")
        #expect(journal.remains(of: "01RUN").held.count == 1 && journal.remains(of: "02RUN").held.isEmpty)
        try folder.write("", to: "inner/.exert-a")
        #expect(try record.undo().kind == .undone)
        #expect(access(folder.path + "/inner/.exert-a", F_OK) != 0)
        #expect(try records().isEmpty)
    }

    @Test func aDiscardedRecordUndoesNothing() throws {
        let record = try journal.record(try effect())
        try folder.write("", to: "inner/.exert-a")
        record.discard()
        #expect(try records().isEmpty)
        #expect(access(folder.path + "/inner/.exert-a", F_OK) == 0)
    }

    @Test func whatNobodyHoldsIsUndoneOnceAndNewestFirst() throws {
        for name in [".exert-1", ".exert-2", ".exert-3"] {
            do { _ = try journal.record(try effect(name)) }
            try folder.write("", to: "inner/" + name)
            usleep(20_000)
        }
        #expect(journal.survey().items.map(\.state) == [.left, .left, .left])
        #expect(access(folder.path + "/inner/.exert-1", F_OK) == 0, "a look changes nothing")
        let path = folder.path + "/inner/.exert-"
        #expect(journal.replay().outcomes.map(\.text) == ["removed \(path)3", "removed \(path)2", "removed \(path)1"])
        #expect(journal.replay().outcomes.isEmpty && journal.survey().items.isEmpty)
    }

    @Test func twoThatCleanUpAtOnceUndoEachRecordOnce() async throws {
        for number in 0..<40 {
            do { _ = try journal.record(try effect(".exert-\(number)")) }
            try folder.write("", to: "inner/.exert-\(number)")
        }
        let journal = journal
        let outcomes = await withTaskGroup(of: [UndoOutcome].self) { group in
            for _ in 0..<4 { group.addTask { journal.replay().outcomes } }
            return await group.reduce(into: []) { $0 += $1 }
        }
        #expect(outcomes.count == 40 && outcomes.allSatisfy { $0.kind == .undone }, "\(outcomes.map(\.text))")
        #expect(try records().isEmpty)
    }

    @Test func whatIsKnownLaterIsAddedAndCountsOnceItIsWhole() throws {
        let text: String
        do {
            var place = try NamedObject.place(folder.path + "/inner/.exert-a")
            var record = try journal.record(MadeFile(place.object))
            try folder.write("load", to: "inner/.exert-a")
            let file = open(folder.path + "/inner/.exert-a", O_RDONLY)
            place.object.object = FileIdentity(of: file)
            close(file)
            try record.update(MadeFile(place.object))
            text = try String(contentsOfFile: journal.directory + "/" + record.name, encoding: .utf8)
        }
        #expect(UndoText.content(text) != nil)
        let name = try #require(try records().first)
        // Torn in its second half: the first one counts, which knows of no content.
        for cut in [2, 30, 100] {
            try plant(String(text.dropLast(cut)), as: name)
            let item = try #require(journal.survey().items.first)
            #expect(item.state == .stuck && item.reason?.contains("not the empty file") == true, "\(item)")
        }
        try plant(text, as: name)
        #expect(journal.replay().outcomes.map(\.kind) == [.undone])
    }

    @Test func filesThatAreNoRecordsAreToldAndLeft() throws {
        let text = UndoText.head(.current(run: "r\nun")) + UndoText.block(try effect(".exert-a\nend\\n ä"))
        let content = try #require(UndoText.content(text))
        #expect(content.owner.run == "r\nun")
        #expect(content.effect.summary == "remove the file \(folder.path)/inner/.exert-a\nend\\n ä")
        let owner = "owner \(getpid()) "
        let bad = [
            "", "exert-undo 1\n", String(text.dropLast()), text + "\n", text + "more\n", text + "effect none\nend\n",
            text.replacing(owner, with: "owner 0 "), text.replacing(owner, with: "owner -1 "),
            text.replacing(owner, with: owner + "3 "), text.replacing("object none", with: "object 1 2 3"),
            text.replacing("object none\n", with: ""), text.replacing("made-file", with: "made"),
            text.replacing("name .exert-a", with: "name ../.exert-a"), text.replacing("name .exert-a", with: "name a"),
            text.replacing("directory /", with: "directory "), text.replacing("/inner", with: "/./inner"),
        ]
        for text in bad {
            #expect(UndoText.content(text) == nil, "\(text)")
            try plant(text)
            #expect(journal.survey().items.map(\.state) == [.foreign])
            #expect(journal.replay().outcomes.map(\.kind) == [.failed])
        }
        try plant(text, mode: 0o666)
        #expect(journal.survey().items.map(\.state) == [.foreign], "anybody may have written it")
        try plant(text, as: "notes.txt")
        unlink(journal.directory + "/undo-planted")
        symlink(journal.directory + "/notes.txt", journal.directory + "/undo-link")
        mkfifo(journal.directory + "/undo-pipe", 0o600)
        #expect(journal.replay().outcomes.map(\.kind) == [.failed, .failed], "neither waits")
        #expect(try records().sorted() == ["notes.txt", "undo-link", "undo-pipe"])
    }

    @Test(arguments: [
        "/etc/passwd", "relative/.exert-a", "/tmp/exert-", "/tmp/.exert-", "/tmp/exert-a/", "exert-a", "", "/",
        "/tmp/notexert-a", "/no/such/folder/.exert-a",
    ])
    func onlyNamesOfOursAreMade(path: String) {
        #expect(throws: UndoProblem.self) { _ = try NamedObject.place(path).object }
    }

    @Test func whatIsThereAlreadyIsNotOurs() throws {
        try folder.write("somebody's", to: "inner/.exert-a")
        #expect(throws: UndoProblem.self) { _ = try effect() }
    }

    @Test func aDirectoryThatOthersMayWriteToIsNotUsed() throws {
        do { _ = try journal.record(try effect()) }
        try folder.write("", to: "inner/.exert-a")
        chmod(journal.directory, 0o777)
        let replay = journal.replay()
        #expect(replay.outcomes.isEmpty && replay.problem?.contains("others may write") == true && replay.isOurs)
        #expect(journal.survey().problem != nil && journal.obstacle?.contains("others may write") == true)
        #expect(throws: UndoProblem.self) { try journal.record(try effect(".exert-b")).discard() }
    }

    @Test func whereNoRecordCanBeKeptIsKnownWithoutMakingAny() throws {
        #expect(journal.obstacle == nil)
        #expect(access(journal.directory, F_OK) != 0, "nothing was made")
        try folder.write("", to: "file")
        #expect(UndoJournal(directory: folder.path + "/file/state").obstacle?.contains("Not a directory") == true)
        #expect(UndoJournal(directory: "/proc/1/exert/state").obstacle != nil)
    }

    @Test func anUnfinishedRecordIsRemovedUnlessItsWriterHoldsIt() throws {
        try plant("half", as: "new-undo-1-2-3")
        try plant("half", as: "new-undo-1-2-4")
        let held = try OwnedDescriptor.open(journal.directory + "/new-undo-1-2-4", O_RDWR)
        #expect(flock(held.rawValue, LOCK_EX) == 0)
        #expect(journal.replay().outcomes.isEmpty)
        #expect(try records() == ["new-undo-1-2-4"])
    }

    // MARK: Limits of other processes

    @Test func aLimitIsSetBackOnlyWhereItIsStillTheLoweredOneOfTheSameProcess() throws {
        let child = Process()
        child.executableURL = URL(fileURLWithPath: "/bin/sleep")
        child.arguments = ["60"]
        try child.run()
        defer { child.terminate() }
        let id = child.processIdentifier
        let start = try #require(ProcessIdentity.startTime(of: id))
        func soft() throws -> UInt64 { try OpenFileLimit.of(processID: id).soft }
        let before = try soft()
        try OpenFileLimit.setSoft(100, ofProcess: id)
        func effect(start: UInt64, lowered: UInt64) -> LoweredFileLimit {
            LoweredFileLimit(processID: id, startTime: start, soft: before, lowered: lowered)
        }
        func undo(start: UInt64, lowered: UInt64) throws -> UndoOutcome.Kind {
            try journal.record(effect(start: start, lowered: lowered)).undo().kind
        }
        #expect(try undo(start: start + 1, lowered: 100) == .nothingLeft, "another process of that id")
        #expect(try undo(start: start, lowered: 99) == .nothingLeft, "raised by somebody else since")
        var elsewhere = UndoOwner.current(run: "")
        let isFirst = elsewhere.process.namespace == "pid:[4026531836]" && geteuid() == 0
        elsewhere.process.namespace = "pid:[1]"
        let other = UndoCircumstances(owner: elsewhere)
        // Who sees everybody knows that nobody is of that namespace any more; nobody else does.
        #expect(effect(start: start, lowered: 100).undo(other).kind == (isFirst ? .nothingLeft : .failed))
        elsewhere.process.boot = "another"
        let gone = UndoCircumstances(owner: elsewhere)
        #expect(effect(start: start, lowered: 100).undo(gone).kind == .nothingLeft)
        #expect(try soft() == 100)
        #expect(try undo(start: start, lowered: 120) == .undone, "120 is the most that it was set to")
        #expect(try soft() == before)
        #expect(try records().isEmpty)
    }

    @Test(.enabled(if: geteuid() == 0, "needs a namespace"))
    func aProcessOfAnotherNamespaceIsFoundFromOutside() throws {
        let child = Process()
        child.executableURL = URL(fileURLWithPath: "/usr/bin/unshare")
        child.arguments = ["--pid", "--fork", "--kill-child", "sleep", "60"]
        try child.run()
        defer { child.terminate() }
        let children = "/proc/\(child.processIdentifier)/task/\(child.processIdentifier)/children"
        var inner: Int32?
        for _ in 0..<500 where inner == nil {
            usleep(10_000)
            let ids = (try? String(contentsOfFile: children, encoding: .utf8))?.split(separator: " ")
            inner = ids?.first.flatMap { Int32($0) }
        }
        let id = try #require(inner)
        // Until it is of its own namespace only its parent's knows it.
        var buffer = [CChar](repeating: 0, count: 64)
        let count = readlink("/proc/\(id)/ns/pid", &buffer, 63)
        try #require(count > 0)
        var process = ProcessIdentity.current()
        process.namespace = String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        process.startTime = try #require(ProcessIdentity.startTime(of: id))
        process.processID = 1
        #expect(process.isAlive == nil && process.here == .running(id))
        let before = try OpenFileLimit.of(processID: id).soft
        try OpenFileLimit.setSoft(100, ofProcess: id)
        let owner = UndoOwner(process: process, run: "")
        let effect = LoweredFileLimit(processID: 1, startTime: process.startTime, soft: before, lowered: 100)
        #expect(effect.undo(UndoCircumstances(owner: owner)).kind == .undone)
        #expect(try OpenFileLimit.of(processID: id).soft == before)
        process.startTime += 1
        #expect(process.here == .unknown, "another process of that id")
    }

    @Test func theJournalOfAUserIsWhereTheEnvironmentSays() async {
        await #expect(processExitsWith: .success) {
            setenv("STATE_DIRECTORY", "/s/a:/s/b", 1)
            #expect(UndoJournal.standard().directory == "/s/a")
            setenv("EXERT_STATE_DIRECTORY", "/e", 1)
            #expect(UndoJournal.standard().directory == "/e")
            setenv("EXERT_STATE_DIRECTORY", "relative", 1)
            #expect(UndoJournal.standard().directory == "/s/a")
            unsetenv("STATE_DIRECTORY")
            if geteuid() == 0 {
                #expect(UndoJournal.standard().directory == "/var/lib/exert")
                try #require(setuid(65534) == 0)
            }
            setenv("HOME", "/h", 1)
            unsetenv("XDG_STATE_HOME")
            #expect(UndoJournal.standard().directory == "/h/.local/state/exert")
            setenv("XDG_STATE_HOME", "/x", 1)
            #expect(UndoJournal.standard().directory == "/x/exert")
            unsetenv("XDG_STATE_HOME")
            unsetenv("HOME")
            setenv("TMPDIR", "/t", 1)
            #expect(UndoJournal.standard().directory == "/t/exert-65534" || geteuid() != 65534)
        }
    }
}
