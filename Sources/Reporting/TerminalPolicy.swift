// SPDX-License-Identifier: Apache-2.0

/// How progress is shown, decided once from what the environment says.
public enum TerminalPolicy: Hashable, Sendable {
    /// A block that is redrawn in place, at most `width` cells wide.
    case live(color: Bool, width: Int)
    /// Plain lines, one after the other.
    case lines(color: Bool)
    /// Nothing.
    case silent

    /// The policy for standard error.
    ///
    /// - Parameters:
    ///   - isQuiet: whether the user asked for no progress.
    ///   - isTerminal: `isatty`.
    ///   - noColor: `NO_COLOR`; any text but the empty one turns colour off (https://no-color.org).
    ///   - term: `TERM`; unset, empty or `dumb` means a terminal that cannot move its cursor.
    ///   - columns: `COLUMNS`.
    ///   - windowWidth: cells, from `TIOCGWINSZ`; 0 or `nil` where it is not known.
    public static func decide(
        isQuiet: Bool, isTerminal: Bool, noColor: String?, term: String?, columns: String?, windowWidth: Int?
    ) -> TerminalPolicy {
        if isQuiet { return .silent }
        let color = usesColor(isTerminal: isTerminal, noColor: noColor, term: term)
        guard isTerminal, canMoveCursor(term) else { return .lines(color: color) }
        // The narrower of the two: a line that wraps would break the redraw, one that is short only wastes room.
        let known = [columns.flatMap { Int($0) }, windowWidth].compactMap { $0 }.filter { $0 > 0 }
        let width = known.min() ?? 80
        return width < narrowest ? .lines(color: color) : .live(color: color, width: width)
    }

    /// Whether text for a stream may have colour; asked for standard output too, where the summary goes.
    public static func usesColor(isTerminal: Bool, noColor: String?, term: String?) -> Bool {
        isTerminal && canMoveCursor(term) && (noColor ?? "").isEmpty
    }

    /// Whether the locale's text is UTF-8, by the first of `LC_ALL`, `LC_CTYPE` and `LANG` that is not empty.
    public static func isUTF8(lcAll: String?, lcCType: String?, lang: String?) -> Bool {
        let locale = [lcAll, lcCType, lang].compactMap { $0 }.first { !$0.isEmpty } ?? ""
        let name = locale.lowercased()
        return name.contains("utf-8") || name.contains("utf8")
    }

    /// The width below which a block would be nothing but cut lines.
    static let narrowest = 32

    private static func canMoveCursor(_ term: String?) -> Bool { !(term ?? "").isEmpty && term != "dumb" }
}

/// What text for people may use.
public struct TextStyle: Hashable, Sendable {
    /// Whether it may have colour.
    public var hasColor: Bool
    /// Whether it may have characters beyond ASCII.
    public var isUTF8: Bool
    /// The width in cells that sentences are broken at.
    public var width: Int

    /// Creates a style.
    public init(hasColor: Bool = false, isUTF8: Bool = true, width: Int = 100) {
        self.hasColor = hasColor
        self.isUTF8 = isUTF8
        self.width = width
    }

    /// In front of what went well, and of what did not.
    package var good: String { isUTF8 ? "✓" : "ok" }
    /// See ``good``.
    package var bad: String { isUTF8 ? "✗" : "!!" }
    var arrow: String { isUTF8 ? "→" : "->" }
    var dot: String { isUTF8 ? "·" : "|" }
    var to: String { isUTF8 ? "–" : "-" }
    /// Where there is no figure.
    package var none: String { isUTF8 ? "–" : "-" }
    var ellipsis: String { isUTF8 ? "…" : ">" }
    var barEnds: (String, String) { isUTF8 ? ("▕", "▏") : ("[", "]") }
    var barFull: String { isUTF8 ? "█" : "#" }
    var barEmpty: String { isUTF8 ? "░" : "." }
    /// From the least to the most.
    package var sparks: [String] {
        isUTF8 ? ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"] : ["_", ".", ":", "-", "=", "+", "*", "#"]
    }
}
