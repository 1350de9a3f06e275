// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Evidence
import Reporting

struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Make a report of an experiment log: text, JSON, Markdown, CSV, or a page with charts.",
        discussion: """
            exert report squeeze.ndjson
            exert report squeeze.ndjson --output squeeze.html
            exert report squeeze.ndjson --print load.verdict

            A log that is cut, or of a run that still goes on, gives a report that says what is missing. Of several \
            runs in a log the last one is told.
            """)

    @Argument(
        help: ArgumentHelp("Logs of exert run; - is standard input.", valueName: "log"), completion: .file())
    var logs: [String]

    @Option(
        help: "How the report is written: text, json, markdown, csv or html; by the name of --output where not given.")
    var format: ReportFormat?

    @Option(
        help: ArgumentHelp("Where the report goes; standard output where not given.", valueName: "file"),
        completion: .file())
    var output: String?

    @Option(
        name: .customLong("run"), help: ArgumentHelp("The run to tell of, where a log has several.", valueName: "id"))
    var runID: String?

    @Option(
        help: ArgumentHelp(
            "Print one figure, such as load.verdict; a name that does not exist lists those that do.",
            valueName: "field"))
    var print: String?

    @Option(
        help: ArgumentHelp(
            "Write each chart as an SVG file into this directory, which is made where there is none.",
            valueName: "directory"),
        completion: .directory)
    var svg: String?

    func run() throws {
        if print != nil, format != nil || output != nil {
            throw ValidationError("--print prints one figure; leave --format and --output out")
        }
        guard !logs.isEmpty else { throw ValidationError("name a log, or - for standard input") }
        let format = try format ?? output.map { try ReportFormat(ofFile: $0) } ?? .text
        if logs.count > 1 {
            if format == .html { throw ValidationError("a page tells of one run; give one log") }
            if logs.count(where: { $0 == "-" }) > 1 { throw ValidationError("standard input can be read once") }
        }
        var bytes: [UInt8] = []
        // One table: its first row names the columns of all.
        var table: [RunEvidence] = []
        for (index, log) in logs.enumerated() {
            let contents = try LogFile.read(log, run: runID)
            if let svg {
                try write(StandaloneSVG.files(contents.run), into: svg, of: logs.count > 1 ? contents.run : nil)
            }
            if let print {
                bytes += Array(try figure(print, of: contents.run, log).utf8)
                continue
            }
            guard format != .csv else {
                table.append(contents.run)
                continue
            }
            if index > 0, format == .text { bytes.append(0x0A) }
            bytes += format.text(contents, style: Console.style(of: output == nil ? Console.output : -1))
        }
        if !table.isEmpty { bytes = ReportCSV.text(table) }
        guard let output, output != "-" else { return try Console.deliver(bytes) }
        try LogFile.write(bytes, to: output)
    }

    private func figure(_ name: String, of run: RunEvidence, _ log: String) throws -> String {
        if let text = ReportFields.text(name, of: run) { return PlainText.safe(text) + "\n" }
        let names = ReportFields.names(run).map { "  \($0)" }.joined(separator: "\n")
        Console.complain("the report of \(log) has no figure '\(name)'; it has\n\(names)")
        throw ExitStatus.usage
    }

    private func write(_ files: [(name: String, text: String)], into folder: String, of run: RunEvidence?) throws {
        try LogFile.makeFolder(folder)
        for file in files {
            let name = run.map { "\($0.runID.filter { $0.isASCII && ($0.isLetter || $0.isNumber) })-\(file.name)" }
            try LogFile.write(Array(file.text.utf8), to: "\(folder)/\(name ?? file.name)")
        }
    }
}

/// How a report is written.
enum ReportFormat: String, ExpressibleByArgument, CaseIterable {
    case text, json, markdown, csv, html

    /// The format that a file's name asks for.
    init(ofFile name: String) throws {
        switch name.split(separator: ".").last.map({ $0.lowercased() }) {
        case "txt", "text": self = .text
        case "json": self = .json
        case "md", "markdown": self = .markdown
        case "csv": self = .csv
        case "html", "htm": self = .html
        default:
            throw ValidationError(
                "'\(name)' does not say how the report is to be written; end it in .html, .json, .md, .csv or .txt")
        }
    }

    func text(_ contents: LogContents, style: TextStyle) -> [UInt8] {
        switch self {
        case .text: Array(ReportText.text(contents, style: style).utf8)
        case .json: ReportJSON.document(contents)
        case .markdown: Array(ReportMarkdown.text(contents).utf8)
        case .csv: ReportCSV.text([contents.run])
        case .html: Array(ReportPage.text(contents).utf8)
        }
    }
}
