// SPDX-License-Identifier: Apache-2.0

import Foundation

/// How a run ended: what the kernel showed while it went on, and what exert said at its end.
struct Outcome: Sendable {
    /// One phase of one stressor, as exert judges it.
    struct Result: Sendable {
        var phase: String
        var stressor: String
        var verdict: String?
        var cause: String?
    }
    /// What became of one objective.
    struct Objective: Sendable {
        var verdict: String
        var reason: String?
        /// When the service was back, in seconds after the release.
        var back: ClosedRange<Double>?
    }
    var code: Int32
    /// The run's verdict; empty where exert gave none.
    var verdict = ""
    var results: [Result] = []
    var objectives: [Objective] = []
    /// Codes of what was found while it ran, without those that the plan had.
    var findings: [String] = []
    /// What it printed.
    var output = ""
    var error = ""
    /// The meters' readings.
    var tracks: [Meter: Track] = [:]
    /// What the harness could not do.
    var troubles: [String] = []

    /// Verdict and causes in one line.
    var summary: String {
        let phases = results.map { "\($0.phase) \($0.verdict ?? "-")\($0.cause.map { " (\($0))" } ?? "")" }
        let findings = findings.isEmpty ? "" : ", finds " + Set(findings).sorted().joined(separator: " ")
        let asked = objectives.map { ", objective \($0.verdict)\($0.reason.map { " (\($0))" } ?? "")" }.joined()
        return "exit \(code) \(verdict): \(phases.joined(separator: ", "))\(asked)\(findings)"
    }
}

/// A scenario or its twin being run.
struct Performance {
    let scenario: Scenario
    let isTwin: Bool

    private static let interval: UInt32 = 15_000

    private var request: Request { isTwin ? scenario.twin ?? scenario.request : scenario.request }
    private var acts: [Act] { scenario.always + (isTwin ? [] : scenario.acts) }
    private var sights: [Sight] { isTwin ? scenario.twinSees : scenario.sees }

    /// What is wrong, and what is to be told of it in one line.
    struct Report: Sendable {
        var objections: [String]
        var line: String
    }

    /// Runs it and holds it to what must be.
    func report() -> Report {
        let outcome: Outcome
        do { outcome = try run() } catch {
            return Report(objections: ["\(error)"], line: "\(error)")
        }
        var must = isTwin ? Must.met : scenario.must
        if isTwin { must.objectives = scenario.must.objectives.map { _ in "held" } }
        var objections = outcome.troubles + sights.compactMap { $0.objection(to: outcome.tracks) }
        // In words of its own: a judge that is blind says nothing of the verdict.
        objections += must.objections(to: outcome, kind: scenario.kind).map { "exert: \($0)" }
        let accounts = sights.map { $0.account(of: outcome.tracks) }.joined(separator: "; ")
        let line = "\(outcome.summary) | must \(must.verdicts.joined(separator: "/")) | \(accounts)"
        if !objections.isEmpty, !outcome.error.isEmpty { objections.append("standard error: \(outcome.error)") }
        return Report(objections: objections, line: line)
    }

    private func run() throws -> Outcome {
        let stage = try Stage(scenario.needs)
        for act in acts {
            for step in act.steps { if case .before = step.moment { try step.run(stage) } }
        }
        stage.noteDisk()
        let files = (log: stage.folder + "/log", output: stage.folder + "/output", error: stage.folder + "/error")
        let child = try Child(command(on: stage, log: files.log), output: files.output, error: files.error)
        stage.observer = child.id
        let deadline = Clock.now + request.seconds + 40
        while child.isRunning, Clock.now < deadline, Kernel.text(files.log)?.contains("\"phase_started\"") != true {
            usleep(2000)
        }
        let (tracks, troubles) = watch(child, on: stage, until: deadline)
        var outcome = Outcome(code: child.code, tracks: tracks, troubles: troubles)
        outcome.error = Kernel.text(files.error) ?? ""
        if child.isRunning {
            outcome.troubles.append("still running \(request.seconds + 40) s after the start")
            stage.send(SIGCONT, to: .all)
            child.end()
        }
        outcome.read(output: Kernel.text(files.output) ?? "")
        return outcome
    }

    private func command(on stage: Stage, log: String) throws -> [String] {
        var arguments = request.arguments.map(stage.fill)
        if let profile = request.profile {
            let file = stage.folder + "/profile.yaml"
            try Data(stage.fill(profile).utf8).write(to: URL(fileURLWithPath: file))
            arguments.insert(file, at: 0)
        }
        let lines = acts.map { stage.fill($0.launch) + "\n" }.joined()
        return ["sh", "-c", "set -e\n\(lines)exec \"$@\"", "sh", Binary.path, "run"] + arguments
            + ["--log", log, "--format", "json", "--quiet"]
    }

    /// Reads the meters and does what is due, until exert has ended.
    private func watch(_ child: Child, on stage: Stage, until deadline: Double) -> ([Meter: Track], [String]) {
        let start = Clock.now
        var tracks: [Meter: Track] = [:]
        var troubles: [String] = []
        var due: [(time: Double, run: @Sendable (Stage) throws -> Void)] = acts.flatMap(\.steps).compactMap { step in
            if case .at(let time) = step.moment { (time, step.run) } else { nil }
        }.sorted { $0.time < $1.time }
        let meters = Set(sights.map(\.meter))
        while child.isRunning, Clock.now < deadline {
            stage.refresh()
            while let next = due.first, Clock.now - start >= next.time {
                due.removeFirst()
                do { try next.run(stage) } catch { troubles.append("after \(next.time) s: \(error)") }
            }
            for meter in meters {
                let time = Clock.now - start
                if let value = stage.read(meter) { tracks[meter, default: Track()].append(value, at: time) }
            }
            usleep(Self.interval)
        }
        return (tracks, troubles)
    }
}

extension Outcome {
    /// Takes verdict and results from the JSON that exert printed.
    fileprivate mutating func read(output: String) {
        self.output = output
        guard let object = try? JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any] else { return }
        verdict = object["verdict"] as? String ?? ""
        for result in object["results"] as? [[String: Any]] ?? [] {
            results.append(
                Result(
                    phase: result["phase"] as? String ?? "", stressor: result["stressor"] as? String ?? "",
                    verdict: result["verdict"] as? String, cause: result["limited_by"] as? String))
        }
        for objective in object["objectives"] as? [[String: Any]] ?? [] {
            let back = objective["recovered_s"] as? [String: Double]
            objectives.append(
                Objective(
                    verdict: objective["verdict"] as? String ?? "", reason: objective["reason"] as? String,
                    back: back.flatMap { bounds in bounds["from"].flatMap { from in bounds["to"].map { from...$0 } } }))
        }
        func codes(_ object: Any?) -> [String] {
            ((object as? [String: Any])?["findings"] as? [[String: Any]] ?? []).compactMap { $0["code"] as? String }
        }
        let planned = Set(codes(object["plan"]))
        findings = codes(object).filter { !planned.contains($0) }
    }
}

/// The binary under test.
enum Binary {
    /// Next to the running test bundle, where the package manager builds both; `EXERT_BINARY` names another one.
    static let path: String = {
        if let path = ProcessInfo.processInfo.environment["EXERT_BINARY"] { return path }
        let bundle = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return (bundle as NSString).deletingLastPathComponent + "/exert"
    }()
}
