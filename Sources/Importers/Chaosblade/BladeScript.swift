// SPDX-License-Identifier: Apache-2.0

internal import LoadModel
internal import Profiles

/// Experiments of blade as a shell's script creates and destroys them.
struct BladeScript {
    /// Something that the script says, and what became of it.
    private enum Entry {
        case command(BladeCommand)
        case other(SourceWord, ImportAccount.Fate, String)
    }

    /// The experiment that was created last and has not been placed yet.
    private struct Open {
        /// Its place in ``entries``.
        var entry: Int
        /// Places of the waits behind it, and how long they are; `nil` where nobody knows.
        var sleeps: [Int] = []
        var slept: Nanoseconds? = 0
    }

    private let options: ImportOptions
    private var entries: [Entry] = []
    private var problems: [Diagnostic] = []
    private var open: Open?
    /// Whether an experiment was created while another one went on.
    private var isCrowded = false
    /// When the next experiment begins.
    private var time: Nanoseconds = 0

    init(_ options: ImportOptions) { self.options = options }

    /// Whether a word is blade itself, wherever it lies.
    static func isBlade(_ word: String) -> Bool {
        word == "blade" || word.hasSuffix("/blade") && !word.contains("$")
    }

    /// The words of each line that has any, without comments; one that ends in a backslash goes on in the next.
    static func lines(_ text: String) -> [[SourceWord]] {
        var lines: [[SourceWord]] = []
        // A backslash right behind a word goes on with the word.
        var (goesOn, isInWord) = (false, false)
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let all = SourceWord.words(of: line, number: index + 1)
            var words = Array(all.prefix { !$0.text.hasPrefix("#") })
            let isCut = words.count == all.count && line.last == "\\"
            if isCut, let last = words.popLast(), last.text != "\\" {
                words.append(SourceWord(text: String(last.text.dropLast()), mark: last.mark))
            }
            if goesOn, var before = lines.popLast() {
                if isInWord, line.first != " ", line.first != "\t", !before.isEmpty, !words.isEmpty {
                    before[before.count - 1].text += words.removeFirst().text
                }
                lines.append(before + words)
            } else {
                lines.append(words)
            }
            (goesOn, isInWord) = (isCut, isCut && !["\\", " \\", "\t\\"].contains(String(line.suffix(2))))
        }
        return lines.filter { !$0.isEmpty }
    }

    /// Reads a line of a script.
    mutating func read(_ words: [SourceWord], _ draft: inout Draft) {
        let line = SourceWord(text: words.map(\.text).joined(separator: " "), mark: words.first?.mark)
        let second = words.dropFirst().first?.text ?? ""
        switch words.first?.text ?? "" {
        case "set", "export", "echo", "printf", "cd", "true", ":":
            entries.append(.other(line, .exact, "of the script, and no part of the load"))
        case "sleep": sleep(words, line, &draft)
        case let name where Self.isBlade(name) && ["destroy", "d"].contains(second): destroy(line, &draft)
        case let name where Self.isBlade(name) && ["status", "s", "query", "q", "version", "v"].contains(second):
            entries.append(.other(line, .exact, "asks blade, and is no part of the load"))
        default: create(words, &draft)
        }
    }

    /// Reads what is created; what was created before lasts as long as it says.
    mutating func create(_ words: [SourceWord], _ draft: inout Draft) {
        close(&draft)
        var command = BladeCommand(words, options)
        command.make()
        problems += command.problems
        if !command.loads.isEmpty { open = Open(entry: entries.count) }
        entries.append(.command(command))
    }

    private mutating func sleep(_ words: [SourceWord], _ line: SourceWord, _ draft: inout Draft) {
        let length = Self.length(words.dropFirst().map(\.text))
        entries.append(
            .other(
                line, length == nil ? .notCarried : .exact,
                length == nil ? "how long it waits comes out where the script runs" : "a rest"))
        if var open {
            open.sleeps.append(entries.count - 1)
            // No more than a run may last, so that it can be added up.
            open.slept = open.slept.flatMap { slept in length.map { min(slept + $0, UnitNotation.durationLimit) } }
            self.open = open
        } else if let length, draft.reach(time, length) {
            time += length
        }
    }

    /// Ends the experiment that a wait stands behind; which one is named is known where the script runs only.
    private mutating func destroy(_ line: SourceWord, _ draft: inout Draft) {
        guard let open, let slept = open.slept, slept > 0, !isCrowded else {
            entries.append(
                .other(
                    line, .notCarried,
                    "when it ends an experiment comes out where the script runs; each lasts as long as it says here"))
            return
        }
        entries.append(.other(line, .exact, "ends the experiment before"))
        guard case .command(var command) = entries[open.entry] else { return }
        command.destroy(after: slept)
        entries[open.entry] = .command(command)
        settle(open.sleeps, .exact, "the experiment before lasts as long")
        place(command, slept, &draft)
    }

    /// Places the open experiment, if any, for as long as it says.
    private mutating func close(_ draft: inout Draft, isLast: Bool = false) {
        guard let open, case .command(let command) = entries[open.entry] else { return }
        let slept = open.slept ?? 0
        if isLast || command.isTimed && slept >= command.length {
            settle(open.sleeps, .exact, "waits while the experiment before goes on")
            return place(command, command.isTimed ? slept : 0, &draft)
        }
        isCrowded = true
        settle(
            open.sleeps, .notCarried,
            "the experiment before would go on beside the next one; here they come one after the other")
        place(command, 0, &draft)
    }

    private mutating func settle(_ sleeps: [Int], _ fate: ImportAccount.Fate, _ note: String) {
        for index in sleeps {
            if case .other(let line, _, _) = entries[index] { entries[index] = .other(line, fate, note) }
        }
    }

    /// - Parameter least: how long the next one waits at least.
    private mutating func place(_ command: BladeCommand, _ least: Nanoseconds, _ draft: inout Draft) {
        open = nil
        for load in command.loads { draft.add(load, at: time, for: command.length) }
        let length = max(command.length, least)
        if draft.reach(time, length) { time += length }
    }

    /// The account of all that was read.
    ///
    /// - Throws: what blade would refuse.
    mutating func finish(_ draft: inout Draft) throws(ImportErrors) -> ImportAccount {
        close(&draft, isLast: true)
        guard problems.isEmpty else { throw ImportErrors(problems: problems) }
        var account = ImportAccount(.chaosblade)
        for entry in entries {
            switch entry {
            case .command(let command): command.report(to: &account)
            case .other(let line, let fate, let note): account.add(line.mark, line.text, fate, note)
            }
        }
        return account
    }

    /// How long `sleep` waits, the sum of its words; `nil` of what only a shell knows.
    private static func length(_ words: [String]) -> Nanoseconds? {
        let units: [String: Double] = ["": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400]
        var total = 0.0
        for word in words {
            guard let (value, rest) = NumberPrefix.decimal(word), let unit = units[rest] else { return nil }
            total += value * unit
        }
        let length = min(total, UnitNotation.durationLimit.seconds)
        return words.isEmpty ? nil : Nanoseconds(seconds: length)
    }
}
