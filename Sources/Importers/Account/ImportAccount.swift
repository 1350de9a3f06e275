// SPDX-License-Identifier: Apache-2.0

public import LoadModel
internal import Profiles

/// What became of everything that a source says.
public struct ImportAccount: Sendable {
    /// How much of something is in the profile.
    public enum Fate: String, CaseIterable, Sendable {
        /// All of it, or it has no part in the load.
        case exact
        /// Some of it; the note says what differs.
        case near
        /// Nothing; the note says why.
        case notCarried = "not_carried"

        /// What it is called in sentences.
        public var title: String { self == .notCarried ? "not carried" : rawValue }
    }

    /// One thing that the source says.
    public struct Entry: Sendable {
        /// Where it stands; `nil` of words of a command line.
        public var mark: SourceMark?
        /// What stands there, on one line.
        public var text: String
        /// How much of it is in the profile.
        public var fate: Fate
        /// What differs, or why it is not there; may be empty where all of it is.
        public var note: String
    }

    /// The tool that the source is of.
    public internal(set) var tool: ForeignTool
    /// Everything that the source says, in its order.
    public internal(set) var entries: [Entry] = []

    init(_ tool: ForeignTool) { self.tool = tool }

    /// Whether all of it is in the profile.
    public var isExact: Bool { entries.allSatisfy { $0.fate == .exact } }

    /// How many entries have this fate.
    public func count(_ fate: Fate) -> Int { entries.reduce(0) { $0 + ($1.fate == fate ? 1 : 0) } }

    mutating func add(_ mark: SourceMark?, _ text: String, _ fate: Fate, _ note: String = "") {
        entries.append(Entry(mark: mark, text: PlainLine.text(text), fate: fate, note: PlainLine.text(note)))
    }
}

/// What an importer makes of a source.
public struct Imported: Sendable {
    /// The profile with its comments; `nil` where the source has no load that exert can exert.
    public var profile: String?
    /// What became of everything that the source says.
    public var account: ImportAccount
}

/// Why a source is not imported: every problem of it, in the order of its text.
public struct ImportErrors: Error, Sendable {
    /// The problems, the first ones where there are many; never empty.
    public let problems: [Diagnostic]

    /// Creates errors of a source.
    public init(problems: [Diagnostic]) { self.problems = Array(problems.prefix(ProfileReader.problemLimit)) }
}
