// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Plays rounds of the kill matrix on a disk of its own.
final class KillStage {
    /// What came of a round.
    struct Report {
        var objections: [String] = []
        /// Whether something was left until exert cleanup.
        var neededCleanup = false
        var code: Int32 = 0
    }

    private static let binary = ProcessInfo.processInfo.environment["EXERT_BINARY"] ?? besideTests
    private static let besideTests: String = {
        let bundle = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return (bundle as NSString).deletingLastPathComponent + "/exert"
    }()
    /// What a run may take to end, in seconds; much more than it should, on a machine that others use.
    private static let endLimit = 3.0

    private let folder: String
    private var disks: [Disk]
    private var disk: Disk { disks[0] }

    init() throws {
        folder = NSTemporaryDirectory() + "exert-kill-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        disks = [try Disk(mebibytes: 256, type: "ext4", inodes: 16384, in: folder)]
    }

    deinit {
        // What is mounted in it goes first.
        disks = []
        try? FileManager.default.removeItem(atPath: folder)
    }

    func report(_ round: KillRound) -> Report {
        var report = Report()
        do { try play(round, &report) } catch { report.objections.append("\(error)") }
        return report
    }

    private func play(_ round: KillRound, _ report: inout Report) throws {
        let place = "\(folder)/\(round.number)"
        let state = place + "/state"
        let work = disk.path + "/\(round.number)"
        for path in [place, work] {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
        defer { for path in [place, work] { try? FileManager.default.removeItem(atPath: path) } }
        let neighbour = try Child(["sh", "-c", "ulimit -Sn 4096; exec sleep 600"])
        defer { neighbour.end() }
        try eventually("the neighbour's limit") { Kernel.softLimit(of: neighbour.id) == 4096 }
        let residue = Residue(state: state, disk: disk)
        let subject = try Subject(
            round, binary: Self.binary, place: place, state: state, disk: work, neighbour: neighbour.id)
        try strike(round, subject)
        report.objections += residue.processes(after: Self.endLimit)
        // Its memory is gone before it is.
        if report.objections.isEmpty { try eventually("its end") { !subject.child.isRunning } }
        report.code = subject.child.code
        // Any other end by a signal is a crash.
        let codes: [Int32] = [0, 1, 2, 3, 4, 5, 130, 137, 143]
        if !codes.contains(report.code) { report.objections.append("ended with \(report.code)") }
        var left = residue.things()
        let isLowered = { Kernel.softLimit(of: neighbour.id) != 4096 }
        if isLowered() { left.append("the neighbour's limit") }
        if !left.isEmpty, round.needsCleanup, report.objections.isEmpty {
            report.neededCleanup = true
            let output = place + "/cleanup"
            let cleanup = try Child([Self.binary, "cleanup"], output: output, error: output, state: state)
            try eventually("the end of exert cleanup") { !cleanup.isRunning }
            let said = Kernel.text(output) ?? ""
            if cleanup.code != 0 { report.objections.append("exert cleanup ended with \(cleanup.code): \(said)") }
            left = residue.things() + (isLowered() ? ["the neighbour's limit"] : [])
        }
        report.objections += left.map { "\($0) is left" }
        if !report.objections.isEmpty, let said = Kernel.text(place + "/error"), !said.isEmpty {
            report.objections.append("it said: \(said.suffix(300))")
        }
    }

    private func eventually(_ what: String, _ condition: () -> Bool) throws {
        let deadline = Clock.now + 20
        while !condition() {
            if Clock.now > deadline { throw Failure("\(what) does not come") }
            usleep(2000)
        }
    }

    // MARK: The act

    private func strike(_ round: KillRound, _ subject: Subject) throws {
        func pause(_ most: Double) { usleep(UInt32(round.delay * most * 1e6)) }
        switch round.moment {
        // From the very first instruction on, and while the stressors start.
        case .startUp: pause(0.25)
        case .layout:
            try subject.waitUntil("a stressor") { !subject.stressors.isEmpty }
            pause(0.4)
        case .hold, .step, .ramp:
            try subject.awaitStart()
            pause(0.7)
        case .release:
            // Around the end of the phase and that of the run.
            try subject.awaitStart()
            usleep(600_000)
            pause(0.6)
        case .log:
            try subject.awaitStart()
            pause(0.3)
            let before = subject.logSize
            try subject.waitUntil("a line of the log") { subject.logSize > before }
        case .patch:
            try subject.awaitStart()
            pause(0.1)
            subject.patch()
            pause(0.05)
        }
        subject.strike(round.act)
    }
}

extension Kernel {
    /// The soft RLIMIT_NOFILE of a process, as `/proc/PID/limits` shows it.
    static func softLimit(of id: Int32) -> Double? {
        let lines = text("/proc/\(id)/limits")?.split(separator: "\n") ?? []
        let words = lines.first { $0.hasPrefix("Max open files") }?.split(separator: " ") ?? []
        return words.count > 3 ? Double(words[3]) : nil
    }
}

/// A run, or a server with one, that something is done to.
final class Subject {
    let child: Child
    private let round: KillRound
    private let log: String
    private let socket: String
    private var id = ""

