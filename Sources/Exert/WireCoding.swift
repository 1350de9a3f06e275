// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials

// JSON one value a line, for both ends of the wire.
extension WireCommand {
    /// The command as a line, with its line feed.
    package var line: [UInt8] { WireCoding.line(self) }

    /// Reads a line; `nil` where it is no command.
    package init?(line: [UInt8]) {
        guard let command = WireCoding.value(WireCommand.self, line) else { return nil }
        self = command
    }
}

extension WireAnswer {
    /// The answer as a line, with its line feed.
    package var line: [UInt8] { WireCoding.line(self) }

    /// Reads a line; `nil` where it is no answer, as lines of the log are none.
    package init?(line: [UInt8]) {
        guard let answer = WireCoding.value(WireAnswer.self, line),
            answer.done != nil || answer.refused != nil || answer.ended != nil
        else { return nil }
        self = answer
    }
}

/// JSON by Foundation.
enum WireCoding {
    static func line<T: Encodable>(_ value: T) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
        // Plain structs of strings and finite numbers always encode.
        let data = (try? encoder.encode(value)) ?? Data("{}".utf8)
        return [UInt8](data) + [0x0A]
    }

    static func value<T: Decodable>(_ type: T.Type, _ line: [UInt8]) -> T? {
        try? JSONDecoder().decode(type, from: Data(line))
    }
}
