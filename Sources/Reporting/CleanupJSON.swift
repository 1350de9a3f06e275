// SPDX-License-Identifier: Apache-2.0

public import LoadModel

/// What `exert cleanup` found and did as one JSON document.
public enum CleanupJSON {
    /// The version of the document, as it says of itself.
    public static let schema = "exert-cleanup/1"

    /// What came of one record.
    public struct Outcome: Hashable, Sendable {
        /// `undone`, `nothing_left` or `failed`.
        public var result: String
        /// One sentence, for people.
        public var text: String

        /// Creates an outcome.
        public init(result: String, text: String) {
            self.result = result
            self.text = text
        }
    }

    /// The document, ending in a line feed.
    ///
    /// - Parameters:
    ///   - outcomes: what was done; empty in a dry run.
    ///   - undo: the records that there are now.
    public static func document(_ outcomes: [Outcome], _ undo: HostReport.Undo, isDryRun: Bool) -> [UInt8] {
        var writer = JSONWriter(.pretty, capacity: 4096)
        writer.beginObject()
        writer.member("schema", schema)
        writer.member("is_dry_run", isDryRun)
        writer.list("outcomes", outcomes) { writer, outcome in
            writer.member("result", outcome.result)
            writer.member("text", outcome.text)
        }
        writer.key("undo")
        writer.undo(undo)
        writer.endObject()
        writer.endLine()
        return writer.bytes
    }
}

extension JSONWriter {
    /// Writes the records of what is to be undone, as an object.
    mutating func undo(_ undo: HostReport.Undo) {
        beginObject()
        member("directory", undo.directory)
        member("problem", undo.problem)
        list("records", undo.records) { writer, record in
            writer.member("path", record.path)
            writer.member("state", record.state)
            writer.member("effect", record.effect)
            writer.member("process_id", record.processID)
            writer.member("run_id", record.run)
            writer.member("reason", record.reason)
        }
        endObject()
    }
}
