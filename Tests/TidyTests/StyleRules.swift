// SPDX-License-Identifier: Apache-2.0

/// What every file of ours must be like.
///
/// Each rule takes text and returns what is wrong with it, as `line: problem`.
enum StyleRules {
    static let longestLine = 120
    static let longestFile = 400

    /// The SPDX header is the first line, or the second below a `#!` or a `swift-tools-version`.
    static func header(_ text: String) -> [String] {
        let lines = text.split(separator: "\n", maxSplits: 2, omittingEmptySubsequences: false)
        let isBelow = lines[0].hasPrefix("#!") || lines[0].hasPrefix("// swift-tools-version")
        let header = lines.dropFirst(isBelow ? 1 : 0).first ?? ""
        let isHeader = ["// ", "# ", "<!-- "].contains { header.hasPrefix($0 + "SPDX-License-Identifier: Apache-2.0") }
        return isHeader ? [] : ["1: no SPDX header"]
    }

    /// Columns are Unicode scalars.
    ///
    /// Counted in bytes, which is fast even where nothing is optimised.
    static func layout(_ bytes: [UInt8]) -> [String] {
        var problems: [String] = []
        var (line, columns, last) = (1, 0, UInt8(0x0A))
        for byte in bytes {
            if byte == 0x0A {
                if columns > longestLine { problems.append("\(line): \(columns) columns") }
                if last == 0x20 { problems.append("\(line): blank at the end of the line") }
                line += 1
                columns = 0
            } else if byte & 0xC0 != 0x80 {
                columns += 1
                if byte == 0x09 { problems.append("\(line): tab") }
                if byte == 0x0D { problems.append("\(line): carriage return") }
            }
            last = byte
        }
        if last != 0x0A || bytes.isEmpty { problems.append("\(line): no newline at the end of the file") }
        return problems
    }

    static func length(_ bytes: [UInt8]) -> [String] {
        let count = bytes.reduce(0) { $0 + ($1 == 0x0A ? 1 : 0) }
        return count > longestFile ? ["\(count): more than \(longestFile) lines"] : []
    }

    /// Words that do not belong in what ships.
    ///
    /// Put together here, so that this file does not hold them.
    static let banned = ["try" + "!", " as" + "! ", "fatal" + "Error(", "FIX" + "ME", "TO" + "DO", "XX" + "X"]

    static func wording(_ text: String) -> [String] {
        let suspects = banned.filter { text.contains($0) }
        if suspects.isEmpty { return [] }
        return text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().flatMap { index, line in
            suspects.filter { line.contains($0) }.map { "\(index + 1): \($0)" }
        }
    }

    /// A profile begins with a comment, whose first block asks a question.
    static func question(_ text: String) -> [String] {
        let block = text.split(separator: "\n", omittingEmptySubsequences: false).prefix { $0.hasPrefix("#") }
        if block.isEmpty { return ["1: does not begin with a comment"] }
        return block.contains { $0.contains("?") } ? [] : ["1: the first comment asks no question"]
    }
}
