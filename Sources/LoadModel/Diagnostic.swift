// SPDX-License-Identifier: Apache-2.0

/// One problem of a profile, with its place and a remedy.
public struct Diagnostic: Hashable, Sendable, CustomStringConvertible {
    /// Where; `nil` where the whole file is meant.
    public var mark: SourceMark?
    /// What is wrong and what to do about it, one sentence without a final stop.
    public var message: String

    /// Creates a diagnostic.
    public init(_ mark: SourceMark?, _ message: String) {
        self.mark = mark
        self.message = message
    }

    /// The problem without its file: `3:5: error: …`.
    public var description: String {
        (mark.map { "\($0.line):\($0.column): " } ?? "") + "error: " + message
    }
}

/// All problems of one profile, in the order of its text.
public struct ProfileErrors: Error, Sendable, CustomStringConvertible {
    /// The file that they are of, but for those with a mark in an included one.
    public var file: String
    /// The problems; never empty.
    public var diagnostics: [Diagnostic]

    /// Creates the errors of `file`, ordered by place.
    public init(file: String, diagnostics: [Diagnostic]) {
        self.file = file
        self.diagnostics = diagnostics.enumerated().sorted { a, b in
            let markA = a.element.mark ?? SourceMark(line: 0, column: 0)
            let markB = b.element.mark ?? SourceMark(line: 0, column: 0)
            return markA == markB ? a.offset < b.offset : markA < markB
        }.map(\.element)
    }

    /// One line a problem: `file:line:column: error: …`.
    public var description: String {
        diagnostics.map { "\($0.mark?.file ?? file):" + ($0.mark == nil ? " " : "") + "\($0)" }
            .joined(separator: "\n")
    }
}
