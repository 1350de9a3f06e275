// SPDX-License-Identifier: Apache-2.0

import Testing

/// The checkout itself under test: direction of dependencies, headers, layout, wording.
@Suite struct TidyTests {
    private static let sources = Checkout.files(under: "Sources")
    /// The benchmarks are a package of their own, and no less ours.
    private static let benchmarks = Checkout.files(under: "Benchmarks")
    private static let code = (sources + Checkout.files(under: "Tests") + benchmarks + ["Package.swift"]).filter {
        $0.hasSuffix(".swift") || $0.hasSuffix(".c") || $0.hasSuffix(".h")
    }
    private static let scripts = Checkout.files(under: "scripts") + [".ci/run", "Benchmarks/internal"]

    /// Data, not logic: one JSON Schema, which is read in one piece.
    private static let longByNature = ["Sources/Reporting/LogSchema.swift"]

    @Test func `the checkout is found, and is ours`() throws {
        #expect(Self.sources.contains("Sources/Engine/Drive/Pacer.swift"))
        #expect(Self.code.contains("Tests/TidyTests/TidyTests.swift"))
        #expect(Self.scripts.contains("scripts/test"))
        #expect(Self.code.contains("Benchmarks/Package.swift"))
    }

    @Test func `every source imports only what its target may know`() throws {
        for path in Self.sources where path.hasSuffix(".swift") {
            let target = String(path.split(separator: "/")[1])
            for module in Dependencies.imports(of: try Checkout.text(path)) {
                if let objection = Dependencies.objection(to: module, in: target) {
                    Issue.record("\(path): \(objection)")
                }
            }
        }
    }

    @Test func `every target of the manifest depends only on what it may know`() throws {
        let targets = Dependencies.targets(ofManifest: try Checkout.text("Package.swift")).filter { !$0.isTest }
        #expect(Set(targets.map(\.name)) == Set(Checkout.folders(under: "Sources")))
        for target in targets {
            for dependency in target.dependencies {
                if let objection = Dependencies.objection(to: dependency, in: target.name) {
                    Issue.record("Package.swift: \(objection)")
                }
            }
        }
    }

    @Test func `every target of ours that is imported is declared, and every declared one is imported`() throws {
        let targets = Dependencies.targets(ofManifest: try Checkout.text("Package.swift")).filter { !$0.isTest }
        for target in targets where target.name != "CLinux" && target.name != "CNUMA" {
            var imported: Set<String> = []
            for path in Self.sources where path.hasPrefix("Sources/\(target.name)/") && path.hasSuffix(".swift") {
                imported.formUnion(Dependencies.imports(of: try Checkout.text(path)))
            }
            let ours = imported.intersection(Dependencies.rules.keys)
            #expect(ours.subtracting(target.dependencies) == [], "\(target.name) imports what it does not declare")
            let unused = Set(target.dependencies).subtracting(imported)
            #expect(unused == [], "\(target.name) declares what it does not import")
        }
    }

    @Test func `every folder of tests is a test target of the manifest`() throws {
        let targets = Dependencies.targets(ofManifest: try Checkout.text("Package.swift")).filter(\.isTest)
        #expect(Set(targets.map(\.name)) == Set(Checkout.folders(under: "Tests")))
    }

    @Test func `no two paths differ in case alone, so that a clone works where case does not count`() {
        let folders = ["Sources", "Tests", "Benchmarks", "profiles", "docs", "scripts", "deploy"]
        // With every folder on the way: two folders clash as two files do.
        let paths = folders.flatMap(Checkout.files).reduce(into: Set<String>()) { all, path in
            let parts = path.split(separator: "/")
            for count in 1...parts.count { all.insert(parts.prefix(count).joined(separator: "/")) }
        }
        #expect(paths.count > 300)
        for (name, clash) in Dictionary(grouping: paths, by: { $0.lowercased() }) where clash.count > 1 {
            Issue.record("\(name) stands for \(clash.sorted().joined(separator: " and "))")
        }
    }

    @Test func `what needs the server's packages is left out without the trait`() throws {
        let packages = ["NIO", "HTTPTypes", "Hummingbird", "Logging", "ServiceLifecycle"]
        let users = try Self.sources.filter { path in
            let text = try Checkout.text(path)
            return packages.contains { text.contains("import \($0)") }
        }
        #expect(users.count > 5)
        for path in users {
            // The trait TLS enables the other.
            let text = try Checkout.text(path)
            let isGuarded = ["Server", "TLS"].contains { text.contains("\n#if \($0)\n") }
            #expect(isGuarded, "\(path) imports a package of the server outside of #if Server")
        }
    }

    @Test func `every file says its licence`() throws {
        for path in Self.code + Self.scripts { report(path, StyleRules.header(try Checkout.text(path))) }
    }

    @Test func `lines are short, without tabs and stray blanks, and the last one ends`() throws {
        for path in Self.code + Self.scripts { report(path, StyleRules.layout(try Checkout.bytes(path))) }
    }

    @Test func `no source is so long that nobody reads it`() throws {
        for path in Self.code where path.hasPrefix("Sources/") || path.hasPrefix("Benchmarks/") {
            let problems = StyleRules.length(try Checkout.bytes(path))
            if Self.longByNature.contains(path) {
                #expect(!problems.isEmpty, "\(path) needs no exception any more")
            } else {
                report(path, problems)
            }
        }
    }

    @Test func `what ships neither traps by choice nor puts off work`() throws {
        for path in Self.sources { report(path, StyleRules.wording(try Checkout.text(path))) }
    }

    @Test func `every profile begins with the question that it answers`() throws {
        let profiles = Checkout.files(under: "profiles").filter { $0.hasSuffix(".yaml") }
        #expect(!profiles.isEmpty)
        for path in profiles {
            report(path, StyleRules.question(try Checkout.text(path)))
            report(path, StyleRules.layout(try Checkout.bytes(path)))
        }
    }

    @Test func `scripts can be run`() {
        for path in Self.scripts { #expect(Checkout.isExecutable(path), "\(path) is not executable") }
    }

    private func report(_ path: String, _ problems: [String]) {
        for problem in problems { Issue.record("\(path):\(problem)") }
    }
}
