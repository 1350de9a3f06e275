// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LinuxSystem
internal import SystemPackage

/// Something with a name that exert makes in a directory of others: a file, a directory, a group of the kernel's.
struct NamedObject: Hashable, Sendable {
    /// The path of the directory when the record was written, no part of it a link.
    var directory: String
    /// The name in it.
    var name: String
    /// The directory itself, whatever its path is by now.
    var parent: FileIdentity
    /// What was made; `nil` in a record from before that.
    var object: FileIdentity?

    /// Where it was made.
    var path: String { (directory == "/" ? "" : directory) + "/" + name }

    /// `O_PATH`, which Swift does not see, needs no permission to read a directory.
    static let pathFlags = 0o10000000 | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC

    /// A name in an open directory that something is about to be made under.
    struct Place: ~Copyable {
        var object: NamedObject
        let folder: OwnedDescriptor

        /// Keeps the directory open.
        consuming func takeFolder() -> OwnedDescriptor { folder }
    }

    /// Opens the directory of `path`, where nothing may be yet, and holds it: it is that one from now on, whatever
    /// becomes of its name.
    static func place(_ path: String) throws(UndoProblem) -> Place {
        guard path.hasPrefix("/"), let slash = path.lastIndex(of: "/") else {
            throw UndoProblem("\(path) is not an absolute path")
        }
        let name = String(path[path.index(after: slash)...])
        guard isOurs(name) else { throw UndoProblem("\(path) is not a path that exert would ever remove") }
        let directory = slash == path.startIndex ? "/" : String(path[..<slash])
        do throws(Errno) {
            // Links on the way are followed once, here: the caller has named them.
            let folder = OwnedDescriptor(owning: try check(open(directory, pathFlags & ~O_NOFOLLOW)))
            guard let parent = FileIdentity(of: folder.rawValue) else { throw Errno(rawValue: errno) }
            var facts = stat()
            if fstatat(folder.rawValue, name, &facts, AT_SYMLINK_NOFOLLOW) == 0 { throw .fileExists }
            if errno != ENOENT { throw Errno(rawValue: errno) }
            let whole = LinkText.path(of: folder.rawValue) ?? RealPath.of(directory) ?? directory
            guard isDirect(whole) else { throw .invalidArgument }
            return Place(object: NamedObject(directory: whole, name: name, parent: parent), folder: folder)
        } catch .fileExists {
            throw UndoProblem("\(path) is there already")
        } catch {
            throw UndoProblem("\(directory): \(error)")
        }
    }

    /// Whether a name is one that exert makes, so that no record, whoever wrote it, can take anything else away.
    static func isOurs(_ name: String) -> Bool {
        guard !name.utf8.contains(UInt8(ascii: "/")), !name.utf8.contains(0), name.utf8.count < 256 else {
            return false
        }
        return [".exert-", "exert-"].contains { name.hasPrefix($0) && name != $0 }
    }

    /// Whether a path is absolute and without detours.
    static func isDirect(_ path: String) -> Bool {
        if path == "/" { return true }
        guard path.utf8.first == UInt8(ascii: "/"), path.utf8.count < 4096, !path.utf8.contains(0) else { return false }
        return path.utf8.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .allSatisfy { part in
                let part = String(decoding: Array(part), as: UTF8.self)
                return !part.isEmpty && part != "." && part != ".."
            }
    }

    // MARK: In a record

    init(directory: String, name: String, parent: FileIdentity) {
        self.directory = directory
        self.name = name
        self.parent = parent
    }

    init?(_ fields: inout UndoFields) {
        guard let directory = fields.take("directory"), Self.isDirect(directory), let name = fields.take("name"),
            Self.isOurs(name), let parent = fields.take("parent").flatMap({ FileIdentity($0) }),
            let made = fields.take("object")
        else { return nil }
        self.init(directory: directory, name: name, parent: parent)
        if made == "none" { return }
        guard let object = FileIdentity(made) else { return nil }
        self.object = object
    }

    var fields: UndoFields {
        var fields = UndoFields()
        fields.put("directory", directory)
        fields.put("name", name)
        fields.put("parent", parent.text)
        fields.put("object", object?.text ?? "none")
        return fields
    }
}

/// An effect of which a record tells nothing but what was made, and where.
protocol NamedEffect: Undoable {
    /// What was made.
    var object: NamedObject { get }
    /// Describes the effect.
    init(_ object: NamedObject)
}

extension NamedEffect {
    /// See ``Undoable/init(_:)``.
    init?(_ fields: inout UndoFields) {
        guard let object = NamedObject(&fields) else { return nil }
        self.init(object)
    }

    /// See ``Undoable/fields``.
    var fields: UndoFields { object.fields }
}

/// What the links below `/proc/self/fd` say.
enum LinkText {
    /// The path of an open file as it is now; `nil` where it has none that leads to it from here.
    static func path(of descriptor: Int32) -> String? {
        RealPath.ofDescriptor(descriptor).flatMap { $0.hasSuffix(" (deleted)") ? nil : $0 }
    }
}
