// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Paths without links in them.
public enum RealPath {
    /// The path of what `path` names, no part of it a link; `nil` where there is no such thing.
    ///
    /// The corresponding C function is `realpath`.
    public static func of(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// Whether `path`, links followed, is one of `folders` or lies below one.
    public static func isBelow(_ path: String, _ folders: [String]) -> Bool {
        guard let path = of(path) else { return false }
        return folders.compactMap { of($0) }.contains { folder in
            path == folder || path.hasPrefix(folder == "/" ? "/" : folder + "/")
        }
    }
}

/// When files were changed.
public enum FileTimes {
    /// When the content of `path` was last changed, in ns since the Unix epoch; `nil` where there is no such file.
    public static func modified(_ path: String) -> Int64? {
        var facts = stat()
        guard stat(path, &facts) == 0 else { return nil }
        return Int64(facts.st_mtim.tv_sec) * 1_000_000_000 + Int64(facts.st_mtim.tv_nsec)
    }
}

/// Reading what has come, without waiting for more.
public enum StreamReader {
    /// What reading gave.
    public enum Result {
        /// These bytes, at least one.
        case bytes([UInt8])
        /// Nothing yet.
        case nothing
        /// Nothing ever again.
        case end
    }

    /// Reads what is there, `limit` bytes at the most.
    public static func read(_ descriptor: Int32, limit: Int = 65536) -> Result {
        var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard Glibc.poll(&poll, 1, 0) > 0 else { return .nothing }
        var bytes = [UInt8](repeating: 0, count: limit)
        let count = bytes.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
        if count > 0 { return .bytes(Array(bytes.prefix(count))) }
        if count < 0, errno == EINTR || errno == EAGAIN { return .nothing }
        return .end
    }
}
