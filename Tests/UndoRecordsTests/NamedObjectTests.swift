// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinuxSystem
import Testing

@testable import UndoRecords

/// Files and directories with a name: ours are found and removed wherever somebody has put them, and nothing else is.
///
/// A file or a directory is made as a load makes it, and its record is then let go, as a dead process lets it go.
struct NamedObjectTests {
    private let folder: TemporaryFolder
    private let journal: UndoJournal

    init() throws {
        folder = try TemporaryFolder()
        try folder.makeFolder("a/inner")
        journal = UndoJournal(directory: folder.path + "/state")
    }

    private var work: String { folder.path + "/a/inner" }
    private var tree: String { "\(work)/\(treeName)" }
    private var treeName: String { ".exert-inodes-1-2" }

    private func exists(_ path: String) -> Bool {
        var facts = stat()
        return lstat(path, &facts) == 0
    }

    private func text(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }

    /// Makes something and leaves it to nobody.
    private func leave(_ path: String, folder isFolder: Bool = false, files: Int = 3) throws {
        var place = try NamedObject.place(path)
        let first = place.object
        if isFolder { try #require(mkdir(path, 0o700) == 0) }
        let descriptor = isFolder ? open(path, O_RDONLY | O_DIRECTORY) : open(path, O_RDWR | O_CREAT | O_EXCL, 0o600)
        try #require(descriptor >= 0)
        place.object.object = FileIdentity(of: descriptor)
        if isFolder {
            for number in 0..<files { try #require(mknodat(descriptor, "\(number)", S_IFREG | 0o600, 0) == 0) }
            var record = try journal.record(MadeFolder(first))
            try record.update(MadeFolder(place.object))
        } else {
            try #require(write(descriptor, "load", 4) == 4)
            var record = try journal.record(MadeFile(first))
            try record.update(MadeFile(place.object))
        }
        close(descriptor)
    }

    private var kinds: [UndoOutcome.Kind] { journal.replay().outcomes.map(\.kind) }

    @Test func whatWasMadeIsRemoved() throws {
        try leave(work + "/.exert-a")
        try leave(tree, folder: true)
        #expect(journal.survey().items.map(\.state) == [.left, .left] && exists(work + "/.exert-a"))
        #expect(Set(journal.replay().outcomes.map(\.text)) == ["removed \(work)/.exert-a", "removed \(tree)"])
        #expect(!exists(work + "/.exert-a") && !exists(tree))
    }

    @Test func whatIsGoneNeedsNoUndoing() throws {
        try leave(work + "/.exert-a")
        unlink(work + "/.exert-a")
        #expect(kinds == [.nothingLeft])
        try leave(work + "/.exert-b")
        try FileManager.default.removeItem(atPath: folder.path + "/a")
        if geteuid() == 0 { #expect(kinds == [.nothingLeft], "its file system knows that it is no more") }
        #expect(journal.survey().items.isEmpty || geteuid() != 0)
    }

    // MARK: Renamed

    @Test(arguments: ["a/inner", "a"])
    func aDirectoryThatWasRenamedHidesNothing(renamed: String) throws {
        try leave(work + "/.exert-a")
        try leave(tree, folder: true)
        try #require(rename(folder.path + "/" + renamed, folder.path + "/elsewhere") == 0)
        // Somebody puts another one in its place, with a file of the same name.
        try folder.write("precious", to: "a/inner/.exert-a")
        let now = folder.path + "/elsewhere" + (renamed == "a" ? "/inner" : "")
        let outcomes = journal.replay().outcomes
        #expect(outcomes.map(\.kind) == [.undone, .undone], "\(outcomes)")
        #expect(outcomes.allSatisfy { $0.text.contains("which is now \(now)/") }, "\(outcomes)")
        #expect(!exists(now + "/.exert-a") && !exists(now + "/" + treeName))
        #expect(text(work + "/.exert-a") == "precious")
    }

    @Test func whatGotAnotherNameOrDirectoryIsFound() throws {
        try leave(work + "/.exert-a")
        try leave(tree, folder: true)
        try folder.makeFolder("far/away")
        try #require(rename(work + "/.exert-a", folder.path + "/far/away/notes") == 0)
        try #require(rename(tree, work + "/mine") == 0)
        let outcomes = journal.replay().outcomes
        #expect(!exists(work + "/mine"), "\(outcomes)")
        // Only root can ask the file system where a file is that another directory has now.
        if geteuid() == 0 { #expect(!exists(folder.path + "/far/away/notes"), "\(outcomes)") }
    }

    @Test(.enabled(if: geteuid() == 0, "needs another user")) func othersThanRootFindWhatLiesNearBy() async throws {
        chmod(folder.path, 0o777)
        try leave(work + "/.exert-a")
        try leave(tree, folder: true)
        try #require(rename(work, folder.path + "/a/renamed") == 0)
        // All that is ours becomes another user's, who then looks for it.
        let (path, state) = (folder.path, journal.directory)
        for name in try FileManager.default.contentsOfDirectory(atPath: state) {
            let text = try String(contentsOfFile: "\(state)/\(name)", encoding: .utf8)
            // The fifth number of what was made is its user.
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
                guard line.hasPrefix("object ") || line.hasPrefix("parent ") else { return String(line) }
                var words = line.split(separator: " ").map(String.init)
                if words.count == 9 { words[5] = "65534" }
                return words.joined(separator: " ")
            }
            try lines.joined(separator: "\n").write(toFile: "\(state)/\(name)", atomically: false, encoding: .utf8)
        }
        try #require(system("chown -R 65534 '\(path)'") == 0)
        setenv("EXERT_TEST_STATE", state, 1)
        await #expect(processExitsWith: .success) {
            try #require(setuid(65534) == 0)
            let state = try #require(getenv("EXERT_TEST_STATE").map { String(cString: $0) })
            let outcomes = UndoJournal(directory: state).replay().outcomes
            #expect(outcomes.map(\.kind) == [.undone, .undone], "\(outcomes)")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: path + "/a/renamed").isEmpty)
    }

    // MARK: Replaced

    @Test func whatHasTheNameNowIsNotRemovedInItsStead() throws {
        try leave(work + "/.exert-a")
        try leave(tree, folder: true)
        // Both are moved away, and others get their names: files of the same user, mode and length.
        try #require(rename(work + "/.exert-a", work + "/moved") == 0 && rename(tree, work + "/mine") == 0)
        try folder.write("mine", to: "a/inner/.exert-a")
        chmod(work + "/.exert-a", 0o600)
        try folder.write("0", to: "a/inner/\(treeName)/0")
        try folder.write("precious", to: "a/inner/\(treeName)/db/dump")
        chmod(tree, 0o700)
        #expect(kinds == [.undone, .undone])
        #expect(text(work + "/.exert-a") == "mine")
        #expect(text(tree + "/0") == "0" && text(tree + "/db/dump") == "precious")
        #expect(!exists(work + "/moved") && !exists(work + "/mine"), "ours are found and removed")
    }

    @Test func anInodeThatIsUsedAgainIsNotOurs() throws {
        try leave(work + "/.exert-a")
        var (before, after) = (stat(), stat())
        try #require(stat(work + "/.exert-a", &before) == 0)
        // File systems give the number of a file that is gone to one of the next.
        unlink(work + "/.exert-a")
        for _ in 0..<2000 where after.st_ino != before.st_ino {
            unlink(work + "/.exert-a")
            try folder.write("mine", to: "a/inner/.exert-a")
            chmod(work + "/.exert-a", 0o600)
            try #require(stat(work + "/.exert-a", &after) == 0)
        }
        #expect(kinds == [.nothingLeft])
        #expect(text(work + "/.exert-a") == "mine")
    }

    @Test func onlyNumberedFilesOfADirectoryAreRemoved() throws {
        try leave(tree, folder: true, files: 50)
        try folder.write("precious", to: "a/other/file")
        symlink(folder.path + "/a/other", tree + "/7777")
        try folder.write("kept", to: "a/inner/\(treeName)/notes")
        #expect(journal.replay().outcomes.map(\.text) == ["\(tree) is left: 2 things in it are not files of exert"])
        #expect(try FileManager.default.contentsOfDirectory(atPath: tree).count == 2)
        #expect(exists(folder.path + "/a/other/file"), "a link is never followed")
        unlink(tree + "/7777")
        unlink(tree + "/notes")
        #expect(kinds == [.undone])
    }

    @Test(arguments: [false, true]) func aFileThatGotTheNameOfANumberedOneIsLeft(isLive: Bool) throws {
        var files = try InodeFiles(in: work, journal: journal)
        try files.addNamed(10)
        let path = try #require(InodeFiles.treePath(of: getpid(), in: work))
        var before = stat()
        try #require(stat(path + "/3", &before) == 0 && unlink(path + "/3") == 0)
        // An empty one, too, of the number that has just become free.
        try folder.write("", to: "a/inner/foreign")
        try #require(rename(work + "/foreign", path + "/3") == 0)
        try #require(link(path + "/5", work + "/hidden") == 0)
        if isLive {
            try files.remove(files.count)
            #expect(files.isMixed && files.linkedCount == 1 && files.count == 2, "the directory and the list stay")
        }
        // Its end leaves the record to nobody.
        _ = consume files
        let outcome = try #require(journal.replay().outcomes.first)
        #expect(outcome.text == "\(path) is left: 1 things in it are not files of exert")
        #expect(exists(path + "/3") && !exists(path + "/4") && exists(work + "/hidden"))
        unlink(path + "/3")
        #expect(kinds == [.undone] && !exists(path))
    }

    @Test func filesThatHaveOtherNamesAreTold() throws {
        try leave(tree, folder: true)
        try #require(link(tree + "/1", work + "/hidden") == 0)
        #expect(
            journal.replay().outcomes.map(\.text) == [
                "removed \(tree); 1 of its files stay under other names, and are empty"
            ])
    }

    @Test func aFileWithOtherNamesGivesBackWhatItHolds() throws {
        try leave(work + "/.exert-a")
        try #require(link(work + "/.exert-a", work + "/hidden") == 0)
        let outcomes = journal.replay().outcomes
        #expect(outcomes.map(\.kind) == [.undone] && outcomes[0].text.contains("1 other names"), "\(outcomes)")
        #expect(text(work + "/hidden") == "")
    }

    @Test func ofAFileThatMayNotHaveBeenMadeOnlyAnEmptyOneIsRemoved() throws {
        do { _ = try journal.record(MadeFile(try NamedObject.place(work + "/.exert-a").object)) }
        try folder.write("somebody's", to: "a/inner/.exert-a")
        #expect(kinds == [.failed] && exists(work + "/.exert-a"))
        truncate(work + "/.exert-a", 0)
        #expect(kinds == [.undone] && !exists(work + "/.exert-a"))
        do { _ = try journal.record(MadeFolder(try NamedObject.place(tree).object)) }
        try folder.write("", to: "a/inner/\(treeName)/0")
        #expect(kinds == [.failed] && exists(tree + "/0"))
        unlink(tree + "/0")
        #expect(kinds == [.undone] && !exists(tree))
    }

    @Test(.enabled(if: geteuid() == 0, "needs another user")) func whatBelongsToSomebodyElseIsLeft() throws {
        try leave(work + "/.exert-a")
        try #require(chown(work + "/.exert-a", 65534, 65534) == 0)
        _ = journal.replay()
        #expect(text(work + "/.exert-a") == "load")
    }

    @Test func linksOnTheWayAreFollowedOnceAndNeverAgain() throws {
        symlink(work, folder.path + "/link")
        let place = try NamedObject.place(folder.path + "/link/.exert-a")
        #expect(place.object.path == work + "/.exert-a")
        try leave(work + "/.exert-a")
        try #require(rename(work, folder.path + "/a/real") == 0)
        try folder.write("precious", to: "b/.exert-a")
        symlink(folder.path + "/b", work)
        #expect(kinds == [.undone])
        #expect(text(folder.path + "/b/.exert-a") == "precious" && !exists(folder.path + "/a/real/.exert-a"))
    }

    @Test func aLiveOwnerRemovesItsOwnThroughWhatItHasOpen() throws {
        do {
            let file = try SpaceFile.named(work + "/.exert-a", journal: journal)
            var inodes = try InodeFiles(in: work, journal: journal)
            try inodes.addNamed(20)
            #expect(file.size == 0 && inodes.count == 20)
            try #require(rename(work, folder.path + "/moved") == 0)
            try folder.write("precious", to: "a/inner/.exert-a")
            #expect(journal.survey().items.map(\.state) == [.held, .held])
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path + "/moved").isEmpty)
        #expect(journal.survey().items.isEmpty && text(work + "/.exert-a") == "precious")
    }

    @Test(.enabled(if: geteuid() == 0, "needs to mount")) func whatIsNotMountedIsKeptAndToldUntilItIs() throws {
        let (image, point) = (folder.path + "/image", folder.path + "/disk")
        try folder.makeFolder("disk")
        try #require(
            system("PATH=$PATH:/usr/sbin:/sbin; truncate -s 16M '\(image)' && mkfs.ext4 -qF '\(image)' 2>/dev/null")
                == 0)
        try #require(system("mount -o loop '\(image)' '\(point)'") == 0)
        defer { _ = system("umount '\(point)' 2>/dev/null") }
        try leave(point + "/.exert-a")
        try #require(system("umount '\(point)'") == 0)
        let item = try #require(journal.survey().items.first)
        #expect(item.state == .stuck && item.reason?.contains("is not mounted") == true, "\(item)")
        #expect(kinds == [.failed])
        try #require(system("mount -o loop '\(image)' '\(point)'") == 0)
        #expect(kinds == [.undone] && !exists(point + "/.exert-a"))
    }
}
