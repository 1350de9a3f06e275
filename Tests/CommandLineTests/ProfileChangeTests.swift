// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension ExertCommands {
    /// Parameters, and what flags change of a profile, from the command line to the log.
    @Suite(.serialized)
    struct ProfileChanges {
        private static let text = """
            params:
              level: 3%
              length: { default: 5s, from: env:EXERT_TEST_LENGTH }
              who: { type: text, default: me }
            name: for-$who
            phases:
              - repeat: 2
                phases:
                  - { name: squeeze, for: $length, load: { cpu: "$level + noise 1% every 1s" } }
              - { for: 2s, load: { cpu: { load: 5%, start: 500ms, for: 1s } } }
            """

        @Test func theLogTellsParametersAndChangesAsTheSchemaHasThem() throws {
            let folder = try ScratchFolder()
            let profile = try folder.write(Self.text, to: "p.yaml")
            let file = folder.path + "/run.ndjson"
            let result = try Exert.run(
                [
                    "run", profile, "--param", "who=you", "--phase", "phase-2.for=4s", "--scale-time", "0.25", "--set",
                    "cpu.method=simd", "--log", file,
                ], environment: ["EXERT_TEST_LENGTH": "4s"])
            #expect([0, 2].contains(result.code), "\(result.error)")
            let log = try ExperimentLog(file: file)
            let schema = try MiniSchema(Exert.run(["schema", "log"]).output)
            let lines = String(decoding: try Data(contentsOf: URL(fileURLWithPath: file)), as: UTF8.self)
            for line in lines.split(separator: "\n") { #expect(try schema.accepts(line), "\(line)") }
            let start = try #require(log.all("run_started").first)
            let told = try start.object("profile")
            #expect(told["name"] as? String == "for-you")
            #expect(
                told["changes"] as? [String]
                    == ["--phase phase-2.for=4s", "--set cpu.method=simd", "--scale-time 0.25"])
            let parameters = try told.object("parameters")
            #expect(try parameters.object("who")["from"] as? String == "flag")
            #expect(try parameters.object("length")["value"] as? String == "4s")
            #expect(try parameters.object("length")["from"] as? String == "environment")
            let phases = log.all("phase_started").map { $0["phase"] as? String }
            #expect(phases == ["squeeze 1/2", "squeeze 2/2", "phase-2"])
            #expect(abs(try log.end().number("elapsed_s") - 3) < 1)
        }

        @Test func includedFilesLabelsAndNotesAreInTheLog() throws {
            let folder = try ScratchFolder()
            let common = "labels: { team: checkout, ticket: none }\nstressors: { cpu: { method: simd } }\n"
            _ = try folder.write(common, to: "common.yaml")
            let profile = try folder.write(
                """
                include: common.yaml
                labels: { ticket: CHAOS-17 }
                note: it fell over
                phases: [{ name: p, for: 1s, note: here, load: { cpu: 3% } }]
                """, to: "p.yaml")
            let file = folder.path + "/run.ndjson"
            let result = try Exert.run(["run", profile, "--label", "team=search", "--log", file])
            #expect([0, 2].contains(result.code), "\(result.error)")
            #expect(result.output.contains("\n  it fell over\n") && result.output.contains("\n  p: here\n"))
            let schema = try MiniSchema(Exert.run(["schema", "log"]).output)
            let lines = String(decoding: try Data(contentsOf: URL(fileURLWithPath: file)), as: UTF8.self)
            for line in lines.split(separator: "\n") {
                #expect(try schema.accepts(line), "\(line)")
                #expect(line.contains(#""labels":{"team":"search","ticket":"CHAOS-17"}"#), "\(line)")
            }
            let start = try #require(try ExperimentLog(file: file).all("run_started").first)
            let includes = try start.object("profile")["includes"] as? [[String: String]]
            #expect(includes?.map { $0["file"] } == [folder.path + "/common.yaml"])
            #expect(includes?.first?["sha256"]?.count == 64)
            // Every problem in its own file, and nothing starts.
            _ = try folder.write("stressors: { cpu: { methd: int } }\n", to: "common.yaml")
            let refused = try Exert.run(["check", profile])
            #expect(refused.code == 64)
            #expect(refused.error.hasPrefix(folder.path + "/common.yaml:1:21: error: unknown key 'methd'"))
        }

        @Test func checkTakesThemToo() throws {
            let folder = try ScratchFolder()
            let profile = try folder.write(Self.text, to: "p.yaml")
            let result = try Exert.run(["check", profile, "--param", "level=2%", "--scale-time", "2"])
            #expect(result.code == 0 && result.output.contains("24s in 3 phases"), "\(result.output)\(result.error)")
            for flags in [["--param", "lvel=1%"], ["--phase", "x.for=1s"], ["--scale-time", "0"], ["--for", "1s"]] {
                #expect(try Exert.run(["check", profile] + flags).code == 64, "\(flags)")
            }
        }
    }
}
