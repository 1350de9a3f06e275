// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc
public import SystemPackage

/// Whole files that somebody else names.
public enum RegularFile {
    /// Why a file is not read.
    public enum Problem: Error, Hashable, Sendable, CustomStringConvertible {
        /// It is a directory, a pipe, a device or a socket.
        case notRegular
        /// It lies, links followed, in none of the folders.
        case elsewhere
        /// The kernel refuses it.
        case refused(Errno)

        /// The reason, for people.
        public var description: String {
            switch self {
            case .notRegular: "it is no regular file"
            case .elsewhere: "it is not in a directory that is allowed"
            case .refused(let error): "\(error)"
            }
        }
    }

    /// The bytes of a regular file of at most `limit` bytes; nothing is waited for.
    ///
    /// What is read is what was looked at, whatever is put in its place meanwhile. To open a device or a pipe may
    /// itself do something, so it is looked at before that: `O_PATH`, open(2).
    ///
    /// - Parameter folders: real paths of directories, in or below one of which the file must lie; `nil` for anywhere.
    public static func bytes(_ path: String, limit: Int, in folders: [String]? = nil) throws(Problem) -> [UInt8] {
        let file = try file(path, in: folders)
        do throws(Errno) {
            return try SmallFile.bytes(ofDescriptor: file.rawValue, limit: limit)
        } catch {
            throw .refused(error)
        }
    }

    /// Opens a regular file to be read piece by piece, 64 KiB at most each; no bytes are its end.
    ///
    /// - Parameter folders: see ``bytes(_:limit:in:)``.
    public static func pieces(
        of path: String, in folders: [String]? = nil
    ) throws(Problem) -> () throws(Problem) -> [UInt8] {
        let file = try file(path, in: folders)
        return { () throws(Problem) in
            var piece = [UInt8](repeating: 0, count: 65536)
            while true {
                let count = piece.withUnsafeMutableBytes { Glibc.read(file.rawValue, $0.baseAddress, $0.count) }
                if count >= 0 {
                    piece.removeSubrange(count...)
                    return piece
                }
                if errno != EINTR { throw .refused(Errno(rawValue: errno)) }
            }
        }
    }

    private static func file(_ path: String, in folders: [String]?) throws(Problem) -> OwnedDescriptor {
        let found = try opened(path, 0o10000000 /* O_PATH */)
        if let folders {
            guard let real = RealPath.ofDescriptor(found.rawValue), RealPath.isBelow(real, folders) else {
                throw .elsewhere
            }
        }
        var facts = stat()
        guard fstat(found.rawValue, &facts) == 0 else { throw .refused(Errno(rawValue: errno)) }
        guard facts.st_mode & S_IFMT == S_IFREG else { throw .notRegular }
        // What lies in proc(5) looks like one, and reading it may take it away: the kernel's log has one reader.
        guard CLinux_file_system_magic(found.rawValue) != 0x9FA0 else { throw .notRegular }
        return try opened("/proc/self/fd/\(found.rawValue)", O_RDONLY | O_NONBLOCK | O_NOCTTY)
    }

    /// Whether an open descriptor is one.
    public static func isOpen(at descriptor: Int32) -> Bool {
        var facts = stat()
        return fstat(descriptor, &facts) == 0 && facts.st_mode & S_IFMT == S_IFREG
    }

    private static func opened(_ path: String, _ flags: Int32) throws(Problem) -> OwnedDescriptor {
        do throws(Errno) {
            return try OwnedDescriptor.open(path, flags)
        } catch {
            throw .refused(error)
        }
    }
}
