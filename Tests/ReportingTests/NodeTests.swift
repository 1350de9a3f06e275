// SPDX-License-Identifier: Apache-2.0

import Foundation
import LoadModel
import Testing

@testable import Reporting

/// What is told of memory nodes.
struct NodeTests {
    private func json(_ write: (inout JSONWriter) -> Void) throws -> [String: Any] {
        var writer = JSONWriter()
        writer.beginObject()
        write(&writer)
        writer.endObject()
        let text = Data(writer.bytes)
        return try #require(try JSONSerialization.jsonObject(with: text) as? [String: Any])
    }

    @Test func settingsTellNodesAndTheirAmounts() throws {
        let settings = Settings(values: [
            "list": .nodes(NodeSelection(nodes: [0, 1])),
            "parts": .nodes(NodeSelection(amounts: [0: .bytes(4096), 1: .percent(12.5)])),
        ])
        let object = try json { writer in
            writer.key("settings")
            writer.settings(settings)
        }
        let values = try #require(object["settings"] as? [String: Any])
        #expect(values["list"] as? [Int] == [0, 1])
        let parts = try #require(values["parts"] as? [String: Any])
        #expect(parts["0"] as? Int == 4096)
        #expect(parts["1"] as? String == "12.5%")
    }

    @Test func nodeBytesAreThereWhereTheyAreKnown() throws {
        let object = try json { $0.nodeBytesMember([1: 8192, 0: 0]) }
        #expect(object["node_bytes"] as? [String: Int] == ["0": 0, "1": 8192])
        let none = try json { $0.nodeBytesMember(nil) }
        #expect(none.isEmpty)
    }

    @Test func plansWriteNodesAsAProfileDoes() {
        #expect(PlanText.text(of: .nodes(NodeSelection(nodes: [0, 1, 2, 5]))) == "0-2,5")
        let parts = NodeSelection(amounts: [0: .bytes(1 << 30), 1: .percent(40)])
        #expect(PlanText.text(of: .nodes(parts)) == "{0: 1 GiB (1073741824 bytes), 1: 40%}")
    }

    @Test func theSchemaTakesThem() throws {
        let schema = try MiniSchema(LogSchema.jsonSchema())
        var result = Fixture.results[1]
        result.nodeBytes = [0: 0, 1: 536_870_912]
        let event = TimedEvent(time: 0, elapsed: 0, runID: Fixture.runID, event: .phaseEnded(0, [result]))
        var log = EventLog(plan: Fixture.plan)
        let line = String(decoding: log.line(event), as: UTF8.self)
        #expect(line.contains(#""node_bytes":{"0":0,"1":536870912}"#), "\(line)")
        #expect(try schema.accepts(line))
    }
}