    init(
        _ round: KillRound, binary: String, place: String, state: String, disk: String, neighbour: Int32
    ) throws {
        self.round = round
        log = place + "/log"
        socket = place + "/socket"
        let profile = place + "/profile.yaml"
        try round.profile(disk: disk, neighbour: neighbour).write(toFile: profile, atomically: false, encoding: .utf8)
        var command = [binary, "run", profile, "--log", log, "--interval", "100ms"]
        if round.moment == .patch {
            command = [binary, "serve", "--listen", "unix:\(socket)", "--unsafe", "--lease", "none"]
        }
        child = try Child(command, output: place + "/output", error: place + "/error", state: state)
        guard round.moment == .patch else { return }
        try waitUntil("the server") { access(socket, F_OK) == 0 }
        let answer = try call("POST", "/v1/runs", "application/yaml", "@" + profile)
        guard let id = answer.split(separator: "\"").first(where: { $0.hasPrefix("01") && $0.count == 26 }) else {
            throw Failure("no run was started: \(answer)")
        }
        self.id = String(id)
    }

    /// One request to the server.
    @discardableResult
    private func call(_ method: String, _ path: String, _ type: String, _ body: String) throws -> String {
        try Child.run([
            "curl", "-sS", "--max-time", "10", "--unix-socket", socket, "-X", method, "-H", "Content-Type: \(type)",
            "--data-binary", body, "http://localhost\(path)",
        ])
    }

    /// Changes the load; the answer comes or does not.
    func patch() {
        let load = round.targets(isPatched: true).map { "\"\($0.name)\": \"\($0.shape)\"" }.joined(separator: ", ")
        _ = try? call("PATCH", "/v1/runs/\(id)", "application/merge-patch+json", "{\"load\": {\(load)}}")
    }

    /// Waits for what must come while the run goes on; a run that has ended is struck where it is.
    func waitUntil(_ what: String, _ condition: () -> Bool) throws {
        let deadline = Clock.now + 20
        while !condition(), child.isRunning {
            if Clock.now > deadline { throw Failure("\(what) does not come") }
            usleep(1000)
        }
    }

    /// Waits until the load is on.
    func awaitStart() throws {
        if round.moment == .patch {
            try waitUntil("the load") { !stressors.isEmpty }
            usleep(300_000)
        } else {
            try waitUntil("the load") { Kernel.text(log)?.contains("\"run_started\"") == true }
        }
    }

    var logSize: Int64 {
        var facts = stat()
        return stat(log, &facts) == 0 ? Int64(facts.st_size) : 0
    }

    /// The observer of the run: the child of a server, else the process itself.
    private var observer: Int32 {
        round.moment == .patch ? Kernel.children(of: child.id).first ?? child.id : child.id
    }

    var stressors: [Int32] { Kernel.stressors(of: observer) }

    func strike(_ act: KillRound.Act) {
        let (observer, stressors) = (observer, stressors)
        func send(_ signals: Int32..., to ids: [Int32]) { for signal in signals { for id in ids { kill(id, signal) } } }
        switch act {
        case .term: send(SIGTERM, to: [child.id])
        case .int: send(SIGINT, to: [child.id])
        case .kill: send(SIGKILL, to: [observer])
        case .stopAndKill: send(SIGSTOP, SIGKILL, to: [observer])
        case .killStressor: send(SIGKILL, to: stressors)
        case .stopAndKillStressor: send(SIGSTOP, SIGKILL, to: Array(stressors.prefix(1)))
        case .stopStressorAndTerm:
            send(SIGSTOP, to: stressors)
            send(SIGTERM, to: [child.id])
        case .termGroup: kill(-child.id, SIGTERM)
        case .killGroup:
            send(SIGKILL, to: [observer] + stressors)
            kill(-child.id, SIGKILL)
        }
        // A server goes on without the run, and a run without one of its stressors until its end: stopped, too.
        if [.kill, .stopAndKill, .killStressor, .stopAndKillStressor].contains(act) {
            usleep(100_000)
            send(SIGTERM, to: [child.id])
        }
    }
}
