// SPDX-License-Identifier: Apache-2.0

import Foundation
import LoadModel
import Testing

@testable import Profiles

struct SchemaTests {
    @Test func isJSONWithEveryListedKind() throws {
        let text = ProfileSchema.jsonSchema(manifests: TestManifests.all)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect(object["$id"] as? String == ProfileSchema.identifier)
        let definitions = try #require(object["$defs"] as? [String: Any])
        for manifest in TestManifests.all {
            #expect((definitions["stressor-\(manifest.kind)"] != nil) == manifest.isListed)
            #expect((definitions["load-\(manifest.kind)"] != nil) == manifest.isListed)
        }
        #expect(text == ProfileSchema.jsonSchema(manifests: TestManifests.all))
        #expect(!text.split(separator: "\n").contains { $0.last == " " })
        if let path = ProcessInfo.processInfo.environment["EXERT_SCHEMA_OUT"] {
            try text.write(toFile: path, atomically: true, encoding: .utf8)
        }
    }

    private static func patternsTake(_ load: String) throws -> Bool {
        func takes(_ pattern: String) throws -> Bool { try load.firstMatch(of: Regex(pattern)) != nil }
        let patterns = NotationPattern.Load(TestManifests.cpu.amounts)
        return try takes(patterns.alone) || takes(patterns.sums) && !takes(NotationPattern.Load.noSums)
    }

    /// What the reader takes, the schema's pattern takes too.
    @Test(arguments: [
        "80%", "100%", "0.5 %", "1.5 cores", "1 core", "500m", "max", "leave 10%", "leave 0.5 cores", "hold 80%",
        "ramp to 80%", "ramp from 1% to 2% in 1s500ms", "steps 1%, 2%,3% every 5s", "sine 1% to 2% every 5s",
        "pulse 1% for 1s every 5s", "sawtooth 1% to 2% every 5s", "random 1% to 2% every 5s", "trace t.csv",
        "bursts 80% for 2s to 8s rest 1s to 3s", "bursts 0.5 cores for 2s rest 1s",
        "trace t.csv column 2", "trace \"t.csv\" column cpu load", "trace t.csv in % x 0.01", "trace t.csv ×1/30",
        "trace t.csv in % of 64 cores as steps", "trace t.csv time 1 in ms column 2", "trace t.csv time in epoch ms",
        "trace t.csv where \"cpu load\" = 1% repeat", "trace t.csv where t=0 and \"cpu load\" = 1%",
        "trace t.csv repeat 3",
        "trace t.csv gaps held",
        "trace t.csv from first to 1h", "trace t.csv mean every 10s", "trace t.csv stretch to 10m decimal comma",
        "trace t.csv stretch to phase", "trace t.csv stretch by 1/30 as lines", "trace t.csv count every 1s in %",
        "trace t.csv rows every 5s column 2 gaps zero",
    ])
    func patternsTakeWhatTheReaderTakes(load: String) throws {
        #expect(try Self.patternsTake(load))
        let files = ["t.csv": "t;cpu load\n0;1%\n1;1%"]
        #expect(TestManifests.shape(load, files: files) != nil)
    }

    @Test(arguments: [
        "80", "010%", "101%", "1GiB", "50MB/s", "ramp 80%", "steps 1% 2% every 5s", "80% in 5s", "ramp to 80% in 5", "",
        "trace", "trace t.csv repeat never", "trace t.csv x 0,5", "trace t.csv gaps ignored", "trace t.csv mean 10s",
        "trace t.csv stretch 10m", "trace t.csv in", "trace t.csv as curve", "trace t.csv decimal point",
    ])
    func patternsRefuseWhatIsObviouslyWrong(load: String) throws {
        #expect(try !Self.patternsTake(load))
        #expect(TestManifests.shape(load) == nil)
    }
}
