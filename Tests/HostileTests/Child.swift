// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A process of the test's own, with its output in files; it leads a process group, which ends with its owner.
final class Child {
    let id: Int32
    private var status: Int32?

    /// Starts `command`; what it writes goes to the files.
    init(_ command: [String], output: String = "/dev/null", error: String = "/dev/null", state: String? = nil) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, error, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        // What the other runs have open is not handed down: some may have no more than 64 descriptors.
        for descriptor in 3..<1024 as Range<Int32> { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
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
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))
        var variables = ProcessInfo.processInfo.environment
        variables["EXERT_STATE_DIRECTORY"] = state
        var argv = command.map { strdup($0) } + [nil]
        var envp = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in argv + envp { free(text) } }
        var id: Int32 = 0
        let code = posix_spawnp(&id, command[0], &actions, &attributes, &argv, &envp)
        self.id = id
        if code != 0 {
            status = 127 << 8
            throw Failure("\(command[0]) cannot be started: \(String(cString: strerror(code)))")
        }
    }

    deinit { end() }

    /// Kills it, with all that it has started and that has not left its process group.
    func end() {
        kill(-id, SIGKILL)
        if isRunning {
            var status: Int32 = 0
            waitpid(id, &status, 0)
            self.status = status
        }
    }

    /// Whether the process has not ended yet.
    var isRunning: Bool {
        if status != nil { return false }
        var status: Int32 = 0
        if waitpid(id, &status, WNOHANG) == id { self.status = status }
        return self.status == nil
    }

    /// The exit code once it has ended; 128 and the signal's number where one ended it, as shells say it.
    var code: Int32 {
        let status = status ?? 0
        return status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
    }

    /// Runs a command to its end and returns what it printed.
    @discardableResult
    static func run(_ command: String...) throws -> String { try run(command) }

    /// Runs a command to its end and returns what it printed.
    @discardableResult
    static func run(_ command: [String], limit: Double = 30) throws -> String {
        let file = NSTemporaryDirectory() + "exert-hostile-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
        defer { unlink(file) }
        let child = try Child(command, output: file, error: file)
        let deadline = Clock.now + limit
        while child.isRunning {
            if Clock.now > deadline { throw Failure("\(command) is not done in \(limit) s") }
            usleep(2000)
        }
        let text = Kernel.text(file) ?? ""
        if child.code != 0 { throw Failure("\(command.joined(separator: " ")): \(child.code): \(text)") }
        return text
    }
}

/// What the harness could not do: a missing facility is a failure, not a skip.
struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Time that no one sets.
enum Clock {
    /// Seconds of CLOCK_MONOTONIC.
    static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

/// The kernel's own accounts.
enum Kernel {
    /// A file's text; `nil` where it cannot be read.
    static func text(_ path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The first number of a file.
    static func number(_ path: String) -> Double? {
        text(path).flatMap { Double($0.prefix { !$0.isWhitespace }) }
    }

    /// Numbers of a file, between blanks.
    static func numbers(_ path: String) -> [Double] {
        text(path)?.split(whereSeparator: \.isWhitespace).compactMap { Double($0) } ?? []
    }

    /// How many entries a directory has; `nil` where it cannot be read.
    static func entries(_ path: String) -> Int? {
        guard let directory = opendir(path) else { return nil }
        defer { closedir(directory) }
        var count = 0
        while let entry = readdir(directory) {
            // `.` and `..` are none.
            if entry.pointee.d_name.0 != 0x2E { count += 1 }
        }
        return count
    }

    /// CPU time of a process, its ended threads included, in seconds; `nil` where it is gone.
    static func cpuTime(_ id: Int32) -> Double? {
        var clock = clockid_t()
        var time = timespec()
        guard clock_getcpuclockid(id, &clock) == 0, clock_gettime(clock, &time) == 0 else { return nil }
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// The children of `parent`.
    static func children(of parent: Int32) -> [Int32] {
        let threads = try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(parent)/task")
        return (threads ?? []).flatMap { thread in
            (text("/proc/\(parent)/task/\(thread)/children") ?? "").split(separator: " ").compactMap { Int32($0) }
        }
    }

    /// The children of `parent` that were started as stressors.
    static func stressors(of parent: Int32) -> [Int32] {
        children(of: parent).filter { id in
            text("/proc/\(id)/cmdline")?.split(separator: "\0").dropFirst().first == "stressor"
        }
    }

    /// The child of `parent` that asks its probes.
    static func prober(of parent: Int32) -> Int32? {
        children(of: parent).first { id in
            text("/proc/\(id)/cmdline")?.split(separator: "\0").last == "prober"
        }
    }

    /// Figures of a file system; `nil` where it is gone.
    static func fileSystem(_ path: String) -> statvfs? {
        var facts = statvfs()
        return statvfs(path, &facts) == 0 ? facts : nil
    }
}
