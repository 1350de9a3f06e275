// SPDX-License-Identifier: Apache-2.0

import Testing

/// The rules can fail: each is given something bad.
@Suite struct RuleTests {
    @Test(
        arguments: [
            ("// SPDX-License-Identifier: Apache-2.0\n", true), ("# SPDX-License-Identifier: Apache-2.0\n", true),
            ("#!/bin/sh\n# SPDX-License-Identifier: Apache-2.0\n", true),
            ("// swift-tools-version: 6.2\n// SPDX-License-Identifier: Apache-2.0\n", true),
            ("", false), ("import Glibc\n", false), ("\n// SPDX-License-Identifier: Apache-2.0\n", false),
            ("// SPDX-License-Identifier: MIT\n", false), ("#!/bin/sh\necho\n", false), ("#!/bin/sh", false),
        ])
    func header(text: String, isGood: Bool) {
        #expect(StyleRules.header(text).isEmpty == isGood)
    }

    @Test func layout() {
        func problems(_ text: String) -> [String] { StyleRules.layout(Array(text.utf8)) }
        let long = String(repeating: "x", count: 121)
        #expect(problems("a\n") == [])
        #expect(problems(long.dropLast() + "\n") == [])
        #expect(problems("a\n\(long)\n") == ["2: 121 columns"])
        #expect(problems(String(repeating: "ä", count: 120) + "\n") == [], "columns are not bytes")
        #expect(problems(String(repeating: "ä", count: 121) + "\n") == ["1: 121 columns"])
        #expect(problems("a\n\tb\n") == ["2: tab"])
        #expect(problems("a \n") == ["1: blank at the end of the line"])
        #expect(problems("a\r\n") == ["1: carriage return"])
        #expect(problems("a\nb") == ["2: no newline at the end of the file"])
        #expect(problems("") == ["1: no newline at the end of the file"])
    }

    @Test func length() {
        #expect(StyleRules.length([UInt8](repeating: 0x0A, count: 400)) == [])
        #expect(StyleRules.length([UInt8](repeating: 0x0A, count: 401)) == ["401: more than 400 lines"])
    }

    @Test(arguments: StyleRules.banned)
    func wording(word: String) {
        #expect(StyleRules.wording("let a = 1\nlet b =\(word) c()\n") == ["2: \(word)"])
    }

    @Test func `good words are not mistaken for bad ones`() {
        #expect(StyleRules.wording("try? a; b as? C; d as E; precondition(e); it has! more; todo\n") == [])
    }

    @Test(
        arguments: [
            ("# Does it hold?\nname: a\n", true), ("# A staircase.\n#\n# Where does it break?\nname: a\n", true),
            ("name: a\n# Does it hold?\n", false), ("# It holds.\nname: a\n", false),
            ("# It holds.\n\n# Does it?\nname: a\n", false), ("", false),
        ])
    func question(text: String, isGood: Bool) {
        #expect(StyleRules.question(text).isEmpty == isGood)
    }

    @Test(
        arguments: [
            ("import Glibc", ["Glibc"]), ("public import LoadModel", ["LoadModel"]),
            ("@testable import Engine", ["Engine"]), ("@preconcurrency internal import Yams", ["Yams"]),
            ("  import Crypto  // for SHA-256", ["Crypto"]), ("import struct Foundation.Data", ["Foundation"]),
            ("import func Glibc.cos", ["Glibc"]), ("fileprivate import A\nimport B", ["A", "B"]),
            ("// import Foundation", []), ("let text = \"import Foundation\"", []), ("let important = 1", []),
        ] as [(String, [String])])
    func imports(text: String, modules: [String]) {
        #expect(Dependencies.imports(of: text) == modules)
    }

    @Test(
        arguments: [
            ("LoadModel", "Engine"), ("LoadModel", "Foundation"), ("Reporting", "Engine"), ("Reporting", "Profiles"),
            ("Reporting", "FoundationEssentials"), ("Engine", "Stressors"), ("Engine", "Reporting"),
            ("Engine", "Foundation"), ("Engine", "CLinux"), ("LinuxSystem", "LoadModel"),
            ("Stressors", "Foundation"), ("Stressors", "Profiles"), ("ExertCLI", "Foundation"), ("ExertCLI", "CLinux"),
            ("ExertCLI", "YAML"), ("Profiles", "Engine"), ("Profiles", "ArgumentParser"), ("Profiles", "CYAML"),
            ("Profiles", "Foundation"), ("YAML", "Profiles"),
            ("CLinux", "LinuxSystem"), ("Engine", "Hummingbird"), ("Unheard", "Glibc"), ("Engine", "Unheard"),
        ])
    func `what a target may not use is objected to`(target: String, module: String) {
        #expect(Dependencies.objection(to: module, in: target) != nil)
    }

    @Test(
        arguments: [
            ("LoadModel", "Glibc"), ("Engine", "SystemPackage"), ("Engine", "LinuxSystem"), ("Profiles", "YAML"),
            ("Exert", "FoundationEssentials"), ("LinuxSystem", "CNUMA"), ("YAML", "CYAML"),
            ("ExertCLI", "ArgumentParser"), ("Stressors", "CLinux"), ("Reporting", "LoadModel"),
            ("Engine", "Synchronization"), ("Stressors", "SystemPackage"),
        ])
    func `what a target may use is not`(target: String, module: String) {
        #expect(Dependencies.objection(to: module, in: target) == nil)
    }

    @Test func `nobody knows one who knows them`() {
        for (name, rule) in Dependencies.rules {
            var seen = rule.ours
            var new = rule.ours
            while !new.isEmpty {
                new = Set(new.flatMap { Dependencies.rules[$0]?.ours ?? [] }).subtracting(seen)
                seen.formUnion(new)
            }
            #expect(!seen.contains(name), "\(name) is in a circle")
        }
    }

    @Test func `an external package belongs to few`() {
        func users(_ module: String) -> Set<String> {
            Set(Dependencies.rules.filter { $0.value.external.contains(module) }.keys)
        }
        #expect(users("ArgumentParser") == ["ExertCLI"])
        #expect(users("SystemPackage") == ["LinuxSystem", "UndoRecords", "Engine", "Stressors"])
    }

    @Test func `targets are read from a manifest`() {
        let manifest = """
            // .target(name: "Commented")
            products: [.executable(name: "tool", targets: ["tool"])],
            dependencies: [.package(url: "https://example.org/yams", from: "1.0.0")],
            targets: [
                .target(name: "A", cSettings: [.define("X"), .unsafeFlags(["-O2"])]),
                .systemLibrary(name: "B", providers: [.apt(["libb-dev"])]),
                .target(
                    name: "C",
                    dependencies: [
                        "A", .product(name: "Yams", package: "Yams"),
                        .product(name: "SystemPackage", package: "swift-system"), "B",
                    ]
                ),
                .executableTarget(name: "tool", dependencies: ["C"], path: "Sources/tool"),
                .testTarget(name: "CTests", dependencies: ["C", "A"]),
            ]
            for target in package.targets where target.type != .system {}
            """
        #expect(
            Dependencies.targets(ofManifest: manifest) == [
                .init(name: "A", isTest: false, dependencies: []),
                .init(name: "C", isTest: false, dependencies: ["A", "Yams", "SystemPackage", "B"]),
                .init(name: "tool", isTest: false, dependencies: ["C"]),
                .init(name: "B", isTest: false, dependencies: []),
                .init(name: "CTests", isTest: true, dependencies: ["C", "A"]),
            ])
    }
}
