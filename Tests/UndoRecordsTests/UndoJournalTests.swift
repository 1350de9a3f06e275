// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import LinuxSystem

/// Effects that outlive us are on disk before they are made, and nothing but them is ever undone.
struct UndoJournalTests {
    private let folder: TemporaryFolder
    private let journal: UndoJournal

    init() throws {
        folder = try TemporaryFolder()
        try folder.makeFolder("inner")
        journal = UndoJournal(directory: folder.path + "/state/exert")
    }

    private func path(_ name: String) -> String { folder.path + "/inner/" + name }

    private func exists(_ path: String) -> Bool {
        var facts = stat()
        return lstat(path, &facts) == 0
    }

    private func records() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: journal.directory)
    }

    /// Puts a record there as a process would have that is dead now.
    private func plant(_ action: UndoAction, device: UInt64? = nil) throws {
        var facts = stat()
        try #require(stat(folder.path, &facts) == 0)
        var owner = ProcessIdentity.current()
        owner.startTime += 1
        let entry = UndoRecord.Entry(
            file: "undo-planted", action: action, owner: owner, device: device ?? UInt64(facts.st_dev))
        try plant(UndoText.text(entry))
    }

    private func plant(_ text: String, as name: String = "undo-planted", mode: mode_t = 0o600) throws {
        let file = try folder.write(text, to: "state/exert/" + name)
        chmod(journal.directory, 0o700)
        chmod(file, mode)
    }

    @Test func aRecordIsThereBeforeTheEffectAndGoneAfterIt() throws {
        let record = try journal.record(.removeFile(path: path(".exert-run-0")))
        #expect(try records() == [record.entry.file])
        #expect(record.entry.owner == .current())
        var facts = stat()
        #expect(stat(journal.directory, &facts) == 0 && facts.st_mode & 0o777 == 0o700)
        #expect(journal.stale().isEmpty, "we live")
        #expect(journal.listing().live == [record.entry])
        try folder.write("load", to: "inner/.exert-run-0")
        #expect(try record.undo().kind == .undone)
        #expect(!exists(path(".exert-run-0")))
        #expect(try records().isEmpty)
    }

    @Test func aDiscardedRecordUndoesNothing() throws {
        let record = try journal.record(.removeFile(path: path(".exert-a")))
        try folder.write("kept", to: "inner/.exert-a")
        record.discard()
        #expect(try records().isEmpty)
        #expect(exists(path(".exert-a")))
    }

    @Test func whatADeadProcessLeftIsUndoneOnce() throws {
        try plant(.removeFile(path: path(".exert-a")))
        try folder.write("load", to: "inner/.exert-a")
        #expect(journal.replay(isDryRun: true).map(\.kind) == [.wouldUndo])
        #expect(exists(path(".exert-a")))
        #expect(journal.replay().map(\.text) == ["removed " + path(".exert-a")])
        #expect(!exists(path(".exert-a")))
        #expect(journal.replay().isEmpty && journal.listing().problems.isEmpty)
    }

    @Test func aTreeIsRemovedWithItsFilesAndOnlyThem() throws {
        let tree = path("exert-tree")
        for index in 0..<50 { try folder.write("", to: "inner/exert-tree/\(index % 3)/\(index)") }
        try folder.write("precious", to: "inner/other/file")
        symlink(path("other"), tree + "/link")
        try plant(.removeTree(path: tree))
        #expect(journal.replay().map(\.text) == ["\(tree) is left: 1 things in it are not files of exert"])
        #expect(exists(path("other/file")), "a link is never followed")
        unlink(tree + "/link")
        #expect(journal.replay().map(\.kind) == [.undone])
        #expect(!exists(tree) && exists(path("other/file")))
    }

    @Test func whatIsGoneIsDiscardedAndWhatIsNotMountedIsKept() throws {
        try plant(.removeFile(path: path(".exert-a")))
        #expect(journal.replay().map(\.kind) == [.nothingLeft])
        try plant(.removeFile(path: path("no/such/folder/.exert-a")))
        #expect(journal.replay().map(\.kind) == [.nothingLeft], "its folder was on this very file system")
        try plant(.removeFile(path: path(".exert-a")), device: 0xFE99)
        #expect(journal.replay().map(\.kind) == [.failed])
        #expect(try records() == ["undo-planted"])
    }

    @Test func linksAreNotFollowed() throws {
        try folder.write("precious", to: "inner/real/.exert-a")
        symlink(path("real"), path("link"))
        try plant(.removeFile(path: path("link/.exert-a")))
        #expect(journal.replay().map(\.kind) == [.failed])
        symlink(path("real/.exert-a"), path(".exert-b"))
        try plant(.removeFile(path: path(".exert-b")))
        #expect(journal.replay().map(\.kind) == [.failed])
        #expect(exists(path("real/.exert-a")) && exists(path(".exert-b")))
        // A link on the way when the record is written is resolved there and then.
        let record = try journal.record(.removeFile(path: path("link/.exert-c")))
        #expect(record.entry.action == .removeFile(path: path("real/.exert-c")))
        record.discard()
    }

    @Test(arguments: [
        "/etc/passwd", "relative/.exert-a", "/tmp/../.exert-a", "/tmp/./exert-a", "/tmp//exert-a", "/tmp/exert-",
        "/tmp/.exert-", "/exert-a/", "exert-a", "", "/", "/tmp/notexert-a",
    ])
    func onlyPathsOfOursAreTaken(path: String) throws {
        #expect(throws: UndoProblem.self) { try journal.record(.removeFile(path: path)).discard() }
        #expect(throws: UndoProblem.self) { try journal.record(.removeTree(path: path)).discard() }
        try plant(.removeTree(path: path))
        #expect(journal.stale().isEmpty)
        #expect(journal.replay().map(\.kind) == [.failed], "told, never trusted")
    }

    @Test func whatIsThereAlreadyIsNotOurs() throws {
        try folder.write("somebody's", to: "inner/.exert-a")
        #expect(throws: UndoProblem.self) { try journal.record(.removeFile(path: path(".exert-a"))).discard() }
    }

    @Test func aPathMayHoldAnything() throws {
        let name = ".exert-a\nend\\n ä"
        try plant(.removeFile(path: path(name)))
        #expect(journal.stale().map(\.action) == [.removeFile(path: path(name))])
    }

    @Test func filesThatAreNoRecordsAreToldAndLeft() throws {
        let good = UndoText.text(
            .init(
                file: "", action: .removeFile(path: path(".exert-a")),
                owner: .init(processID: 1, startTime: 2, boot: "b", namespace: "n"), device: 1))
        #expect(UndoText.entry(good, file: "") != nil)
        let bad = [
            "", "exert-undo 2\n", String(good.dropLast()), good + "\n", good + "more\n",
            good.replacing("owner 1 2", with: "owner 0 2"), good.replacing("owner 1 2", with: "owner -1 2"),
            good.replacing("owner 1 2", with: "owner 1 2 3"), good.replacing("device 1", with: "device x"),
            good.replacing(path(".exert-a"), with: "/etc/passwd"), good.replacing("remove-file", with: "remove"),
        ]
        for text in bad {
            #expect(UndoText.entry(text, file: "") == nil, "\(text)")
            try plant(text)
            #expect(journal.listing().problems.count == 1 && journal.stale().isEmpty)
        }
        try plant(good, mode: 0o666)
        #expect(journal.listing().problems.count == 1 && journal.stale().isEmpty, "anybody may have written it")
        try plant(good, as: "notes.txt")
        unlink(journal.directory + "/undo-planted")
        symlink(journal.directory + "/notes.txt", journal.directory + "/undo-link")
        #expect(journal.listing().problems.count == 1 && journal.stale().isEmpty)
        #expect(try records().sorted() == ["notes.txt", "undo-link"])
    }

    @Test func aDirectoryThatOthersMayWriteToIsNotUsed() throws {
        try plant(.removeFile(path: path(".exert-a")))
        try folder.write("load", to: "inner/.exert-a")
        chmod(journal.directory, 0o777)
        #expect(journal.replay().map(\.kind) == [.failed])
        #expect(exists(path(".exert-a")))
        #expect(throws: UndoProblem.self) { try journal.record(.removeFile(path: path(".exert-b"))).discard() }
    }

    @Test func anUnfinishedRecordIsRemovedOnceItsWriterIsDead() throws {
        let me = ProcessIdentity.current()
        try plant("half", as: "new-undo-\(me.processID)-\(me.startTime)-1")
        try plant("half", as: "new-undo-\(me.processID)-\(me.startTime + 1)-1")
        #expect(journal.replay().isEmpty)
        #expect(try records() == ["new-undo-\(me.processID)-\(me.startTime)-1"])
    }

    @Test func aRecordOfAnotherNamespaceIsLeftUntilTheNextBoot() throws {
        var owner = ProcessIdentity.current()
        owner.namespace = "pid:[1]"
        #expect(owner.isAlive == nil)
        owner.boot = "another"
        #expect(owner.isAlive == false)
        #expect(ProcessIdentity.current().isAlive == true)
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
        func undo(start: UInt64, lowered: UInt64) throws -> UndoOutcome.Kind {
            try journal.record(
                .restoreOpenFileLimit(processID: id, startTime: start, soft: before, lowered: lowered)
            ).undo().kind
        }
        #expect(try undo(start: start + 1, lowered: 100) == .nothingLeft, "another process of that id")
        #expect(try undo(start: start, lowered: 99) == .nothingLeft, "raised by somebody else since")
        #expect(try soft() == 100)
        #expect(try undo(start: start, lowered: 120) == .undone, "120 is the most that it was set to")
        #expect(try soft() == before)
        #expect(try records().isEmpty)
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
