// SPDX-License-Identifier: Apache-2.0

/// Finds the members of a JSON object without decoding it.
///
/// A line of the log is looked at by every run's thread, many times a second, and mostly for two of its members.
enum JSONMembers {
    /// Hands each member's key (without quotes, escapes as written) and value to `body` until that returns `false`.
    ///
    /// Stops where the text is no JSON object; it is not validated.
    static func forEach(in line: [UInt8], _ body: (ArraySlice<UInt8>, ArraySlice<UInt8>) -> Bool) {
        var position = blanks(line, 0)
        guard position < line.count, line[position] == UInt8(ascii: "{") else { return }
        position = blanks(line, position + 1)
        while position < line.count, line[position] == UInt8(ascii: "\"") {
            let keyEnd = string(line, position)
            let colon = blanks(line, keyEnd)
            guard colon < line.count, line[colon] == UInt8(ascii: ":") else { return }
            let start = blanks(line, colon + 1)
            let end = value(line, start)
            guard end > start, body(line[(position + 1)..<(keyEnd - 1)], line[start..<end]) else { return }
            let comma = blanks(line, end)
            guard comma < line.count, line[comma] == UInt8(ascii: ",") else { return }
            position = blanks(line, comma + 1)
        }
    }

    private static func blanks(_ line: [UInt8], _ start: Int) -> Int {
        var position = start
        while position < line.count, [0x20, 0x09, 0x0A, 0x0D].contains(line[position]) { position += 1 }
        return position
    }

    /// Behind the string that begins at `start`; it never ends before `start + 2`, unless the line does.
    private static func string(_ line: [UInt8], _ start: Int) -> Int {
        var position = start + 1
        while position < line.count {
            switch line[position] {
            case UInt8(ascii: "\\"): position += 2
            case UInt8(ascii: "\""): return position + 1
            default: position += 1
            }
        }
        return max(line.count, start + 2)
    }

    /// Behind the value that begins at `start`.
    private static func value(_ line: [UInt8], _ start: Int) -> Int {
        var position = start
        var depth = 0
        while position < line.count {
            switch line[position] {
            case UInt8(ascii: "\""):
                position = string(line, position)
                if depth == 0 { return min(position, line.count) }
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return position }
                depth -= 1
                if depth == 0 { return position + 1 }
            case UInt8(ascii: ","), 0x20, 0x09, 0x0A, 0x0D:
                if depth == 0 { return position }
            default:
                break
            }
            position += 1
        }
        return position
    }
}
