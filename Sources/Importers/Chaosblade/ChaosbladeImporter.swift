// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// Reads `blade create` lines, one after the other.
enum ChaosbladeImporter {
    /// How long an experiment lasts without `--timeout`, until somebody destroys it.
    static let usualLength: Nanoseconds = 600 * .second

    static func lines(_ text: String, _ options: ImportOptions, _ draft: inout Draft) throws(ImportErrors)
        -> ImportAccount
    {
        var number = 0
        var commands: [[SourceWord]] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            number += 1
            let words = SourceWord.words(of: line, number: number)
            guard let first = words.first, !first.text.hasPrefix("#") else { continue }
            commands.append(words)
        }
        return try read(commands, options, &draft)
    }

    static func words(_ words: [String], _ options: ImportOptions, _ draft: inout Draft) throws(ImportErrors)
        -> ImportAccount
    {
        try read([words.map { SourceWord(text: $0, mark: nil) }], options, &draft)
    }

    private static func read(
        _ commands: [[SourceWord]], _ options: ImportOptions, _ draft: inout Draft
    ) throws(ImportErrors) -> ImportAccount {
        var account = ImportAccount(.chaosblade)
        var problems: [Diagnostic] = []
        var time: Nanoseconds = 0
        for words in commands where !draft.isTooLarge {
            var command = BladeCommand(words, options)
            command.make()
            problems += command.problems
            for load in command.loads { draft.add(load, at: time, for: command.length) }
            if !command.loads.isEmpty { time += command.length }
            command.report(to: &account)
        }
        guard problems.isEmpty else { throw ImportErrors(problems: problems) }
        return account
    }
}
