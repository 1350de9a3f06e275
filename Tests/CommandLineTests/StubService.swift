// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The stub of `Benchmarks/probes` in a process of its own: it is well, refuses or hangs as it is told, and when.
final class StubService {
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private var text = ""
    let port: Int

    init() throws {
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", Exert.repository + "/Benchmarks/probe_stub.py"]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        let line = try jsonObject(String(decoding: output.fileHandleForReading.availableData, as: UTF8.self))
        port = try #require(line["port"] as? Int)
    }

    deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

    var url: String { "http://127.0.0.1:\(port)/" }

    func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

    /// Has it take up a mode at a time of `CLOCK_MONOTONIC`, and answer with `body` from then on.
    func order(_ mode: String, at time: Double, body: String? = nil) throws {
        var order: [String: Any] = ["at": time, "mode": mode]
        if let body { order["body"] = body }
        let data = try JSONSerialization.data(withJSONObject: order)
        try input.fileHandleForWriting.write(contentsOf: data + Data("\n".utf8))
    }

    /// Ends it; when it took up its last mode, and how many requests came.
    func end() throws -> (changed: Double?, requests: Int) {
        try input.fileHandleForWriting.close()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        let lines = try text.split(separator: "\n").map { try jsonObject(String($0)) }
        let arrivals = try #require(lines.last?["arrivals"] as? [Double])
        return (lines.last { $0["mode"] != nil }?["at"] as? Double, arrivals.count)
    }
}

/// A run that asks stubs, and what is done to it at times since its begin.
final class AskedRun {
    let run: RunningExert
    let log: String
    private let folder: ScratchFolder
    /// When it began, in seconds of `CLOCK_MONOTONIC`.
    private(set) var start = 0.0

    /// - Parameters:
    ///   - phases: name, milliseconds and load of each.
    ///   - probes: the settings of each, by name.
    ///   - cpu: settings of the CPU load.
    init(
        _ phases: [(name: String, milliseconds: Int, load: String?)], probes: KeyValuePairs<String, String>,
        objectives: [String], cpu: String = ""
    ) throws {
        folder = try ScratchFolder()
        log = folder.path + "/log"
        let phases = phases.map { phase in
            let load = phase.load.map { ", load: { \($0) }" } ?? ""
            return "  - { name: \(phase.name), for: \(phase.milliseconds)ms\(load) }\n"
        }
        let asked = probes.map { "  \($0.key): { \($0.value) }\n" }.joined()
        let wanted = objectives.map { "  - \($0)\n" }.joined()
        let text = "stressors: { cpu: { \(cpu) } }\nphases:\n\(phases.joined())probes:\n\(asked)objectives:\n\(wanted)"
        let profile = try folder.write(text, to: "p.yaml")
        run = try Exert.start(["run", profile, "--log", log, "-q"])
    }

    /// Waits until it has begun.
    func begin() throws {
        let begun = eventually(within: 30, every: 0.002) {
            guard let text = try? String(contentsOfFile: log, encoding: .utf8) else { return false }
            guard let line = text.split(separator: "\n").first(where: { $0.contains("\"phase_started\"") }),
                let object = try? jsonObject(String(line)), let time = object["time"] as? String
            else { return !run.isRunning }
            start = Self.monotonic(time)
            return true
        }
        try #require(begun && start > 0, "\(run.error)")
    }

    /// Sleeps until so many seconds after the begin.
    func sleep(until time: Double) {
        while case let left = start + time - Self.now, left > 0 { usleep(UInt32(min(left, 1) * 1e6) + 1) }
    }

    /// Waits for the end.
    func finish(limit: Double = 60) throws -> (code: Int32, log: ExperimentLog, output: String) {
        let result = try run.wait(limit: limit)
        let log = try ExperimentLog(file: log)
        // More exactly than the first line has it.
        if let time = log.lines.last?["started_at"] as? String { start = Self.monotonic(time) }
        return (result.code, log, result.output + result.error)
    }

    static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// A time of the log as `CLOCK_MONOTONIC`.
    private static func monotonic(_ text: String) -> Double {
        guard let whole = ISO8601DateFormatter().date(from: text.prefix(19) + "Z"),
            let fraction = Double("0" + text.dropFirst(19).dropLast())
        else { return 0 }
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        let offset = Double(time.tv_sec) + Double(time.tv_nsec) / 1e9 - now
        return whole.timeIntervalSince1970 + fraction - offset
    }
}

extension ExperimentLog {
    /// What the first objective came to whose text contains `text`.
    func objective(_ text: String) throws -> Object {
        let objectives = try #require(try end()["objectives"] as? [Object])
        return try #require(objectives.first { ($0["objective"] as? String ?? "").contains(text) }, "\(objectives)")
    }

    /// The verdicts on all objectives.
    func verdicts() throws -> [String] {
        try #require(try end()["objectives"] as? [Object]).compactMap { $0["verdict"] as? String }
    }

    /// The first sentence of the result.
    func sentence() throws -> String { try #require(try end()["sentence"] as? String) }

    /// What a stressor's load came to, where there is one phase with it.
    func loaded(_ stressor: String) throws -> Object {
        let results = try #require(try end()["results"] as? [Object])
        return try #require(results.first { $0["stressor"] as? String == stressor && $0["is_loaded"] as? Bool == true })
    }

    /// An interval of an objective, such as `recovered_s`.
    func interval(_ key: String, of objective: String) throws -> ClosedRange<Double>? {
        guard let bounds = try self.objective(objective)[key] as? [String: Double] else { return nil }
        return try #require(bounds["from"])...(try #require(bounds["to"]))
    }
}
