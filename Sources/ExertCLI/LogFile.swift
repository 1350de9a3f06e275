// SPDX-License-Identifier: Apache-2.0

import Evidence
import Glibc
import LinuxSystem

/// Reads logs and writes reports.
enum LogFile {
    /// Reads a log; what is no log, or cannot be read, is told and ends the command.
    static func read(_ path: String, run: String?) throws -> LogContents {
        let name = path == "-" ? "<stdin>" : path
        var reader = LogReader(file: name, run: run)
        do {
            let next = try pieces(of: path)
            while true {
                let piece = try next()
                if piece.isEmpty { return try reader.finish() }
                try reader.take(piece)
            }
        } catch let problem as LogProblem {
            Console.complain(problem.description)
        } catch {
            Console.complain("the log '\(name)' cannot be read: \(error)")
        }
        throw ExitStatus.usage
    }

    /// Refuses a file that is a log, which a report must not take the place of.
    static func refuseLog(_ path: String) throws {
        guard let next = try? RegularFile.pieces(of: path), let piece = try? next(), LogReader.isLog(piece) else {
            return
        }
        Console.complain("'\(path)' is a log, which is evidence; give the report another name")
        throw ExitStatus.usage
    }

    /// Refuses a name that no report could be written to, without making or changing anything.
    static func refuseUnwritable(_ path: String) throws {
        var facts = stat()
        var failure: Int32 = 0
        if Places.waitForAnswer(of: path, writes: true) != nil {
            failure = ETIMEDOUT
        } else if stat(path, &facts) == 0 {
            failure = facts.st_mode & S_IFMT == S_IFDIR ? EISDIR : access(path, W_OK) == 0 ? 0 : errno
        } else if errno == ENOENT {
            failure = access(folder(of: path), W_OK | X_OK) == 0 ? 0 : errno
        } else {
            failure = errno
        }
        guard failure != 0 else { return }
        Console.complain("'\(path)' cannot be written: \(String(cString: strerror(failure)))")
        throw ExitStatus.unsupported
    }

    /// Whether two names are of one file, which need not be there yet.
    static func isSame(_ one: String, _ other: String) -> Bool { place(one) == place(other) }

    private static func place(_ path: String) -> String {
        if let real = RealPath.of(path) { return real }
        let name = path.split(separator: "/").last.map(String.init) ?? ""
        return RealPath.of(folder(of: path)).map { "\($0)/\(name)" } ?? path
    }

    private static func folder(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
    }

    /// Makes a directory, where there is none of this name.
    static func makeFolder(_ path: String) throws {
        let isSilent = Places.waitForAnswer(of: path, writes: true) != nil
        let failure = isSilent ? ETIMEDOUT : mkdir(path, 0o777) == 0 ? 0 : errno
        if failure == 0 || failure == EEXIST { return }
        Console.complain("the directory '\(path)' cannot be made: \(String(cString: strerror(failure)))")
        throw ExitStatus.unsupported
    }

    /// Writes a report, in place of one that was there.
    static func write(_ bytes: [UInt8], to path: String) throws {
        try refuseLog(path)
        do {
            let file = try OwnedDescriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOCTTY, mode: 0o644)
            try file.write(all: bytes)
        } catch {
            Console.complain("'\(path)' cannot be written: \(error)")
            throw ExitStatus.unsupported
        }
    }

    /// What comes piece by piece; no bytes are the end.
    private static func pieces(of path: String) throws -> () throws -> [UInt8] {
        if path == "-" { return { try piece(of: 0) } }
        // What a shell has open for us: <(a command).
        guard path == "/dev/stdin" || ["/dev/fd/", "/proc/self/fd/"].contains(where: { path.hasPrefix($0) }) else {
            return try RegularFile.pieces(of: path)
        }
        let file = Held(try OwnedDescriptor.open(path, O_RDONLY | O_NOCTTY))
        return { try piece(of: file.descriptor.rawValue) }
    }

    /// Keeps a descriptor open as long as it is read.
    private final class Held {
        let descriptor: OwnedDescriptor
        init(_ descriptor: consuming OwnedDescriptor) { self.descriptor = descriptor }
    }

    private struct ReadFailure: Error, CustomStringConvertible { let description: String }

    private static func piece(of descriptor: Int32) throws -> [UInt8] {
        var piece = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = piece.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 {
                piece.removeSubrange(count...)
                return piece
            }
            if errno != EINTR { throw ReadFailure(description: String(cString: strerror(errno))) }
        }
    }
}
