// SPDX-License-Identifier: Apache-2.0

import Importers
import LoadModel
import Reporting

/// What `exert import` made of a source as one JSON document.
enum ImportJSON {
    /// The version of the document, as it says of itself.
    static let schema = "exert-import/1"

    /// The document, ending in a line feed; `profile` is null where nothing of the source is a load.
    static func document(_ imported: Imported) -> [UInt8] {
        let account = imported.account
        var writer = JSONWriter(.pretty, capacity: 4096)
        writer.beginObject()
        writer.key("schema")
        writer.string(schema)
        writer.key("tool")
        writer.string(account.tool.rawValue)
        writer.key("is_exact")
        writer.boolean(account.isExact)
        for fate in ImportAccount.Fate.allCases {
            writer.key(data: fate.rawValue)
            writer.integer(account.count(fate))
        }
        writer.key("entries")
        writer.beginArray()
        for entry in account.entries { writer.entry(entry) }
        writer.endArray()
        writer.key("profile")
        writer.string(imported.profile)
        writer.endObject()
        writer.endLine()
        return writer.bytes
    }
}

extension JSONWriter {
    /// Writes what became of one thing that the source says.
    fileprivate mutating func entry(_ entry: ImportAccount.Entry) {
        beginObject()
        key("line")
        integer(entry.mark?.line)
        key("column")
        integer(entry.mark?.column)
        key("text")
        string(entry.text)
        key("fate")
        string(entry.fate.rawValue)
        key("note")
        string(entry.note)
        endObject()
    }
}
