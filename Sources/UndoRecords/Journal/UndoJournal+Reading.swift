// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc
internal import LinuxSystem
internal import SystemPackage

extension UndoJournal {
    /// A record is some hundred bytes, one path, each of whose characters may be escaped, and all that several times.
    private static let sizeLimit = 64 << 10

    /// What stands in the journal, for people.
    public struct Item: Sendable {
        /// What is true of it.
        public enum State: String, Sendable {
            /// Whoever made the effect still runs, or somebody undoes it now.
            case held
            /// Nobody holds it: it can be undone.
            case left
            /// Nobody holds it, and it cannot be undone now; the reason says why.
            case stuck
            /// It is not a record that may be followed; the reason says why.
            case foreign
        }

        /// The path of the file.
        public var path: String
        /// What is true of it.
        public var state: State
        /// What undoing it does; `nil` where that cannot be told.
        public var effect: String?
        /// Who made the effect; `nil` where that cannot be told.
        public var owner: UndoOwner?
        /// Why it stays; `nil` where it need not.
        public var reason: String?
    }

    /// What is in the journal; nothing is changed.
    public struct Survey: Sendable {
        /// Where the records are.
        public var directory: String
        /// Why they cannot be looked at; `nil` where they can, or where there are none.
        public var problem: String?
        /// What there is, newest first.
        public var items: [Item] = []
    }

    /// Looks at everything in the journal and changes nothing.
    ///
    /// - Parameter mayWait: whether file systems are asked that may never answer.
    public func survey(mayWait: Bool = true) -> Survey {
        var survey = Survey(directory: directory)
        guard let folder = openForReading(&survey.problem) else { return survey }
        for name in names(in: folder) {
            var item = Item(path: "\(directory)/\(name)", state: .held)
            switch find(name, in: folder) {
            case .gone: continue
            case .held(let content):
                item.effect = content?.effect.summary
                item.owner = content?.owner
                item.reason = "whoever made it, or somebody who undoes it now, has it locked"
            case .foreign(let reason):
                item.state = .foreign
                item.reason = reason
            case .left(let record):
                let outcome = record.preview(mayWait: mayWait)
                item.effect = record.effect.summary
                item.owner = record.owner
                item.state = outcome.kind == .failed ? .stuck : .left
                item.reason = outcome.kind == .failed || outcome.kind == .nothingLeft ? outcome.text : nil
            }
            survey.items.append(item)
        }
        return survey
    }

    /// What came of the journal.
    public struct Replay: Sendable {
        /// What came of each record that nobody held, newest first; then files that are no records.
        public var outcomes: [UndoOutcome] = []
        /// Why the directory cannot be used; `nil` where it can, or where there is none.
        public var problem: String?
        /// Whether it belongs to this user all the same.
        public var isOurs = false

        /// Creates one of nothing.
        public init() {}
    }

    /// Undoes what dead processes left, newest first, and says what came of each record.
    public func replay() -> Replay {
        var replay = Replay()
        guard let folder = openForReading(&replay.problem) else {
            var facts = stat()
            replay.isOurs = lstat(directory, &facts) == 0 && facts.st_uid == geteuid()
            return replay
        }
        if let hung = Places.waitForAnswer(of: directory, writes: true) {
            replay.problem = "\(directory) does not answer: \(hung.text)"
            return replay
        }
        var foreign: [UndoOutcome] = []
        for name in names(in: folder, removingUnfinished: true) {
            switch find(name, in: folder) {
            case .gone: continue
            case .held: continue
            case .foreign(let reason): foreign.append(UndoOutcome(.failed, "\(directory)/\(name) is left: \(reason)"))
            case .left(let record):
                do throws(UndoProblem) {
                    replay.outcomes.append(try record.undo())
                } catch {
                    replay.outcomes.append(UndoOutcome(.failed, error.description))
                }
            }
        }
        replay.outcomes += foreign
        return replay
    }

    /// What records there are of one run.
    public struct Remains: Sendable {
        /// Effects that somebody still holds, for people.
        public var held: [String] = []
        /// How many nobody holds.
        public var left = 0
    }

    /// Records of one run that are there.
    ///
    /// No file system but the journal's own is asked, as by ``isToBeReplayed``.
    public func remains(of run: String) -> Remains {
        var remains = Remains()
        var problem: String?
        guard let folder = openForReading(&problem) else { return remains }
        for name in names(in: folder) {
            switch find(name, in: folder) {
            case .gone: continue
            case .left(let record): if record.owner.run == run { remains.left += 1 }
            case .foreign: continue
            case .held(let content):
                if let content, content.owner.run == run { remains.held.append(content.effect.summary) }
            }
        }
        return remains
    }

