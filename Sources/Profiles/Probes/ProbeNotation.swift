// SPDX-License-Identifier: Apache-2.0

public import LoadModel

/// Reads a probe from words of a command line.
public enum ProbeNotation {
    /// The texts that say what a probe asks, for help: `http://…`, `unix:…`, `tcp://…`.
    public static var prefixes: [String] { ProbeKind.allCases.flatMap(\.description.prefixes) }

    /// Reads a probe that is one text, with what else is said of it; what is not of its kind is left out.
    ///
    /// - Parameters:
    ///   - text: what it asks, such as `http://localhost:8080/`.
    ///   - options: what is said of it; the option is named in what is thrown.
    ///   - headers: each `NAME: VALUE`.
    ///   - readFile: reads a file of authorities; what it throws is shown to the user.
    public static func plan(
        name: String, _ text: String, options: [(option: ProbeOption, text: String)], headers: [String],
        readFile: (String) throws -> [UInt8]
    ) throws(NotationError) -> ProbePlan {
        var draft = try ProfileBuilder.draft(of: Phrase(text), name)
        for (option, text) in options where draft.kind.options.contains(option) {
            try draft.set(option, text, "'\(option.rawValue)'")
            if option == .ca { try AuthoritiesFile.check(text, readFile) }
        }
        for header in headers where draft.kind.options.contains(.headers) {
            guard let colon = header.firstIndex(of: ":") else {
                throw NotationError(0, "write a header as 'NAME: VALUE', 'NAME: env:VARIABLE' or 'NAME: file:PATH'")
            }
            let value = Phrase(String(header[header.index(after: colon)...])).text
            try draft.setHeader(String(header[..<colon]), value, "the header") { $0 }
        }
        let (plan, problems) = draft.plan(name: name, mark: SourceMark(line: 1, column: 1))
        if let problem = problems.first { throw NotationError(0, "the probe \(problem)") }
        return plan
    }
}
