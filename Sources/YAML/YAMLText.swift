// SPDX-License-Identifier: Apache-2.0

public import LoadModel

/// What a text is as YAML: its tree, what it has that we do without, and where it stops being YAML.
///
/// Aliases are never expanded and nesting ends at a limit, so the cost is that of the text's length ("billion laughs"
/// is found at its first anchor).
public struct YAMLText: Sendable {
    /// The tree; `nil` of an empty text, and of one that ends in an ``error`` or was not read to its end.
    public internal(set) var root: YAMLNode?
    /// What is not taken, in the order of the text; the tree is without it.
    public internal(set) var findings: [Finding] = []
    /// Where the text stops being YAML.
    public internal(set) var error: SyntaxError?

    /// Something that is YAML and is not taken.
    public enum Finding: Sendable, Equatable {
        /// An anchor, a tag, or both before one value, or an alias: what begins at the mark with `&`, `!` or `*`.
        case property(SourceMark, isInFlow: Bool)
        /// A merge key, `<<`.
        case mergeKey(SourceMark)
        /// A key that is a list or a mapping.
        case keyWithoutText(SourceMark)
        /// A key that its mapping already has.
        case duplicateKey(String, SourceMark, first: SourceMark)
        /// A document after the first one.
        case secondDocument(SourceMark)
        /// A collection that is nested too deep; nothing was read from there on.
        case tooDeep(SourceMark)
    }

    /// A complaint of libyaml.
    public struct SyntaxError: Error, Sendable {
        /// What is wrong, such as `did not find expected key`.
        public var problem: String
        /// Where it is wrong; `nil` where libyaml does not say.
        public var mark: SourceMark?
        /// What was being read, such as `while parsing a block mapping`.
        public var context: String?
        /// Where that began.
        public var contextMark: SourceMark?
    }

    /// After so many findings a text is not read any further; duplicate keys do not count.
    public static let findingLimit = 20

    /// Reads `text`, which has no byte order mark and none but the characters that YAML takes.
    ///
    /// - Parameter depthLimit: how deep collections may be nested.
    public init(_ text: [Unicode.Scalar], depthLimit: Int) {
        var utf8: [UInt8] = []
        utf8.reserveCapacity(text.count)
        for scalar in text { utf8.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter) }
        utf8.withUnsafeBufferPointer { bytes in
            var composer = Composer(bytes, text: text, depthLimit: depthLimit)
            do throws(Composer.Stop) {
                root = try composer.document()
            } catch {
                if case .syntax(let complaint) = error { self.error = complaint }
            }
            findings = composer.findings
        }
    }
}
