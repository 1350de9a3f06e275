// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Paths without links in them.
public enum RealPath {
    /// The path of what `path` names, no part of it a link; `nil` where there is no such thing.
    ///
    /// The corresponding C function is `realpath`.
    public static func of(_ path: String) -> String? {
        guard Places.waitForAnswer(of: path) == nil, let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// The path of what `descriptor` is open on, without links, as the kernel has it now; `nil` where it has none.
    public static func ofDescriptor(_ descriptor: Int32) -> String? {
        var target = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        let count = readlink("/proc/self/fd/\(descriptor)", &target, Int(PATH_MAX))
        guard count > 0, target[0] == 0x2F else { return nil }
        return String(validating: target[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Whether `path`, which has no links, is one of `folders`, which have none, or lies below one; by the names alone.
    ///
    /// Bytes are compared: a slash and what combines with it would be one character.
    public static func isBelow(_ path: String, _ folders: [String]) -> Bool {
        folders.contains { folder in
            let base = folder == "/" ? [] : Array(folder.utf8)
            return path.utf8.elementsEqual(folder.utf8) || path.utf8.starts(with: base + [0x2F])
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
