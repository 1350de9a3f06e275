// SPDX-License-Identifier: Apache-2.0

import LoadModel

/// Rows of cells, aligned in columns.
package struct TextTable {
    /// Where a column's cells stand.
    package enum Alignment { case left, right }

    private let alignments: [Alignment]
    private var rows: [[StyledText]] = []
    private let indent: Int

    /// Creates a table.
    package init(_ alignments: [Alignment], indent: Int = 2) {
        self.alignments = alignments
        self.indent = indent
    }

    /// Adds a row.
    package mutating func append(_ cells: [StyledText]) {
        precondition(cells.count == alignments.count)
        rows.append(cells)
    }

    /// Adds a row of one colour.
    package mutating func append(_ cells: [String], _ ink: StyledText.Ink = .plain) {
        append(cells.map { StyledText($0, ink) })
    }

    /// The rows; columns that are empty in all of them are left out, and no row ends in spaces.
    package func lines() -> [StyledText] {
        let widths = alignments.indices.map { column in rows.map { $0[column].width }.max() ?? 0 }
        return rows.map { row in
            var line = StyledText(String(repeating: " ", count: indent))
            var gap = 0
            var column = indent
            for (index, cell) in row.enumerated() where widths[index] > 0 {
                column += gap
                gap = 2
                if cell.width > 0 {
                    line.pad(to: alignments[index] == .right ? column + widths[index] - cell.width : column)
                    line.append(cell)
                }
                column += widths[index]
            }
            return line
        }
    }
}

/// Collects lines of a text.
package struct TextLines {
    /// How they look.
    package let style: TextStyle
    /// What has been appended.
    package private(set) var text = ""

    /// Creates none.
    package init(_ style: TextStyle) { self.style = style }

    /// Appends a line.
    package mutating func append(_ line: StyledText) { text += line.rendered(style) + "\n" }
    /// Appends a line of one colour.
    package mutating func append(_ line: String = "", _ ink: StyledText.Ink = .plain) { append(StyledText(line, ink)) }
    /// Appends the rows of a table.
    package mutating func append(_ table: TextTable) {
        for line in table.lines() { append(line) }
    }

    /// Appends a sentence that is broken at the style's width, its later lines below where the first one begins.
    package mutating func append(_ head: StyledText, sentence: String) {
        let lines = wrapped(sentence, width: max(20, style.width - head.width))
        for (index, text) in lines.enumerated() {
            var line = index == 0 ? head : StyledText()
            line.pad(to: head.width)
            line.append(text)
            append(line)
        }
    }

    /// Appends findings as `warning: …` and `note: …`.
    mutating func append(_ findings: [Finding], indent: Int = 0) {
        for finding in findings {
            var head = StyledText(String(repeating: " ", count: indent))
            head.append(finding.label)
            append(head, sentence: finding.sentence)
        }
    }
}
