// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import SystemPackage

/// Unix sockets by their paths.
public enum UnixSocket {
    /// What is at a path where a server is to listen.
    public enum Occupant {
        /// Nothing.
        case nothing
        /// A socket that nobody answers on, left by a server that was killed.
        case stale
        /// A socket that somebody answers on.
        case server
        /// Something that is no socket.
        case other
    }

    /// The longest path, in bytes; see `unix(7)`.
    public static let pathLimit = 107

    /// Looks what is at `path`, by calling whoever answers there.
    public static func occupant(of path: String) -> Occupant {
        var facts = stat()
        guard lstat(path, &facts) == 0 else { return .nothing }
        guard facts.st_mode & S_IFMT == S_IFSOCK else { return .other }
        do throws(Errno) {
            _ = try StreamSocket.connect(unix: path, patience: 2)
            return .server
        } catch {
            // Only a refusal says that nobody is there: a server that is too busy to answer is one.
            return error == .connectionRefused ? .stale : error == .fileNameTooLong ? .other : .server
        }
    }

    /// Removes the socket at `path`, and nothing else.
    public static func remove(_ path: String) {
        var facts = stat()
        if lstat(path, &facts) == 0, facts.st_mode & S_IFMT == S_IFSOCK { unlink(path) }
    }
}

/// Which permissions new files of this process have.
public enum FileModeMask {
    /// Takes the permissions in `mask` from all that is made from now on; the mask before.
    ///
    /// The corresponding C function is `umask`.
    @discardableResult
    public static func set(_ mask: UInt32) -> UInt32 { umask(mask) }
}
