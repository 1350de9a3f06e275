// SPDX-License-Identifier: Apache-2.0

public import LoadModel

/// The result of a run as one JSON document, for `exert run --format json`.
public enum SummaryJSON {
    /// The version of the document, as it says of itself.
    public static let schema = "exert-report/1"

    /// The document: what `run_ended` says in the log, behind the host, the profile and the plan.
    public static func document(_ record: RunRecord) -> [UInt8] {
        var writer = JSONWriter(.pretty)
        writer.beginObject()
        writer.key("schema")
        writer.string(schema)
        writer.key("run_id")
        writer.string(record.runID)
        writer.tagMembers(record.tags)
        writer.startMembers(record.host, record.plan)
        writer.outcomeMembers(record)
        writer.endObject()
        writer.endLine()
        return writer.bytes
    }

    /// The document of `exert check --format json`: the profile and the resolved plan.
    public static func document(_ plan: Plan) -> [UInt8] {
        var writer = JSONWriter(.pretty)
        writer.beginObject()
        writer.key("schema")
        writer.string("exert-plan/1")
        writer.profileAndPlanMembers(plan)
        writer.endObject()
        writer.endLine()
        return writer.bytes
    }
}
