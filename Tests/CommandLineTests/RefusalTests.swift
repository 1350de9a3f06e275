// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension ExertCommands {
    /// Bad input is told with its place and starts nothing; what cannot be done here is refused.
    @Suite(.serialized)
    struct Refusals {
        @Test func whatIsWrongWithATimeIsSaid() throws {
            for option in ["--for", "--interval", "--start-at"] {
                let length = option == "--for" ? [] : ["--for", "1s"]
                let result = try Exert.run(["run", "--load", "cpu=5%"] + length + [option, "-1s"])
                #expect(result.code == 64 && result.error.contains("-1s"), "\(result.error)")
                #expect(!result.error.contains("Missing value"))
            }
        }

        @Test func aPipeThatNobodyWritesToIsNoProfile() throws {
            let folder = try ScratchFolder()
            try #require(mkfifo(folder.path + "/pipe", 0o600) == 0)
            for command in ["check", "run"] {
                let result = try Exert.run([command, folder.path + "/pipe"], limit: 5)
                #expect(result.code == 64 && result.error.contains("no regular file"), "\(result.error)")
            }
            // What a shell has open is read all the same.
            let text = "phases: [{ name: a, for: 1s, load: { cpu: 1%% } }]"
            try Shell.run("printf '\(text)' | '\(Exert.path)' check /dev/stdin >/dev/null")
        }

        private static let phases = "phases: [{ name: a, for: 1s, load: { cpu: 1% } }]\n"

        /// A profile, and what its message must say behind the file's name.
        struct Bad: Sendable, CustomTestStringConvertible {
            var name: String
            var text: String
            var message: String
            var testDescription: String { name }

            static let all = [
                Bad(name: "unknown key", text: "zebra: 1\n" + phases, message: ":1:1: error: unknown key 'zebra'"),
                Bad(name: "duplicate key", text: "name: a\nname: b\n" + phases, message: ":2:1: error: duplicate key"),
                Bad(
                    name: "unit missing", text: "phases:\n  - for: 1s\n    name: a\n    load:\n      cpu: 50\n",
                    message: ":5:12: error: "),
                Bad(
                    name: "percent over 100", text: "phases: [{ name: a, for: 1s, load: { memory: 101% } }]\n",
                    message: ":1:46: error: percent of a limit cannot exceed 100"),
                Bad(
                    name: "phase without duration", text: "phases:\n  - name: a\n    load: { cpu: 1% }\n",
                    message: ":2:5: error: "),
                Bad(
                    name: "negative", text: "phases: [{ name: a, for: 1s, load: { cpu: -5% } }]\n",
                    message: ":1:43: error: "),
                Bad(
                    name: "far too large", text: "phases: [{ name: a, for: 1s, load: { memory: 1e30GiB } }]\n",
                    message: ":1:47: error: "),
                Bad(name: "empty", text: "", message: ": error: "),
                Bad(
                    name: "missing trace", text: "phases: [{ name: a, for: 1s, load: { cpu: trace no.csv } }]\n",
                    message: ":1:49: error: "),
                Bad(
                    name: "cpus that are not there", text: "stressors: { cpu: { cpus: '8000' } }\n" + phases,
                    message: ":1:27: error: CPUs 8000 are not ours to use"),
                Bad(
                    name: "more to leave than there is",
                    text: "phases: [{ name: a, for: 1s, load: { memory: leave 900TiB } }]\n",
                    message: ":1:46: error: 'leave 900TiB' for 'memory': there is less than that to leave"),
            ]
        }

        /// Exit code 64, a message, and nothing started: no stressor process is ever seen, and the log, which is opened
        /// before anything is started, does not come into being.
        private func expectRefusal(
            of profile: String, in folder: ScratchFolder, message: String,
            sourceLocation: SourceLocation = #_sourceLocation
        ) throws {
            let log = folder.path + "/run.ndjson"
            let result = try Exert.run(["run", profile, "--log", log])
            #expect(result.code == 64, "\(result.error)", sourceLocation: sourceLocation)
            #expect(result.error.contains(profile + message), "\(result.error)", sourceLocation: sourceLocation)
            #expect(result.error.utf8.count < 10_000, "nobody reads more", sourceLocation: sourceLocation)
            #expect(result.output.isEmpty, sourceLocation: sourceLocation)
            #expect(result.stressors.isEmpty, sourceLocation: sourceLocation)
            #expect(!FileManager.default.fileExists(atPath: log), sourceLocation: sourceLocation)
        }

        @Test(arguments: Bad.all)
        func badProfilesAreToldWithTheirPlace(bad: Bad) throws {
            let folder = try ScratchFolder()
            try expectRefusal(of: try folder.write(bad.text, to: "p.yaml"), in: folder, message: bad.message)
        }

        @Test func binaryFilesAreNoProfiles() throws {
            let folder = try ScratchFolder()
            let binary = try Data(contentsOf: URL(fileURLWithPath: "/bin/true")).prefix(4096)
            try expectRefusal(of: try folder.write(Array(binary), to: "p.yaml"), in: folder, message: ":1:1: error: ")
        }

        @Test func aBombDoesNotGoOff() throws {
            let folder = try ScratchFolder()
            var text = "a0: &a0 lol\n"
            for level in 1...30 {
                text += "a\(level): &a\(level) [\((0..<10).map { _ in "*a\(level - 1)" }.joined(separator: ", "))]\n"
            }
            try expectRefusal(
                of: try folder.write(text + Self.phases, to: "p.yaml"), in: folder,
                message: ":6:45: error: by aliases the profile has more than 100000 values, the limit")
        }

        @Test func tenMegabytesAreTooMuch() throws {
            let folder = try ScratchFolder()
            let text = String(repeating: "# a comment of forty characters or so..\n", count: 250_000) + Self.phases
            try expectRefusal(of: try folder.write(text, to: "p.yaml"), in: folder, message: ": error: the profile is")
        }

        @Test func aMissingProfileIsBadUsage() throws {
            let folder = try ScratchFolder()
            try expectRefusal(of: folder.path + "/missing.yaml", in: folder, message: ": error: ")
            try expectRefusal(of: folder.path, in: folder, message: ": error: ")
        }

        @Test func everyProblemOfAFileIsToldAtOnce() throws {
            let folder = try ScratchFolder()
            let text = "zebra: 1\nphases:\n  - { name: a, for: 1x, load: { cpu: 200% } }\n"
            let file = try folder.write(text, to: "p.yaml")
            let result = try Exert.run(["check", file])
            #expect(result.code == 64)
            for place in ["\(file):1:1: error:", "\(file):3:22: error:", "\(file):3:38: error:"] {
                #expect(result.error.contains(place), "\(place) in \(result.error)")
            }
        }

        @Test(arguments: [
            ["run"], ["run", "--load", "cpu=1%"], ["run", "--for", "1s"], ["run", "--bogus"], ["bogus"],
            ["run", "--load", "cpu", "--for", "1s"], ["run", "--load", "cpu=50", "--for", "1s"],
            ["run", "--load", "cqu=5%", "--for", "1s"], ["run", "--load", "cpu=1%", "--for", "1"],
            ["run", "--load", "cpu=1%", "--for", "0s"], ["run", "--load", "cpu=1%", "--for", "-1s"],
            ["run", "--load", "cpu=1%", "--for", "1s", "--set", "cpu.methud=int"],
            ["run", "--load", "cpu=1%", "--for", "1s", "--set", "method=int"],
            ["run", "--load", "cpu=1%", "--for", "1s", "--interval", "1ms"],
            ["run", "--load", "cpu=1%", "--for", "1s", "--interval", "soon"],
            ["run", "--load", "cpu=1%", "--for", "1s", "--format", "xml"],
            ["run", "--load", "cpu=1%", "--for", "1s", "--log", "-", "--format", "json"],
            ["run", "profile.yaml", "--load", "cpu=1%", "--for", "1s"], ["list", "cpu", "memory"], ["schema", "x"],
        ])
        func badUsageIsToldAndStartsNothing(arguments: [String]) throws {
            let result = try Exert.run(arguments)
            #expect(result.code == 64, "\(result.error)")
            #expect(result.error.lowercased().contains("error"), "\(result.error)")
            #expect(result.output.isEmpty)
            #expect(result.stressors.isEmpty)
        }

        @Test func aLogThatCannotBeWrittenStopsTheRunBeforeItBegins() throws {
            let folder = try ScratchFolder()
            for log in [folder.path + "/missing/run.ndjson", folder.path] {
                let result = try Exert.run(["run", "--load", "cpu=1%", "--for", "1s", "--log", log])
                #expect(result.code == 4)
                #expect(result.error.contains("the log '\(log)' cannot be opened"), "\(result.error)")
                #expect(result.stressors.isEmpty)
            }
        }
    }
}
