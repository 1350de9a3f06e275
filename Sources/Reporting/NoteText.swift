// SPDX-License-Identifier: Apache-2.0

import LoadModel

/// What an author says of a profile and its phases, for people.
enum NoteText {
    /// The lines of a note, each of its own broken at `width` cells; none where there is no note.
    static func lines(_ note: String?, width: Int) -> [String] {
        guard let note else { return [] }
        return note.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
            .flatMap { wrapped(String($0), width: width) }
    }
}

extension TextLines {
    /// Appends a note below what it is of; nothing where there is none.
    mutating func append(note: String?) {
        for line in NoteText.lines(note, width: max(40, min(style.width, 100) - 2)) {
            append(StyledText("  \(line)", .dim))
        }
    }

    /// Appends the notes of phases, each once where its phase is repeated.
    mutating func append(phaseNotesOf plan: Plan) {
        var told: Set<String> = []
        for phase in plan.phases where phase.note != nil && told.insert(phase.title).inserted {
            let head = "\(phase.title): "
            let width = max(40, min(style.width, 100) - 2)
            for line in NoteText.lines(phase.note.map { head + $0 }, width: width) {
                append(StyledText("  \(line)", .dim))
            }
        }
    }
}
