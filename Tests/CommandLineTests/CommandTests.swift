// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// All that starts exert runs one after the other: two loads at a time would be each other's noise.
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
            let unknown = try Exert.run(["list", "cqu"])
            #expect(unknown.code == 64)
            #expect(unknown.error.contains("there is no stressor 'cqu'"), "\(unknown.error)")
        }

        @Test(arguments: ["profile", "log", "host"])
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
