// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The lines of an experiment log, each checked for what every line has.
struct ExperimentLog {
    typealias Object = [String: Any]

    let lines: [Object]

    init(file: String) throws {
        try self.init(text: String(decoding: Data(contentsOf: URL(fileURLWithPath: file)), as: UTF8.self))
    }

    init(text: String) throws {
        try #require(text.hasSuffix("\n"), "the last line is complete")
        lines = try text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map { line in
            let object = try #require(
                try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? Object, "not a JSON object: \(line)")
            #expect(object["schema"] as? String == "exert-log/1")
            // RFC 3339 in UTC with nanoseconds.
            let time = object["time"] as? String ?? ""
            #expect(time.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z/) != nil, "\(time)")
            #expect((object["run_id"] as? String)?.count == 26)
            #expect(object["event"] is String)
            #expect((object["elapsed_s"] as? Double ?? -1) >= 0)
            return object
        }
        let runs = Set(lines.compactMap { $0["run_id"] as? String })
        #expect(runs.count == 1, "one run, one identifier")
        #expect(events.first == "run_started")
    }

    var events: [String] { lines.compactMap { $0["event"] as? String } }

    /// The lines of one event.
    func all(_ event: String) -> [Object] { lines.filter { $0["event"] as? String == event } }

    /// What the end of the run says.
    func end() throws -> Object {
        try #require(events.last == "run_ended", "\(events)")
        return lines[lines.count - 1]
    }

    /// The result of one stressor in the run's first phase.
    func result(_ stressor: String) throws -> Object {
        let results = try end()["results"] as? [Object]
        return try #require(results?.first { $0["stressor"] as? String == stressor })
    }

    /// The last reading of a stressor that had a target: a last look that comes late finds the load released.
    func lastReading(_ stressor: String) throws -> Object {
        let readings = try all("sample").map { try $0.object("stressors").object(stressor) }
        return try #require(try readings.last { try $0.number("target") > 0 })
    }

    /// Where a stressor's process ended, and how.
    func ending(_ stressor: String) throws -> Object {
        try #require(all("stressor_ended").first { $0["stressor"] as? String == stressor })
    }
}

extension [String: Any] {
    /// A number.
    func number(_ key: String) throws -> Double { try #require(self[key] as? Double, "\(key) in \(self)") }

    /// An object.
    func object(_ key: String) throws -> [String: Any] {
        try #require(self[key] as? [String: Any], "\(key) in \(self)")
    }
}

/// Parses one JSON document.
func jsonObject(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
}
