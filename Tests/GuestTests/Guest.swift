// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The virtual machine: all scenarios are run in it, once, by whoever asks first.
enum Guest {
    /// `EXERT_GUEST`: unset, no guest is booted; `1`, all scenarios; else their names, with commas.
    private static let wish = ProcessInfo.processInfo.environment["EXERT_GUEST"] ?? ""

    /// Whether scenarios are to be run.
    static let isWanted = !wish.isEmpty

    private static let folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
    private static let repository = folder.deletingLastPathComponent().deletingLastPathComponent()
    private static let jobs = repository.appending(path: ".build/guest/jobs")
    private static let results = repository.appending(path: ".build/guest/results")
    private static let secondResults = repository.appending(path: ".build/guest/second-results")

    /// The scenarios of a folder beside this file.
    static func scenarios(of folder: String) throws -> [Scenario] {
        try Scenario.all(in: Self.folder.appending(path: folder))
    }

    /// The scenarios that are to be run.
    ///
    /// What cannot be read is a test's failure elsewhere, and here none at all.
    static let scenarios: [Scenario] = {
        let all = (try? scenarios(of: "Scenarios")) ?? []
        let names = wish.split(separator: ",").map(String.init)
        return wish == "1" ? all : all.filter { names.contains($0.name) }
    }()

    /// What the script said and how it ended.
    struct Session {
        var exitCode: Int32
        var transcript: String
    }

    /// Boots, runs everything, and powers off; the first to ask waits for it.
    static let session: Result<Session, any Error> = Result { try boot(scenarios, results) }

    /// The scenarios that did not hold, tried once more in a machine of their own: an emulated one has moments in which
    /// it stands still, and what holds, holds then.
    private static let second: Result<Set<String>, any Error> = Result {
        _ = try session.get()
        let failed = try scenarios.filter { scenario in
            let outcome = try outcome(of: scenario, in: results)
            let objections = outcome?.objections(of: scenario) ?? ["nothing came back"]
            if objections.isEmpty { return false }
            let text = "guest: \(scenario.name) is tried again: \(objections.joined(separator: "; "))\n"
            FileHandle.standardError.write(Data(text.utf8))
            return true
        }
        if !failed.isEmpty { _ = try boot(failed, secondResults) }
        return Set(failed.map(\.name))
    }

    private static func boot(_ scenarios: [Scenario], _ results: URL) throws -> Session {
        let files = FileManager.default
        for folder in [jobs, results] { try? files.removeItem(at: folder) }
        for scenario in scenarios {
            try scenario.write(
                to: jobs.appending(path: scenario.name), shell: folder.appending(path: "Guest"))
        }
        let process = Process()
        process.executableURL = repository.appending(path: "scripts/guest")
        // Built by scripts/build, with Swift's runtime linked in: the guest has none.
        process.arguments = [repository.appending(path: ".build/release/exert").path, jobs.path, results.path]
        let pipe = Pipe()
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        var transcript = Data()
        // Whoever waits for some minutes wants to see that something moves.
        while true {
            let part = pipe.fileHandleForReading.availableData
            if part.isEmpty { break }
            transcript.append(part)
            FileHandle.standardError.write(part)
        }
        process.waitUntilExit()
        return Session(exitCode: process.terminationStatus, transcript: String(decoding: transcript, as: UTF8.self))
    }

    /// What came back of one scenario.
    struct Outcome {
        var evidence: Evidence
        /// The exit code of the scenario's own shell.
        var status: String
        /// Everything that tells what happened, for a failure's message.
        var story: String

        /// What did not hold.
        func objections(of scenario: Scenario) -> [String] {
            (status == "0" ? [] : ["its shell ended with \(status)"])
                + scenario.expectations.compactMap { $0.objection(to: evidence) }
        }
    }

    /// What came back of a scenario, the second time where the first one did not hold; `nil` where nothing did.
    static func outcome(of scenario: Scenario) throws -> Outcome? {
        try outcome(of: scenario, in: try second.get().contains(scenario.name) ? secondResults : results)
    }

    private static func outcome(of scenario: Scenario, in results: URL) throws -> Outcome? {
        let folder = results.appending(path: scenario.name)
        func text(_ file: String) -> String? { try? String(contentsOf: folder.appending(path: file), encoding: .utf8) }
        guard let status = text("status") else { return nil }
        let (figures, output, errors) = (text("figures") ?? "", text("output") ?? "", text("errors") ?? "")
        let log = text("log") ?? ""
        let evidence = Evidence(
            figures: try Evidence.figures(of: figures), output: Evidence.Value(json: output) ?? .text(output),
            errors: errors, log: try Evidence.log(of: log))
        let tail = log.split(separator: "\n").suffix(3).map { $0.prefix(600) }.joined(separator: "\n")
        let story = [
            ("figures", figures), ("what its shell lines printed", text("transcript") ?? ""), ("errors", errors),
            ("the log's end", tail),
        ].filter { !$0.1.isEmpty }.map { "\($0):\n\($1)" }.joined(separator: "\n")
        return Outcome(
            evidence: evidence, status: status.trimmingCharacters(in: .whitespacesAndNewlines), story: story)
    }
}
