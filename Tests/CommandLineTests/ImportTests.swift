// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension ExertCommands {
    /// `exert import` as a user runs it: what goes where, and its exit codes.
    @Suite
    struct Imports {
        @Test func wordsBecomeAProfileThatCheckTakes() throws {
            let imported = try Exert.run(["import", "stress-ng", "--", "--cpu", "1", "--cpu-load", "60", "-t", "5m"])
            #expect(imported.code == 0 && imported.output.contains("cpu: 0.6 cores"), "\(imported)")
            #expect(imported.error.contains("<command line>: stress-ng: 3 exact"))
            let checked = try Exert.run(["check", "-"], input: imported.output)
            #expect(checked.code == 0, "\(checked.error)")
        }

        @Test func aFileIsReadFromStandardInput() throws {
            let result = try Exert.run(
                ["import", "krkn", "-", "--strict", "--name", "hog"],
                input: "{ hog-type: cpu, workers: 2, cpu-load-percentage: 50, duration: 5 }")
            #expect(result.code == 0 && result.output.contains("name: hog"), "\(result)")
        }

        @Test func whatIsNotExactIsNoSuccessOfAStrictImport() throws {
            let words = ["--", "--vm", "1", "--vm-bytes", "64m", "-t", "5"]
            #expect(try Exert.run(["import", "stress-ng"] + words).code == 0)
            let strict = try Exert.run(["import", "stress-ng", "--strict"] + words)
            #expect(strict.code == 65 && strict.output.contains("memory: 64MiB"), "\(strict)")
            let nothing = try Exert.run(["import", "stress-ng", "--", "--sock", "1"])
            #expect(nothing.code == 65 && nothing.output.isEmpty && nothing.error.contains("no profile"), "\(nothing)")
        }

        @Test func theAccountIsJSON() throws {
            let result = try Exert.run(
                ["import", "stress-ng", "--format", "json", "-"], input: "cpu 1\nsock 1\ntimeout 5\n")
            let document = try #require(
                try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
            #expect(document["schema"] as? String == "exert-import/1")
            #expect(document["is_exact"] as? Bool == false && document["not_carried"] as? Int == 1)
            let entries = try #require(document["entries"] as? [[String: Any]])
            #expect(entries.map { $0["line"] as? Int } == [1, 2, 3])
            #expect((document["profile"] as? String)?.contains("cpu: 1 core") == true)
        }

        @Test(arguments: [
            (["import", "stress-ng"], "give a file"), (["import", "fis", "--", "a"], "read from a file"),
            (["import", "k6", "-"], "--as cpu --peak 80%"),
            (["import", "k6", "-", "--as", "cpu", "--peak", "5GiB"], "--peak"),
            (["import", "k6", "-", "--as", "cpus"], "no stressor 'cpus'"), (["import", "pumba", "-"], "pumba"),
            (["import", "stress-ng", "-", "--cpus", "0"], "--cpus"),
            (["import", "stress-ng", "-", "--for", "5"], "--for"),
            (["import", "stress-ng", "/nowhere"], "/nowhere: error: it cannot be read"),
        ])
        func badUsageIsSaid(words: [String], reason: String) throws {
            let result = try Exert.run(words, input: "{\"vus\": 1, \"duration\": \"5s\"}")
            #expect(result.code == 64 && result.error.contains(reason), "\(result)")
            #expect(result.output.isEmpty)
        }

        @Test(arguments: [
            ("kind: StressChaos\n", "a StressChaos of Chaos Mesh; 'exert import chaos-mesh"),
            ("run sequential\ncpu 4\n", "a job file of stress-ng; 'exert import stress-ng -' writes it as a profile"),
            (
                "apiVersion: chaos-mesh.org/v1alpha1\nkind: NetworkChaos\n",
                "a NetworkChaos of Chaos Mesh; 'exert import chaos-mesh -' says why nothing of it is a load"
            ),
        ])
        func checkNamesTheImporterOfAForeignFile(text: String, hint: String) throws {
            for command in ["check", "run"] {
                let result = try Exert.run([command, "-"], input: text)
                #expect(result.code == 64 && result.error.contains(hint), "\(result.error)")
                // The profile's own problems keep their places.
                #expect(result.error.hasPrefix("<stdin>:1:1: error: "), "\(result.error)")
            }
        }
    }
}
