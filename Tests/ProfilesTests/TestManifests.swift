// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

@testable import Profiles

/// Manifests in the shape of the real ones, so that these tests do not change when a stressor does.
enum TestManifests {
    static let of = Manifest.Key(
        "of", .choice(["auto", "host", "affinity", "cgroup"]), default: .text("auto"), reach: .always(.ownProcess),
        help: "What 100 % means")
    static let mode = Manifest.Key(
        "mode", .choice(["add"]), default: .text("add"), reach: .always(.ownProcess), help: "On top of what is there")

    static let cpu = Manifest(
        kind: "cpu", summary: "Keeps processors busy", details: "", reach: .ownProcess, drive: .rate, unit: .cores,
        amounts: [.percent, .cores, .max, .leave],
        keys: [
            of, mode,
            .init(
                "method", .choice(["int", "float", "simd"]), default: .text("int"), reach: .always(.ownProcess),
                help: "What the cycles do"),
            .init("workers", .integer(1...1024), default: nil, reach: .always(.ownProcess), help: "How many threads"),
            .init("cpus", .cpuList, default: nil, reach: .always(.ownProcess), help: "Where they run"),
            .init(
                "priority", .choice(["normal", "nice", "idle"]), default: .text("normal"), reach: .always(.ownProcess),
                help: "How they compete"),
        ],
        tolerance: ToleranceRule(.points(1)), witness: "process_cpu_clock", examples: ["80%", "1.5 cores"])

    static let memory = Manifest(
        kind: "memory", summary: "Holds memory", details: "", reach: .ownProcess, drive: .level, unit: .bytes,
        amounts: [.percent, .bytes, .max, .leave],
        keys: [
            of,
            .init(
                "pages", .choice(["huge", "small"]), default: .text("huge"), reach: .always(.ownProcess),
                help: "Page size"),
            .init(
                "content", .choice(["random", "zero"]), default: .text("random"), reach: .always(.ownProcess),
                help: "What is written"),
            .init(
                "lock", .boolean, default: .boolean(false), reach: .always(.ownProcess),
                help: "Whether it may be swapped"),
            .init(
                "headroom", .bytes, default: .bytes(64 << 20), reach: .always(.ownProcess), help: "Never taken"),
            .init("note", .text, default: nil, reach: .always(.ownProcess), help: "Anything"),
            .init("nodes", .nodes, default: nil, reach: .always(.ownProcess), help: "Where it lies"),
        ],
        tolerance: ToleranceRule(.percent(1)), witness: "smaps_rollup", examples: ["1GiB", "80%"])

    static let handles = Manifest(
        kind: "file-handles", summary: "Holds open files", details: "", reach: .ownProcess, drive: .level,
        unit: .handles,
        amounts: [.percent, .count, .max, .leave], keys: [], tolerance: ToleranceRule(.absolute(.count(0))),
        witness: "fd", examples: ["15000"])

    static let bandwidth = Manifest(
        kind: "disk-bandwidth", summary: "Moves bytes", details: "", reach: .ownProcess, drive: .rate,
        unit: .bytesPerSecond,
        amounts: [.bytesPerSecond, .operationsPerSecond, .max],
        keys: [.init("block", .sizes, default: nil, reach: .always(.ownProcess), help: "Sizes of operations")],
        tolerance: ToleranceRule(.percent(1)),
        witness: "io", examples: ["50MB/s"])

    static let null = Manifest(
        kind: "null", summary: "Does nothing", details: "", reach: .ownProcess, drive: .rate, unit: .cores,
        amounts: [.percent], keys: [],
        tolerance: ToleranceRule(.points(1)), witness: "none", examples: ["50%"], isListed: false)

    static let all = [cpu, memory, handles, bandwidth, null]

    struct NoSuchFile: Error, CustomStringConvertible { let description = "No such file or directory" }

    /// What looks like a file of authorities.
    static let authorities = "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n"

    /// Files that are there unless a test has its own.
    static let standardFiles = [
        "ca.pem": authorities, "dir/ca.pem": authorities, "empty.pem": "", "junk.pem": "no certificate",
    ]

    static func profile(
        _ text: String, file: String = "p.yaml", files: [String: String] = standardFiles,
        included: [String: [UInt8]] = [:]
    ) throws(ProfileErrors) -> Profile {
        try profile(Array(text.utf8), file: file, files: files, included: included)
    }

    static func profile(
        _ bytes: [UInt8], file: String = "p.yaml", files: [String: String] = standardFiles,
        included: [String: [UInt8]] = [:]
    ) throws(ProfileErrors) -> Profile {
        let read = { (path: String) throws -> [UInt8] in
            if let bytes = included[path] { return bytes }
            guard let text = files[path] else { throw NoSuchFile() }
            return Array(text.utf8)
        }
        return try ProfileReader.profile(
            from: bytes, file: file, manifests: all, readFile: read, readIncluded: read)
    }

    /// The problems of a text, one a line; empty where it has none.
    static func problems(_ text: String, files: [String: String] = standardFiles) -> String {
        problems(Array(text.utf8), files: files)
    }

    static func problems(_ bytes: [UInt8], files: [String: String] = standardFiles) -> String {
        do throws(ProfileErrors) {
            _ = try profile(bytes, files: files)
            return ""
        } catch {
            return error.description
        }
    }

    /// The problem of one load of `cpu`, `memory` … in a phase of a minute, without its place and quotes of YAML.
    static func loadProblem(_ load: String, of kind: String = "cpu", files: [String: String] = standardFiles) -> String
    {
        let quoted = load.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''")
        return problems("phases: [{name: p, for: 1m, load: {\(kind): '\(quoted)'}}]", files: files)
    }

    /// The shape of one load, or `nil` where it has a problem.
    static func shape(_ load: String, of kind: String = "cpu", files: [String: String] = standardFiles) -> LoadShape? {
        try? profile("phases: [{name: p, for: 1m, load: {\(kind): '\(load)'}}]", files: files)
            .phases.first?.loads.first?.shape
    }

    /// Expects the schema and the reader to say the same of a text in JSON, which is YAML as well.
    static func expectAgreement(on text: String, isRight: Bool, files: [String: String] = standardFiles) throws {
        try expectAgreement(on: [(text, isRight)], files: files)
    }

    /// The same of many texts, whose schema is read once.
    static func expectAgreement(on texts: [(String, isRight: Bool)], files: [String: String] = standardFiles) throws {
        let schema = try JSONSchema(ProfileSchema.jsonSchema(manifests: all))
        for (text, isRight) in texts {
            let problems = problems(text, files: files)
            #expect(problems.isEmpty == isRight, "the reader: \(problems)\n\(text)")
            #expect(try schema.accepts(text) == isRight, "the schema\n\(text)")
        }
    }
}
