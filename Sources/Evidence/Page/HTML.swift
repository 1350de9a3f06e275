// SPDX-License-Identifier: Apache-2.0

internal import Reporting

/// Writes HTML; whatever is data goes in as escaped text.
struct HTML {
    /// The most rows of a table: a page is read, and the log has all.
    static let rowLimit = 300

    private(set) var text = ""

    /// Text that is ours, as markup.
    mutating func markup(_ markup: String) { text += markup }

    /// Data, as a text node or the value of an attribute in quotes.
    mutating func data(_ data: String) { text += Self.escaped(data) }

    /// An element that holds data alone.
    mutating func element(_ tag: StaticString, _ attributes: String = "", _ data: String) {
        text += "<\(tag)\(attributes.isEmpty ? "" : " " + attributes)>\(Self.escaped(data))</\(tag)>"
    }

    /// `data` without anything that HTML takes for its own, and without controls.
    static func escaped(_ data: String) -> String {
        let data = printable(data)
        guard data.utf8.contains(where: { [0x22, 0x26, 0x27, 0x3C, 0x3E].contains($0) }) else { return data }
        var result = ""
        for scalar in data.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// A table, in a frame of its own that can be scrolled by keyboard where it is wider than the screen.
    mutating func table(_ all: ReportTable, caption: String) {
        let table = all.limited(to: Self.rowLimit)
        markup("<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"")
        data(caption)
        markup("\"><table><caption class=\"unseen\">")
        data(caption)
        markup("</caption><thead><tr>")
        for column in table.columns {
            element("th", column.isNumber ? "scope=\"col\" class=\"n\"" : "scope=\"col\"", column.title)
        }
        markup("</tr></thead><tbody>")
        for row in table.rows {
            markup("<tr>")
            for (index, cell) in row.cells.enumerated() {
                if index == 0 {
                    element("th", table.columns[0].isNumber ? "scope=\"row\" class=\"n\"" : "scope=\"row\"", cell)
                } else if index == row.verdict, row.weight != .plain {
                    markup("<td><span class=\"chip \(row.weight.rawValue)\">")
                    data(cell)
                    markup("</span></td>")
                } else {
                    element("td", table.columns[index].isNumber ? "class=\"n\"" : "", cell)
                }
            }
            markup("</tr>")
        }
        markup("</tbody></table></div>")
        if let more = table.more { element("p", "class=\"soft\"", more) }
    }
}
