// SPDX-License-Identifier: Apache-2.0

import Foundation
import LoadModel
import Profiles
import Stressors
import Testing

@testable import Importers

/// Sources of imports, and what is made of them.
enum Fixture {
    static let folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent().path

    static func bytes(_ path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) }

    /// A file in `Sources`.
    static func source(_ name: String) throws -> [UInt8] { try bytes("\(folder)/Sources/\(name)") }

    /// Options as the command has them on a host with two processors.
    static func options(_ source: String = "source", _ change: (inout ImportOptions) -> Void = { _ in })
        -> ImportOptions
    {
        var options = ImportOptions(source: source, processors: 2)
        change(&options)
        return options
    }

    /// What the reader of profiles, which knows the real stressors, says of an import's profile.
    static func problems(_ profile: String) -> String {
        do throws(ProfileErrors) {
            _ = try read(profile)
            return ""
        } catch {
            return error.description
        }
    }

    static func read(_ profile: String) throws(ProfileErrors) -> Profile {
        try ProfileReader.profile(
            from: Array(profile.utf8), file: "imported.yaml", manifests: Catalog.manifests, readFile: { _ in [] })
    }

    static func words(_ tool: ForeignTool, _ line: String, _ options: ImportOptions = options()) throws -> Imported {
        try Importer.words(line.split(separator: " ").map(String.init), of: tool, options)
    }

    static func file(
        _ tool: ForeignTool, _ text: String, _ options: ImportOptions = options()
    ) throws -> Imported {
        try Importer.file(Array(text.utf8), of: tool, options)
    }

    /// The problems of an import, one a line; empty where it has none.
    static func refusal(_ run: () throws -> Imported) -> String {
        do {
            _ = try run()
            return ""
        } catch let error as ImportErrors {
            return error.problems.map(\.description).joined(separator: "\n")
        } catch {
            return "\(error)"
        }
    }

    /// The areas of the loads in each phase, by stressor, in units times seconds; percentages are of 100.
    static func areas(_ profile: String) throws -> [[String: Double]] {
        try read(profile).phases.map { phase in
            var areas: [String: Double] = [:]
            for load in phase.loads {
                var curve = Curve()
                _ = curve.append(phase.length, load.shape, from: 0, seed: 1) { amount in
                    if case .percent(let value) = amount { value } else { amount.number ?? 0 }
                }
                areas[load.stressor] = curve.area(until: phase.length) / 1e9
            }
            return areas
        }
    }
}

extension Imported {
    /// The entry that begins with a text.
    func entry(_ text: String) -> ImportAccount.Entry? { account.entries.first { $0.text.hasPrefix(text) } }

    /// The profile without its comments.
    var body: String {
        (profile ?? "").split(separator: "\n").filter { !$0.hasPrefix("#") }.joined(separator: "\n")
    }
}
