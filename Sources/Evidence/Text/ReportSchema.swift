// SPDX-License-Identifier: Apache-2.0

internal import Reporting

/// The JSON Schema of a report.
///
/// It is made from the schema of the log: a report has the members of `run_started` and `run_ended`.
public enum ReportSchema {
    /// The schema, in draft 2020-12, ending in a line feed; empty where the log's own schema cannot be read.
    public static func jsonSchema() -> String {
        let text = Array(LogSchema.jsonSchema().utf8)
        let log = text.withUnsafeBufferPointer { bytes in
            var pull = JSONPull(bytes)
            return try? pull.tree()
        }
        guard let definitions = log?["$defs"] else { return "" }
        var writer = JSONWriter(.pretty, capacity: 1 << 16)
        writer.beginObject()
        writer.key("$schema")
        writer.tree(log?["$schema"])
        writer.key("$id")
        writer.string("https://exert.dev/schema/report/1")
        writer.key("title")
        writer.string("A report of exert on one run")
        writer.key("type")
        writer.string("object")
        writer.key("properties")
        writer.tree(.object(properties(definitions)))
        writer.key("required")
        writer.tree(.array([.string("schema"), .string("run_id")]))
        writer.key("additionalProperties")
        writer.boolean(false)
        writer.key("$defs")
        writer.tree(.object(definitions.members.filter { !$0.name.hasPrefix("event_") }))
        writer.endObject()
        writer.endLine()
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    private static func properties(_ definitions: JSONTree) -> [JSONTree.Member] {
        let start = definitions["event_run_started"]?["properties"]?.members ?? []
        let end = definitions["event_run_ended"]?["properties"]?.members ?? []
        let shared = start.filter { ["run_id", "labels", "traceparent"].contains($0.name) }
        let own = (start + end).filter { !ReportJSON.lineMembers.contains($0.name) }
        func member(_ name: String, _ value: JSONTree) -> JSONTree.Member { .init(name: name, value: value) }
        func type(_ type: String, _ more: [JSONTree.Member] = []) -> JSONTree {
            .object([member("type", .string(type))] + more)
        }
        let texts = type("array", [member("items", type("string"))])
        let log = type(
            "object",
            [
                member("description", .string("How much of the log there is; absent in what a run itself prints.")),
                member(
                    "properties",
                    .object([
                        member("complete", type("boolean")), member("missing", texts), member("lines", type("integer")),
                        member("samples", type("integer")), member("first_time", type("string")),
                        member("last_time", type("string")), member("last_elapsed_s", type("number")),
                        member("other_runs", texts),
                    ])), member("additionalProperties", .boolean(false)),
            ])
        let value = JSONTree.array(["string", "number", "boolean", "null"].map { .string($0) })
        let fields = type(
            "object",
            [
                member("description", .string("Figures by the names that exert report --print takes.")),
                member("additionalProperties", .object([member("type", value)])),
            ])
        let schema = JSONTree.object([member("const", .string(SummaryJSON.schema))])
        return [member("schema", schema)] + shared + own + [member("log", log), member("fields", fields)]
    }
}
