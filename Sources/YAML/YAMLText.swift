// SPDX-License-Identifier: Apache-2.0

public import LoadModel

/// What a text is as YAML: its tree, what it has that we do without, and where it stops being YAML.
///
/// Nesting ends at a limit, with what aliases stand for as well, and so does the number of values that aliases come to:
/// the cost is that of the text's length and of that limit ("billion laughs" ends there).
public struct YAMLText: Sendable {
    /// The tree; `nil` of an empty text, and of one that ends in an ``error`` or was not read to its end.
    public internal(set) var root: YAMLNode?
    /// What is not taken, in the order of the text; the tree is without it.
    public internal(set) var findings: [Finding] = []
    /// Where the text stops being YAML.
    public internal(set) var error: SyntaxError?

    /// Something that is YAML and is not taken.
    public enum Finding: Sendable, Equatable {
        /// A tag, with the anchor that may stand before it: what begins at the mark with `!` or `&`.
        case tag(SourceMark, isInFlow: Bool)
        /// An alias with no anchor of its name before it.
        case unknownAlias(String, SourceMark)
        /// An alias with which the values that came by aliases are more than ``YAMLText/aliasLimit``; nothing was read
        /// from there on.
        case tooManyByAlias(SourceMark)
        /// A merge key, `<<`, with something that is no mapping.
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

    /// The most values that may come by aliases.
    public static let aliasLimit = 100_000
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
