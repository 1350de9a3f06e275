// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Evidence

struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Say what a cause, a verdict or a finding means, and what helps.",
        discussion: """
            exert explain contention
            exert explain            # all words
            """)

    @Argument(
        help: ArgumentHelp("Words of a result or a log, such as quota or not_met.", valueName: "word"),
        completion: .list(Explain.entries.map(\.word)))
    var words: [String] = []

    func run() throws {
        let style = Console.style(of: Console.output)
        guard !words.isEmpty else { return try Console.deliver(Explain.list(style: style)) }
        var entries: [Explain.Entry] = []
        var unknown: [String] = []
        for word in words {
            let found = Explain.entries(named: word)
            entries += found
            guard found.isEmpty else { continue }
            let near = Explain.near(word)
            let hint = near.isEmpty ? "exert explain lists all" : "there is \(near.joined(separator: ", "))"
            unknown.append("'\(word)' is no word of exert's: \(hint)")
        }
        for message in unknown { Console.complain(message) }
        guard unknown.isEmpty else { throw ExitStatus.usage }
        try Console.deliver(Explain.text(entries, style: style))
    }
}