    /// Whether a replay would have anything to do or to say.
    public var isToBeReplayed: Bool {
        var problem: String?
        guard let folder = openForReading(&problem) else { return problem != nil }
        let all = DirectoryReader.names(ofDescriptor: folder.rawValue)
        return all.contains { $0.hasPrefix(Self.temporaryPrefix) }
            || names(in: folder).contains { name in
                switch find(name, in: folder) {
                case .gone: false
                case .held: false
                case .left: true
                case .foreign: true
                }
            }
    }

    private func openForReading(_ problem: inout String?) -> OwnedDescriptor? {
        do throws(Errno) {
            return try openDirectory(creating: false)
        } catch {
            // No directory, no records.
            if error != .noSuchFileOrDirectory {
                problem = "\(directory) is not used: \(error == .notPermitted ? Self.foreign : "\(error)")"
            }
            return nil
        }
    }

    /// The names of records, newest first.
    private func names(in folder: borrowing OwnedDescriptor, removingUnfinished: Bool = false) -> [String] {
        var found: [(name: String, time: Int64)] = []
        // Something else may live in a state directory; only what is named as a record is looked at.
        for name in DirectoryReader.names(ofDescriptor: folder.rawValue) {
            if removingUnfinished, name.hasPrefix(Self.temporaryPrefix) { removeUnfinished(name, in: folder) }
            var facts = stat()
            guard name.hasPrefix(Self.prefix), fstatat(folder.rawValue, name, &facts, AT_SYMLINK_NOFOLLOW) == 0 else {
                continue
            }
            found.append((name, Int64(facts.st_mtim.tv_sec) * 1_000_000_000 + Int64(facts.st_mtim.tv_nsec)))
        }
        return found.sorted { ($0.time, $0.name) > ($1.time, $1.name) }.map(\.name)
    }

    /// One file of the journal.
    private enum Found: ~Copyable {
        case gone
        case held(UndoText.Content?)
        case left(UndoRecord)
        case foreign(String)
    }

    private func find(_ name: String, in folder: borrowing OwnedDescriptor) -> Found {
        // Writable, since a lock of NFS that nobody shares wants that.
        let flags = O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC
        let descriptor = openat(folder.rawValue, name, flags)
        guard descriptor >= 0 else {
            return errno == ENOENT ? .gone : .foreign("it cannot be opened: \(Errno(rawValue: errno))")
        }
        let file = OwnedDescriptor(owning: descriptor)
        var facts = stat()
        guard fstat(file.rawValue, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG, facts.st_uid == geteuid(),
            facts.st_mode & 0o022 == 0, facts.st_nlink <= 1
        else { return .foreign("it is not a file that only its owner can write") }
        let isFree = CLinux_lock(file.rawValue) == 0
        guard isFree || errno == EWOULDBLOCK else {
            return .foreign(
                "whether its owner lives cannot be told, since it cannot be locked: \(Errno(rawValue: errno))")
        }
        let content = (try? SmallFile.bytes(ofDescriptor: file.rawValue, limit: Self.sizeLimit)).flatMap {
            UndoText.content(String(decoding: $0, as: UTF8.self))
        }
        if !isFree { return .held(content) }
        // Whoever had it before us may have undone it.
        guard fstat(file.rawValue, &facts) == 0, facts.st_nlink > 0 else { return .gone }
        guard let content else { return .foreign("it is not a record of this version of exert") }
        let own = openat(folder.rawValue, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard own >= 0 else { return .foreign("\(directory) cannot be opened again: \(Errno(rawValue: errno))") }
        return .left(UndoRecord(content, name: name, file: file, in: OwnedDescriptor(owning: own)))
    }

    /// Removes a record that was never finished, unless its writer holds it.
    private func removeUnfinished(_ name: String, in folder: borrowing OwnedDescriptor) {
        let descriptor = openat(folder.rawValue, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        let file = OwnedDescriptor(owning: descriptor)
        var facts = stat()
        guard fstat(file.rawValue, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG, facts.st_uid == geteuid(),
            CLinux_lock(file.rawValue) == 0
        else { return }
        unlinkat(folder.rawValue, name, 0)
    }
}
