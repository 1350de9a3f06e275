// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

// What is told of memory nodes.
extension JSONWriter {
    /// Writes nodes as an array; those with amounts as an object of bytes, or of percentages such as `"40%"`.
    mutating func nodes(_ selection: NodeSelection) {
        guard !selection.amounts.isEmpty else {
            beginArray()
            for node in selection.nodes { integer(node) }
            endArray()
            return
        }
        beginObject()
        for node in selection.nodes {
            key(data: "\(node)")
            switch selection.amounts[node] {
            case .bytes(let bytes): integer(bytes)
            case .percent(let percent): string("\(NumberText.text(percent, places: 6, trimming: true))%")
            case nil: null()
            }
        }
        endObject()
    }

    /// Writes what lies on each node, where that is known.
    mutating func nodeBytesMember(_ bytes: [Int: Double]?) {
        guard let bytes else { return }
        key("node_bytes")
        beginObject()
        for (node, amount) in bytes.sorted(by: { $0.key < $1.key }) {
            key(data: "\(node)")
            decimal(amount, places: 0)
        }
        endObject()
    }
}
