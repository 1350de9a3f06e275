// SPDX-License-Identifier: Apache-2.0

import LoadModel
import YAML

/// The files that a profile includes, as far as they were read.
struct Inclusion {
    /// The parts of a profile, or of a file that it includes, by their keys.
    typealias Parts = [String: YAMLNode.Entry]

    /// How a part that several files have is put together.
    enum Part {
        /// By its keys: what the including file has of the same key stands in the place of it, whole.
        case keys
        /// What the including file has comes behind.
        case items
        /// It is of the file that it stands in, and is not handed on.
        case own
    }

    /// What an included file may have; all else is of the whole profile.
    static let parts: [(key: String, part: Part)] = [
        ("description", .own), ("include", .own), ("labels", .keys), ("params", .keys), ("stressors", .keys),
        ("probes", .keys), ("objectives", .items), ("guards", .items), ("tolerance", .keys),
    ]

    /// The files in the order in which they were read.
    var files: [IncludedFile] = []
    /// Their texts by path.
    var texts: [String: SourceText] = [:]
    /// What each file has, with what it includes itself, by path.
    var wholes: [String: Parts] = [:]
    /// Bytes of all of them.
    var size = 0

    /// A path without `.` and empty parts, and without what a `..` takes back, links not followed.
    ///
    /// So a file has one path, whoever includes it, and that it includes itself can be seen.
    static func normal(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == "..", let last = parts.last, last != ".." { parts.removeLast() } else { parts.append(part) }
        }
        return (path.hasPrefix("/") ? "/" : "") + parts.joined(separator: "/")
    }
}

extension YAMLNode {
    /// The same tree with places in an included file.
    func standing(in file: String) -> YAMLNode {
        var node = self
        node.mark.file = file
        switch content {
        case .scalar: break
        case .list(let items): node.content = .list(items.map { $0.standing(in: file) })
        case .mapping(let entries):
            node.content = .mapping(
                entries.map { entry in
                    var entry = entry
                    entry.keyMark.file = file
                    entry.value = entry.value.standing(in: file)
                    return entry
                })
        }
        return node
    }
}
