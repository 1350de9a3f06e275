// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

@testable import Profiles

/// Memory nodes, alone and with an amount for each, in a profile and on the command line.
struct NodeSettingTests {
    private static func text(_ nodes: String) -> String {
        """
        stressors:
          memory:
            nodes: \(nodes)
        phases:
          - { name: load, for: 10s, load: { memory: 1GiB } }
        """
    }

    private static let amounts = NodeSelection(amounts: [0: .bytes(1 << 30), 3: .percent(40)])

    @Test(arguments: [
        ("1", NodeSelection(nodes: [1])), ("0-2,5", NodeSelection(nodes: [0, 1, 2, 5])),
        ("{ 0: 1GiB, 3: 40% }", amounts), ("'{3: 40%,0:1024MiB}'", amounts), ("\n      0: 1GiB\n      3: 40%", amounts),
    ])
    func areRead(_ nodes: String, _ selection: NodeSelection) throws {
        let settings = try TestManifests.profile(Self.text(nodes)).stressors[0].settings
        #expect(settings.nodes("nodes") == selection)
        #expect(settings.marks["nodes"] != nil)
    }

    @Test func anAmountOfANodeHasItsOwnPlace() throws {
        let settings = try TestManifests.profile(Self.text("{ 0: 1GiB, 3: 40% }")).stressors[0].settings
        #expect(settings.marks["nodes.0"] == SourceMark(line: 3, column: 17))
        #expect(settings.marks["nodes.3"] == SourceMark(line: 3, column: 26))
    }

    private static let takes = "memory nodes such as '0-1', or an amount for each such as '{0: 1GiB, 1: 40%}'"

    @Test(arguments: [
        ("{ x: 1GiB }", "14: error: 'nodes' in 'memory' takes the numbers of memory nodes, not 'x'"),
        ("{ 01: 1GiB }", "14: error: '01' has a leading zero; write the number without it"),
        ("{ 0: 1GiB, 2000: 1GiB }", "23: error: 'nodes' in 'memory' names node 2000; the highest number taken is 1023"),
        (
            "{ 0: 5 }",
            "17: error: '5' has no unit; node 0 of 'nodes' in 'memory' takes bytes such as '512MiB' or a "
                + "percentage such as '80%'"
        ),
        ("{ 0: [1] }", "17: error: node 0 of 'nodes' in 'memory' must be text, not a list; write it such as '0: 1GiB'"),
        ("{}", "12: error: 'nodes' in 'memory' names no node; it takes \(takes)"),
        ("[0]", "12: error: 'nodes' in 'memory' takes \(takes), not a list"),
        ("3-1", "12: error: 'nodes' in 'memory' has the range '3-1'; write the lower number first"),
        ("all", "12: error: 'nodes' in 'memory' takes \(takes), not 'all'"),
        ("0-2000", "14: error: 'nodes' in 'memory' names node 2000; the highest number taken is 1023"),
        ("'{0: 1GiB'", "21: error: 'nodes' in 'memory' has no closing brace; it takes \(takes)"),
        ("'{0: 1GiB, 0: 2GiB}'", "23: error: 'nodes' in 'memory' names node 0 twice; give it one amount"),
        ("'{0}'", "14: error: 'nodes' in 'memory' takes \(takes)"),
    ])
    func whatIsWrongIsToldWithItsPlace(_ nodes: String, _ problem: String) {
        do throws(ProfileErrors) {
            _ = try TestManifests.profile(Self.text(nodes))
            Issue.record("\(nodes) was taken")
        } catch {
            #expect(error.description == "p.yaml:3:\(problem)")
        }
    }

    @Test func theSameNodeTwiceIsADuplicateKey() {
        do throws(ProfileErrors) {
            _ = try TestManifests.profile(Self.text("{ 1: 1GiB, 1: 2GiB }"))
            Issue.record("taken")
        } catch {
            #expect(error.description.contains("error: duplicate key '1'"), "\(error.description)")
        }
    }

    @Test(arguments: [("1", NodeSelection(nodes: [1])), ("{0: 1GiB, 3: 40%}", amounts)])
    func theCommandLineTakesThemToo(_ nodes: String, _ selection: NodeSelection) throws {
        let profile = try ProfileReader.profile(
            loads: ["memory=1GiB"], settings: ["memory.nodes=\(nodes)"], length: "1s", manifests: TestManifests.all
        ) { _ in [] }
        #expect(profile.stressors[0].settings.nodes("nodes") == selection)
    }

    @Test(arguments: [
        ("1", true), ("0-2,5", true), ("{0: 1GiB, 3: 40%}", true), ("{3:40%}", true), ("all", false), ("{0}", false),
        ("{0: 5}", false), ("{}", false),
    ])
    func theSchemasPatternAgreesWithTheReader(_ nodes: String, _ isTaken: Bool) throws {
        let pattern = try Regex(NotationPattern.nodes)
        #expect((nodes.firstMatch(of: pattern) != nil) == isTaken)
        #expect(((try? TestManifests.profile(Self.text("'\(nodes)'"))) != nil) == isTaken)
    }
}
