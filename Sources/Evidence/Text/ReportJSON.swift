// SPDX-License-Identifier: Apache-2.0

internal import Reporting

/// A report as one JSON document, `exert-report/1`: what `exert run --format json` prints, and what a log adds.
///
/// What `run_started` and `run_ended` say is carried as it stands in the log, members that this exert does not know
/// included; a log without an end has a document without these members.
public enum ReportJSON {
    /// What every line has, and the document says once or not at all.
    static let lineMembers = ["schema", "time", "run_id", "labels", "traceparent", "event", "elapsed_s"]

    /// The document.
    public static func document(_ contents: LogContents) -> [UInt8] {
        let run = contents.run
        var writer = JSONWriter(.pretty, capacity: 1 << 16)
        writer.beginObject()
        writer.key("schema")
        writer.string(SummaryJSON.schema)
        writer.key("run_id")
        writer.string(run.runID)
        for name in ["labels", "traceparent"] {
            guard let value = run.start?[name] else { continue }
            writer.key(data: name)
            writer.tree(value)
        }
        for tree in [run.start, run.end] {
            for member in tree?.members ?? [] where !lineMembers.contains(member.name) {
                writer.key(data: member.name)
                writer.tree(member.value)
            }
        }
        writer.key("log")
        writer.beginObject()
        writer.key("complete")
        writer.boolean(run.isWhole && run.missing.isEmpty)
        writer.key("missing")
        writer.beginArray()
        for text in run.missing { writer.string(text) }
        writer.endArray()
        writer.key("lines")
        writer.integer(run.lines)
        writer.key("samples")
        writer.integer(run.columns.count * run.columns.merged)
        writer.key("first_time")
        writer.string(run.firstTime)
        writer.key("last_time")
        writer.string(run.lastTime)
        writer.key("last_elapsed_s")
        writer.number(run.lastElapsed)
        writer.key("other_runs")
        writer.beginArray()
        for other in contents.others { writer.string(other.runID) }
        writer.endArray()
        writer.endObject()
        writer.key("fields")
        writer.tree(.object(ReportFields.all(run)))
        writer.endObject()
        writer.endLine()
        return writer.bytes
    }
}
