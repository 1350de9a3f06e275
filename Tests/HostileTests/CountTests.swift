// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Whether there are enough of them: a kind of load without hostile scenarios fails here.
@Suite struct CountTests {
    /// The scenarios that want control groups v2 run in the guest; `hostile-X` has its twin in `hostile-X-twin`.
    private static let guest: [String: String] = {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "GuestTests/Scenarios").path
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return Dictionary(
            uniqueKeysWithValues: names.filter { $0.hasPrefix("hostile-") && $0.hasSuffix(".yaml") }.map {
                (String($0.dropLast(5)), Kernel.text(folder + "/" + $0) ?? "")
            })
    }()

    /// Those of the guest that are no twins.
    private static var guestNames: [String] { guest.keys.filter { !$0.hasSuffix("-twin") }.sorted() }

    /// The kinds as `exert list` has them: a word at the begin of each line but the first.
    private static func kinds() throws -> [String] {
        let lines = try Child.run(Binary.path, "list").split(separator: "\n").dropFirst()
        return lines.prefix { !$0.hasPrefix("exert ") }.compactMap { line in
            line.first?.isLetter == true ? line.split(separator: " ").first.map(String.init) : nil
        }
    }

    @Test func `every kind of the catalogue has at least four`() throws {
        let kinds = try Self.kinds()
        #expect(kinds.contains("cpu") && kinds.contains("disk-bandwidth"), "\(kinds)")
        for kind in kinds {
            let here = Scenario.all.count { $0.kind == kind }
            let there = Self.guestNames.count { Self.guest[$0]?.contains("stressors: { \(kind):") == true }
            #expect(here + there >= 4, "'\(kind)' has \(here) here and \(there) in the guest; see Scenarios")
        }
        let unknown = Set(Scenario.all.map(\.kind)).subtracting(kinds)
        #expect(unknown.isEmpty, "no such kinds: \(unknown)")
    }

    @Test func `there are sixty at least, each with another name`() {
        #expect(Scenario.all.count + Self.guestNames.count >= 60)
        #expect(Set(Scenario.all.map(\.testDescription)).count == Scenario.all.count)
    }

    @Test func `each of the guest has its twin, which must end met`() {
        #expect(!Self.guestNames.isEmpty)
        for name in Self.guestNames {
            #expect(Self.guest[name]?.contains("- exit is 2\n") == true, "\(name)")
            let twin = Self.guest[name + "-twin"]
            #expect(twin?.contains("- exit is 0\n") == true, "\(name)")
        }
    }

    @Test func `each is hostile in what is done or in what is asked, and has a judge of its own`() {
        for scenario in Scenario.all {
            #expect(!scenario.acts.isEmpty || scenario.twin != nil, "\(scenario.testDescription)")
            #expect(!scenario.sees.isEmpty && !scenario.twinSees.isEmpty, "\(scenario.testDescription)")
        }
    }
}
