// SPDX-License-Identifier: Apache-2.0

import LoadModel

/// A value of a profile with its place; every scalar is the text that stands there, never a number or a truth value.
struct YAMLNode {
    enum Content {
        /// Text; `isPlain` where it stands without quotes.
        case scalar(String, isPlain: Bool)
        case list([YAMLNode])
        case mapping([Entry])
    }

    struct Entry {
        var key: String
        var keyMark: SourceMark
        var value: YAMLNode
    }

    var content: Content
    var mark: SourceMark

    /// Whether nothing is written here: an empty value, `~` or `null`.
    var isNull: Bool {
        if case .scalar(let text, isPlain: true) = content {
            ["", "~", "null", "Null", "NULL"].contains(text)
        } else {
            false
        }
    }

    /// What it is, for messages.
    var title: String {
        switch content {
        case .scalar: isNull ? "nothing" : "text"
        case .list: "a list"
        case .mapping: "a mapping"
        }
    }
}
