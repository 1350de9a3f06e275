// SPDX-License-Identifier: Apache-2.0

public import LoadModel

/// A value of a text with its place; every scalar is the text that stands there, never a number or a truth value.
public struct YAMLNode: Sendable {
    /// What stands there.
    public enum Content: Sendable {
        /// Text; `isPlain` where it stands without quotes.
        case scalar(String, isPlain: Bool)
        case list([YAMLNode])
        /// Entries in the order of the text; no key is there twice.
        case mapping([Entry])
    }

    /// A key with its value.
    public struct Entry: Sendable {
        /// The key, without its quotes.
        public var key: String
        /// Where the key begins.
        public var keyMark: SourceMark
        /// What the key stands for.
        public var value: YAMLNode

        /// Creates an entry.
        public init(key: String, keyMark: SourceMark, value: YAMLNode) {
            self.key = key
            self.keyMark = keyMark
            self.value = value
        }
    }

    /// What stands there.
    public var content: Content
    /// Where it begins.
    public var mark: SourceMark

    /// Creates a node.
    public init(content: Content, mark: SourceMark) {
        self.content = content
        self.mark = mark
    }

    /// Whether nothing is written here: an empty value, `~` or `null`.
    public var isNull: Bool {
        if case .scalar(let text, isPlain: true) = content {
            ["", "~", "null", "Null", "NULL"].contains(text)
        } else {
            false
        }
    }

    /// What it is, for messages.
    public var title: String {
        switch content {
        case .scalar: isNull ? "nothing" : "text"
        case .list: "a list"
        case .mapping: "a mapping"
        }
    }
}
