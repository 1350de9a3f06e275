// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension LightCommands {
    /// `exert report`, `exert run --report` and `exert explain`, as a user runs them.
    @Suite struct ReportTests {
        @Test func `a report at the end and one made later are the same`() throws {
            let folder = try ScratchFolder()
            let (log, page) = (folder.path + "/a.ndjson", folder.path + "/a.html")
            let run = try Exert.run([
                "run", "--load", "cpu=5%", "--for", "1s", "--interval", "100ms", "--log", log, "--report", page, "-q",
            ])
            #expect(run.code == 0 || run.code == 2, "\(run.error)")
            let later = try Exert.run(["report", log, "--format", "html"])
            let first = try String(contentsOfFile: page, encoding: .utf8)
            #expect(later.code == 0 && later.output == first)
            #expect(first.hasPrefix("<!doctype html>") && first.contains("exert report"))

            let verdict = try Exert.run(["report", log, "--print", "load.verdict"])
            #expect(verdict.output == (run.code == 0 ? "met\n" : "not_met\n"))
            let json = try jsonObject(try Exert.run(["report", log, "--format", "json"]).output)
            let schema = try MiniSchema(try Exert.run(["schema", "report"]).output)
            #expect(try schema.accepts(String(decoding: JSONSerialization.data(withJSONObject: json), as: UTF8.self)))

            let unknown = try Exert.run(["report", log, "--print", "load.verdickt"])
            #expect(unknown.code == 64 && unknown.error.contains("  load.verdict\n"))
            // By standard input, and cut in its last line.
            let text = try String(contentsOfFile: log, encoding: .utf8)
            let cut = try Exert.run(["report", "-"], input: String(text.dropLast(40)))
            #expect(cut.code == 0 && cut.output.contains("ended early"))
            // Evidence is not written over.
            let over = try Exert.run(["report", log, "--format", "csv", "--output", log])
            #expect(over.code == 64 && over.error.contains("is a log"))
            #expect(try String(contentsOfFile: log, encoding: .utf8) == text)

            // Into a directory that is not there yet; its parent must be.
            let charts = try Exert.run(["report", log, "--svg", folder.path + "/charts"])
            #expect(charts.code == 0)
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/charts")
            #expect(names.contains("load-1-cpu.svg") && names.contains("error-1-cpu.svg"))
        }

        @Test func `what is no log is told with its place`() throws {
            let garbage = try Exert.run(["report", "-"], input: "hello\n")
            #expect(garbage.code == 64 && garbage.error.contains("<stdin>:1:1: "), "\(garbage.error)")
            let missing = try Exert.run(["report", "/nowhere/log"])
            #expect(missing.code == 64 && missing.error.contains("'/nowhere/log' cannot be read"))
            let format = try Exert.run(["run", "--load", "cpu=1%", "--for", "1s", "--report", "a.pdf"])
            #expect(format.code == 64 && format.error.contains("end it in .html"))
        }

        @Test func `a report that could not be written is refused before the load`() throws {
            let folder = try ScratchFolder()
            let (log, page) = (folder.path + "/a.ndjson", folder.path + "/a.html")
            func run(report: String, log: String) throws -> Exert.Result {
                try Exert.run(
                    ["run", "--load", "cpu=5%", "--for", "20s", "--log", log, "--report", report, "-q"], limit: 15)
            }
            for path in [folder.path + "/none/a.html", "/dev/null/a.html"] {
                let missing = try run(report: path, log: log)
                #expect(missing.code == 4 && missing.error.contains("'\(path)' cannot be written"), "\(missing.error)")
            }
            let both = try run(report: page, log: folder.path + "/./a.html")
            #expect(both.code == 64 && both.error.contains("the log and the report both want"), "\(both.error)")
            // Nothing was made.
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
        }

        @Test func `a report that fails in the end leaves the run its exit code`() throws {
            let folder = try ScratchFolder()
            let (log, page) = (folder.path + "/a.ndjson", folder.path + "/a.html")
            let run = try Exert.start([
                "run", "--load", "cpu=5%", "--for", "2s", "--log", log, "--report", page, "--format", "json", "-q",
            ])
            // Once the report's name has been looked at, it becomes one of a log.
            #expect(eventually(within: 10) { FileManager.default.fileExists(atPath: log) })
            try #"{"schema":"exert-log/1"}"#.write(toFile: page, atomically: false, encoding: .utf8)
            let result = try run.wait(limit: 30)
            #expect(result.error.contains("is a log"), "\(result.error)")
            let json = try jsonObject(result.output)
            #expect((json["exit_code"] as? NSNumber)?.int32Value == result.code)
        }

        @Test func `words are explained`() throws {
            let one = try Exert.run(["explain", "quota", "not-met"])
            #expect(one.code == 0 && one.output.contains("what helps: raise cpu.max"))
            let all = try Exert.run(["explain"])
            #expect(all.code == 0 && all.output.contains("contention"))
            let unknown = try Exert.run(["explain", "contetion"])
            #expect(unknown.code == 64 && unknown.error.contains("there is contention"))
        }
    }
}
