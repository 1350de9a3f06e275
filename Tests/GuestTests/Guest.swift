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
    static let session: Result<Session, any Error> = Result {
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
    }

    /// Reads what came back of a scenario; `nil` where nothing did.
    static func outcome(of scenario: Scenario) throws -> Outcome? {
        _ = session
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
