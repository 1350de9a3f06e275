// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The binary under test, run as a user runs it.
enum Exert {
    /// Next to the running test bundle, where the package manager builds both; `EXERT_BINARY` names another one.
    static let path: String = {
        if let path = ProcessInfo.processInfo.environment["EXERT_BINARY"] { return path }
        let bundle = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return (bundle as NSString).deletingLastPathComponent + "/exert"
    }()

    /// The repository's root, found from this file.
    static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    /// How a process ended and what it wrote.
    struct Result {
        /// The exit code; 128 and the signal's number where one ended it, as shells say it.
        var code: Int32
        var output: String
        var error: String
        /// Stressor processes that were seen while it ran.
        var stressors: Set<Int32>
    }

    /// Runs to the end, which must come within `limit` seconds.
    static func run(
        _ arguments: [String], input: String = "", environment: [String: String] = [:], wrapper: [String] = [],
        limit: Double = 30
    ) throws -> Result {
        try start(arguments, input: input, environment: environment, wrapper: wrapper).wait(limit: limit)
    }

    /// Starts and returns at once.
    ///
    /// - Parameter wrapper: a command that replaces itself by what stands behind it, such as `env`.
    static func start(
        _ arguments: [String], input: String = "", environment: [String: String] = [:], wrapper: [String] = []
    ) throws -> RunningExert {
        try RunningExert(
            wrapper + [path] + arguments, input: Array(input.utf8), environment: environment)
    }
}

/// A running process of exert; it is killed, and its stressors with it, when the test lets go of it.
final class RunningExert {
    let id: Int32
    private let folder: ScratchFolder
    private var seen: Set<Int32> = []
    private var status: Int32?

    fileprivate init(
        _ command: [String], input: [UInt8], environment: [String: String]
    ) throws {
        // Files and not pipes: however much is written, nobody waits for us to read it.
        folder = try ScratchFolder()
        let inputFile = folder.path + "/input"
        try Data(input).write(to: URL(fileURLWithPath: inputFile))
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        let creating = O_WRONLY | O_CREAT | O_TRUNC
        posix_spawn_file_actions_addopen(&actions, 0, inputFile, O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, folder.path + "/output", creating, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, folder.path + "/error", creating, 0o600)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // Whoever runs the tests may block or ignore signals; a user's shell does not.
        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var variables = ProcessInfo.processInfo.environment
        for name in ["NO_COLOR", "COLUMNS"] { variables[name] = nil }
        variables.merge(environment) { $1 }
        var argv = command.map { strdup($0) } + [nil]
        var envp = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in argv + envp { free(text) } }
        var id: Int32 = 0
        let code = posix_spawnp(&id, command[0], &actions, &attributes, &argv, &envp)
        self.id = id
        guard code == 0 else {
            status = 127 << 8
            throw Failure(message: "\(command[0]) cannot be spawned: \(String(cString: strerror(code)))")
        }
    }

    deinit {
        if isRunning {
            // The stressors end with their observer; that is promised, and the death tests hold it to that.
            kill(id, SIGKILL)
            var status: Int32 = 0
            waitpid(id, &status, 0)
        }
    }

    /// Whether the process has not ended yet.
    var isRunning: Bool {
        if status != nil { return false }
        var status: Int32 = 0
        if waitpid(id, &status, WNOHANG) == id { self.status = status }
        return self.status == nil
    }

    /// What was written to standard output so far.
    var output: String { text("output") }

    /// What was written to standard error so far.
    var error: String { text("error") }

    private func text(_ file: String) -> String {
        String(decoding: FileManager.default.contents(atPath: folder.path + "/" + file) ?? Data(), as: UTF8.self)
    }

    /// The stressor processes that it has now.
    var stressors: Set<Int32> {
        let stressors = Processes.stressors(of: id)
        seen.formUnion(stressors)
        return stressors
    }

    func send(_ signal: Int32) { if isRunning { kill(id, signal) } }

    /// Waits for the end; a process that is not done within `limit` seconds is killed and the test fails.
    func wait(limit: Double) throws -> Exert.Result {
        let isOver = eventually(within: limit, every: 0.004) {
            _ = stressors
            return !isRunning
        }
        if !isOver {
            kill(id, SIGKILL)
            throw Failure(message: "still running after \(limit) s; output:\n\(output)\nerror:\n\(error)")
        }
        let status = status ?? 0
        let code = status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
        return Exert.Result(code: code, output: output, error: error, stressors: seen)
    }

    struct Failure: Error, CustomStringConvertible {
        var message: String
        var description: String { message }
    }
}

/// What `/proc` says of processes.
enum Processes {
    /// The children of `parent` that were started as stressors.
    static func stressors(of parent: Int32) -> Set<Int32> {
        var found: Set<Int32> = []
        for thread in entries("/proc/\(parent)/task") {
            guard let children = read("/proc/\(parent)/task/\(thread)/children") else { continue }
            for child in children.split(separator: " ").compactMap({ Int32($0) }) where isStressor(child) {
                found.insert(child)
            }
        }
        return found
    }

    /// The children that the main thread of `parent` has started.
    static func children(of parent: Int32) -> [Int32] {
        (read("/proc/\(parent)/task/\(parent)/children") ?? "").split(separator: " ").compactMap { Int32($0) }
    }

    /// The child of `parent` that asks its probes.
    static func prober(of parent: Int32) -> Int32? {
        children(of: parent).first { arguments(of: $0).last == "prober" }
    }

    /// Whether the second argument of the process is the one that makes a stressor.
    private static func isStressor(_ id: Int32) -> Bool { arguments(of: id).dropFirst().first == "stressor" }

    /// The command line of a process; empty where it is gone.
    static func arguments(of id: Int32) -> [String] {
        read("/proc/\(id)/cmdline")?.split(separator: "\0").map(String.init) ?? []
    }

    /// Whether the process still holds anything; a zombie does not.
    static func isAlive(_ id: Int32) -> Bool {
        guard let status = read("/proc/\(id)/stat"), let parenthesis = status.lastIndex(of: ")") else { return false }
        let state = status[parenthesis...].dropFirst(2).first
        return state != "Z" && state != "X"
    }

    private static func entries(_ path: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    }

    private static func read(_ path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }
}

/// Looks again and again until `condition` holds; `false` where it does not within `limit` seconds.
func eventually(within limit: Double, every pause: Double = 0.01, _ condition: () -> Bool) -> Bool {
    let deadline = Date().addingTimeInterval(limit)
    while true {
        if condition() { return true }
        if Date() > deadline { return false }
        usleep(UInt32(pause * 1e6))
    }
}

/// A folder that is gone, with all that is in it, when its owner is.
final class ScratchFolder: Sendable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "exert-cli-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file and returns its path.
    func write(_ text: String, to file: String) throws -> String { try write(Array(text.utf8), to: file) }

    /// Writes a file and returns its path.
    func write(_ bytes: [UInt8], to file: String) throws -> String {
        try Data(bytes).write(to: URL(fileURLWithPath: path + "/" + file))
        return path + "/" + file
    }
}
