// SPDX-License-Identifier: Apache-2.0

/// An effect that outlives the process that made it, as a record tells of it.
///
/// A kind of effect is one file in `Effects` and one line of ``UndoCatalog``.
public protocol Undoable: Sendable {
    /// The word that stands for the kind in records.
    static var keyword: String { get }
    /// Takes what a record says; `nil` where that is not exactly such an effect.
    init?(_ fields: inout UndoFields)
    /// What a record says, in the order in which it is taken.
    var fields: UndoFields { get }
    /// What undoing it does, for people, such as `remove the file /a/.exert-1`.
    var summary: String { get }
    /// Undoes it where it is there and proves to be ours; else changes nothing and says why.
    func undo(_ circumstances: UndoCircumstances) -> UndoOutcome
}

/// The kinds of effects that records may tell of.
enum UndoCatalog {
    /// All of them.
    static let all: [any Undoable.Type] = [MadeFile.self, MadeFolder.self, MadeGroup.self, LoweredFileLimit.self]
}

/// What a record says of an effect: words and their values, in order.
public struct UndoFields: Hashable, Sendable {
    /// A word and its value.
    struct Field: Hashable, Sendable {
        var key: String
        var value: String
    }

    private(set) var all: [Field] = []

    /// Creates an empty list.
    public init() {}

    /// Adds one; the key is a word without blanks.
    public mutating func put(_ key: String, _ value: String) { all.append(Field(key: key, value: value)) }

    /// Takes the first one's value; `nil` where that is not of `key`.
    public mutating func take(_ key: String) -> String? {
        guard all.first?.key == key else { return nil }
        return all.removeFirst().value
    }

    /// Takes the first one's value, numbers with a blank between any two; `nil` where it is anything else.
    public mutating func takeNumbers(_ key: String, count: Int) -> [UInt64]? {
        guard let text = take(key) else { return nil }
        let numbers = text.split(separator: " ", omittingEmptySubsequences: false).map { UInt64($0) }
        return numbers.count == count && !numbers.contains(nil) ? numbers.compactMap { $0 } : nil
    }
}

/// What undoing goes by beside the record.
public struct UndoCircumstances: Sendable {
    /// Who made the effect.
    public var owner: UndoOwner
    /// Only say what would be done.
    public var isDryRun = false
    /// Whether a file system may be asked that may never answer.
    public var mayWait = true
    /// The directory that something was made in, where its maker still has it open.
    public var directory: Int32?
    /// What was made, where its maker still has it open.
    public var object: Int32?

    /// Creates circumstances.
    public init(owner: UndoOwner) { self.owner = owner }
}

/// What came of undoing one record.
public struct UndoOutcome: Hashable, Sendable {
    /// How it went.
    public enum Kind: Hashable, Sendable {
        /// The effect is undone.
        case undone
        /// There was nothing left to undo, or what is there is not ours any more; the record is gone.
        case nothingLeft
        /// It could not be undone; the record stays.
        case failed
        /// It would be undone, in a dry run.
        case wouldUndo
    }

    /// How it went.
    public var kind: Kind
    /// One sentence without a full stop, for people.
    public var text: String

    /// Creates an outcome.
    public init(_ kind: Kind, _ text: String) {
        self.kind = kind
        self.text = text
    }
}

/// Why an effect cannot be recorded or undone.
public struct UndoProblem: Error, CustomStringConvertible, Sendable {
    /// What happened, for people.
    public var description: String

    /// Creates a problem.
    public init(_ description: String) { self.description = description }
}
