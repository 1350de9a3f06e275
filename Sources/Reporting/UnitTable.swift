// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// The units of stressors' figures, for documents that are made elsewhere: metrics, page, API description.
public enum UnitTable {
    /// The units as the log spells them.
    public static let names: [String] = Unit.allCases.map(\.rawValue)

    /// The units as the members of a JSON array.
    public static let members = names.map { "\"\($0)\"" }.joined(separator: ", ")

    /// The units of guards as the members of a JSON array.
    public static let guardMembers = PlannedGuard.Unit.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")

    /// How each unit is shown, as a JSON object: `{"bytes": {"words": …, "is_in_points": false, "scales": [[divisor,
    /// suffix, decimals], …]}, …}`, scales largest first.
    public static let json: String = {
        var writer = JSONWriter()
        writer.beginObject()
        for unit in Unit.allCases {
            let row = unit.description
            writer.key(data: unit.rawValue)
            writer.beginObject()
            writer.key("words")
            writer.string(row.words)
            writer.key("is_in_points")
            writer.boolean(row.isInPoints)
            writer.key("scales")
            writer.beginArray()
            for scale in row.scales.reversed() {
                writer.beginArray()
                writer.decimal(scale.divisor, places: 0)
                writer.string(scale.suffix)
                writer.integer(scale.places)
                writer.endArray()
            }
            writer.endArray()
            writer.endObject()
        }
        writer.endObject()
        return String(decoding: writer.bytes, as: UTF8.self)
    }()
}
