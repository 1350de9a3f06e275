// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// What starts exert and takes little of a processor: one after the other, beside the ``ExertCommands``, since most of
/// its time is sleep.
@Suite(.serialized)
struct LightCommands {}

/// All else that starts exert runs one after the other: two loads at a time would be each other's noise.
@Suite(.serialized)
struct ExertCommands {
    /// What prints and ends.
    @Suite(.serialized)
    struct Printing {
        @Test func theBinaryIsThere() {
            #expect(access(Exert.path, X_OK) == 0, "\(Exert.path)")
        }

        @Test func everyShippedProfilePassesTheCheck() throws {
            let folder = Exert.repository + "/profiles"
            let profiles = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".yaml") }
            #expect(profiles.count >= 5)
            for profile in profiles {
                let result = try Exert.run(["check", folder + "/" + profile])
                // What needs two memory nodes is refused with that reason where there is one.
                if result.code == 4, result.error.contains("one memory node") { continue }
                #expect(result.code == 0, "\(profile): \(result.error)")
                #expect(result.output.contains((profile as NSString).deletingPathExtension))
                #expect(result.stressors.isEmpty)
            }
        }

        /// Beside the profile, wherever that is looked at from; and nothing that could keep the reader waiting.
        @Test func aTraceIsARegularFileBesideItsProfile() throws {
            let folder = try ScratchFolder()
            try FileManager.default.createDirectory(atPath: folder.path + "/sub", withIntermediateDirectories: true)
            _ = try folder.write("0,10%\n2,20%\n", to: "sub/load.csv")
            _ = try folder.write(
                "phases:\n  - { name: a, for: 2s, load: { cpu: trace load.csv } }\n", to: "sub/p.yaml")
            mkfifo(folder.path + "/sub/pipe.csv", 0o600)
            _ = try folder.write(
                "phases:\n  - { name: a, for: 2s, load: { cpu: trace pipe.csv } }\n", to: "sub/q.yaml")
            let inFolder = ["env", "--chdir=\(folder.path)"].map { $0 == "env" ? "/usr/bin/env" : $0 }
            let result = try Exert.run(["check", "sub/p.yaml"], wrapper: inFolder)
            #expect(result.code == 0, "\(result.error)")
            let pipe = try Exert.run(["check", "sub/q.yaml"], wrapper: inFolder, limit: 5)
            #expect(pipe.code == 64 && pipe.error.contains("no regular file"), "\(pipe.error)")
            // Files of proc(5) look like regular ones, and some are empty once they were read.
            let kernel = try Exert.run(["check", "--load", "cpu=trace /proc/uptime", "--for", "1s"])
            #expect(kernel.code == 64 && kernel.error.contains("no regular file"), "\(kernel.error)")
        }

        @Test func aMisspeltOptionIsNamed() throws {
            for words in [
                ["--lod", "cpu=50%"], ["--load", "cpu=50%", "--four", "1s"], ["p.yaml", "--interal", "1s"],
            ] {
                let result = try Exert.run(["run"] + words)
                let word = try #require(words.last { $0.hasPrefix("--") })
                #expect(result.code == 64 && result.error.contains("Unknown option '\(word)'"), "\(result.error)")
            }
        }

        @Test func noNameDrivesTheTerminal() throws {
            let evil = "/no\u{1B}]0;x\u{7}where\u{9B}1m"
            for words in [
                ["check", evil],
                ["check", "--load", "disk-space=1MiB", "--set", "disk-space.directory=\(evil)", "--for", "1s"],
                ["run", "--\(evil)"], ["list", evil], ["run", "--load", "\(evil)=1%", "--for", "1s"],
                ["serve", "--profiles", evil],
            ] {
                let result = try Exert.run(words)
                #expect(result.code != 0 && !result.error.isEmpty)
                for scalar in ["\u{1B}", "\u{7}", "\u{9B}"] as [Unicode.Scalar] {
                    #expect(
                        !(result.error + result.output).unicodeScalars.contains(scalar), "\(words): \(result.error)")
                }
            }
        }

        private static let processNumbers: Int = {
            let text = try? String(contentsOfFile: "/proc/sys/kernel/pid_max", encoding: .utf8)
            return text.flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) } ?? .max
        }()

        @Test(.enabled(if: processNumbers <= 65_536, "a host with more process numbers than this"))
        func moreThreadsThanTheHostHasAreRefused() throws {
            let folder = try ScratchFolder()
            let names = (0..<64).map { "c\($0)" }
            var text = "stressors:\n"
            for name in names { text += "  \(name): { kind: cpu, workers: 1024 }\n" }
            let loads: [String] = names.map { "\($0): 1%" }
            text += "phases:\n  - { name: a, for: 1h, load: { \(loads.joined(separator: ", ")) } }\n"
            let result = try Exert.run(["check", try folder.write(text, to: "p.yaml")])
            #expect(result.code == 4 && result.error.contains("65600 processes and threads"), "\(result.error)")
            #expect(result.error.contains("/proc/sys/kernel/pid_max"), "\(result.error)")
        }

        @Test func checkPrintsThePlanAsJSON() throws {
            let result = try Exert.run(
                ["check", "--load", "memory=64MiB", "--set", "memory.pages=small", "--for", "90s", "--format", "json"])
            #expect(result.code == 0, "\(result.error)")
            let plan = try jsonObject(result.output).object("plan")
            #expect(try plan.number("length_s") == 90)
            let memory = try plan.object("stressors").object("memory")
            #expect(try memory.number("peak_target") == 67_108_864)
            #expect(try memory.object("settings")["pages"] as? String == "small")
        }

        @Test func listNamesTheKindsAndOneKindsSettings() throws {
            let all = try Exert.run(["list"])
            #expect(all.code == 0)
            #expect(all.output.contains("cpu") && all.output.contains("memory"))
            #expect(!all.output.contains("null"), "that one measures exert itself and is not for users")
            let cpu = try Exert.run(["list", "cpu"])
            #expect(cpu.code == 0)
            for word in ["workers", "method", "priority", "80%"] { #expect(cpu.output.contains(word), "\(word)") }
            let http = try Exert.run(["list", "http"])
            #expect(all.output.contains("prometheus") && http.output.contains("status 200-299, 404"))
            #expect(http.code == 0 && http.output.contains("keep | new (default: keep)"))
            let trace = try Exert.run(["list", "trace"])
            #expect(trace.code == 0 && trace.output.contains("in % of 64 cores") && trace.output.contains("rfc3339"))
            let unknown = try Exert.run(["list", "cqu"])
            #expect(unknown.code == 64)
            #expect(unknown.error.contains("there is no stressor 'cqu'"), "\(unknown.error)")
        }

        @Test(arguments: ["profile", "log", "report", "host"])
        func schemasAreJSONSchemas(subject: String) throws {
            let result = try Exert.run(["schema", subject])
            #expect(result.code == 0)
            let schema = try jsonObject(result.output)
            #expect((schema["$schema"] as? String)?.contains("json-schema.org") == true)
        }

        @Test(arguments: [["host"], ["list"], ["schema", "log"], ["check", "--load", "cpu=1%", "--for", "1s"]])
        func aResultThatCannotBeWrittenIsNoSuccess(arguments: [String]) throws {
            let full = try Exert.run(arguments, wrapper: ["sh", "-c", "exec \"$@\" >/dev/full", "sh"])
            #expect(full.code == 1)
            #expect(full.error.contains("could not be written"), "\(full.error)")
            let closed = try Exert.run(
                arguments, wrapper: ["bash", "-c", "\"$@\" | true; exit ${PIPESTATUS[0]}", "bash"])
            #expect(closed.code == 0 && closed.error.isEmpty, "\(closed.error)")
        }

        @Test func versionIsThreeNumbers() throws {
            let result = try Exert.run(["--version"])
            #expect(result.code == 0)
            #expect(result.output.wholeMatch(of: /\d+\.\d+\.\d+\n/) != nil, "\(result.output)")
        }

        /// Neither a pipe nor NO_COLOR gets escape codes; a terminal is not at hand here.
        @Test func noEscapeCodesGoToAFile() throws {
            for environment in [["NO_COLOR": "1"], ["TERM": "xterm-256color"]] {
                let check = ["check", "--load", "cpu=1%", "--for", "1s"]
                for arguments in [["list", "cpu"], check, ["check", "/missing"]] {
                    let result = try Exert.run(arguments, environment: environment)
                    #expect(!(result.output + result.error).contains("\u{1B}"), "\(arguments)")
                    #expect(!(result.output + result.error).isEmpty)
                }
            }
        }
    }
}
