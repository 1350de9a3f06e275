// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// A command line of stress-ng that another tool makes of its fields.
struct StressNGFields {
    private var words: [SourceWord] = []
    private var fields: [SourceMark: SourceField] = [:]

    /// Adds words that a field stands for; none of them means that the tool adds them by itself.
    mutating func add(_ words: [String], from field: SourceField? = nil) {
        if let field { fields[field.mark] = field }
        self.words += words.map { SourceWord(text: $0, mark: field?.mark) }
    }

    /// Adds the words of a field's text, between blanks.
    mutating func addText(of field: SourceField) {
        add((field.text ?? "").split { $0 == " " || $0 == "\t" || $0 == "\n" }.map(String.init), from: field)
    }

    /// What the command line asks for; settles the fields.
    ///
    /// - Returns: the loads of each request for workers, and how long stress-ng itself would run, where it is told.
    func make(
        _ options: ImportOptions, _ ledger: inout SourceLedger
    ) -> (loads: [[DraftLoad]], length: Nanoseconds?, isSequential: Bool) {
        var run = StressNGRun()
        run.read(words)
        let length = run.timeout == nil ? nil : StressNGImporter.length(of: &run, options)
        var maker = StressNGLoads(run, options)
        let loads = maker.make()
        for problem in maker.run.problems {
            if let mark = problem.mark, let field = fields[mark] {
                ledger.refuse(field, problem.message)
            } else {
                ledger.refuse(problem.message)
            }
        }
        var results: [SourceMark: (fate: ImportAccount.Fate, notes: [String])] = [:]
        for option in maker.run.options {
            guard let mark = option.mark else { continue }
            let fate = option.fate ?? .notCarried
            var result = results[mark] ?? (fate, [])
            // A field that says several things is near where they fare differently.
            if result.fate != fate { result.fate = .near }
            if !option.note.isEmpty, !result.notes.contains(option.note) { result.notes.append(option.note) }
            results[mark] = result
        }
        for (mark, field) in fields {
            // A field without an option of its own is the value of one before it.
            let result = results[mark] ?? (.exact, [])
            ledger.settle(field, result.fate, result.notes.joined(separator: "; "))
        }
        return (loads, length, maker.run.isSequential == true)
    }
}
