// SPDX-License-Identifier: Apache-2.0

/// Who may know whom: the design's table of targets.
enum Dependencies {
    /// What a target may import of ours and of others.
    struct Rule {
        var ours: Set<String> = []
        var external: Set<String> = []
        /// Whether Foundation may be used: it costs start time and resident set, and is in none that runs with load.
        var mayUseFoundation = false
    }

    /// A target that is not here may not be: a new one is first given its place.
    static let rules: [String: Rule] = [
        "CLinux": Rule(),
        "CNUMA": Rule(),
        "LinuxSystem": Rule(ours: ["CLinux", "CNUMA"], external: ["SystemPackage"]),
        "UndoRecords": Rule(ours: ["CLinux", "LinuxSystem"], external: ["SystemPackage"]),
        "LoadModel": Rule(),
        "CYAML": Rule(),
        "YAML": Rule(ours: ["CYAML", "LoadModel"]),
        "Profiles": Rule(ours: ["LoadModel", "YAML"]),
        "Importers": Rule(ours: ["LoadModel", "YAML", "Profiles"]),
        "Engine": Rule(ours: ["LoadModel", "LinuxSystem", "UndoRecords", "Probes"], external: ["SystemPackage"]),
        "Probes": Rule(ours: ["CLinux", "LoadModel", "LinuxSystem"]),
        "ProbesTLS": Rule(
            ours: ["LinuxSystem", "LoadModel", "Probes"], external: ["NIOCore", "NIOEmbedded", "NIOTLS", "NIOSSL"]),
        "Stressors": Rule(
            ours: ["CLinux", "LoadModel", "LinuxSystem", "UndoRecords", "Engine"], external: ["SystemPackage"]),
        "Reporting": Rule(ours: ["LoadModel"]),
        "Evidence": Rule(ours: ["LoadModel", "Reporting"]),
        "Exert": Rule(ours: ["LinuxSystem"], mayUseFoundation: true),
        // A run is a process of its own: the server knows nothing of engines and stressors.
        "ControlServer": Rule(
            ours: ["Exert", "LinuxSystem", "Reporting"],
            external: [
                "HummingbirdCore", "HummingbirdTLS", "HTTPTypes", "NIOCore", "NIOHTTPTypes", "NIOPosix", "NIOSSL",
                "ServiceLifecycle", "Logging",
            ],
            mayUseFoundation: true),
        "ExertCLI": Rule(
            ours: [
                "LoadModel", "LinuxSystem", "UndoRecords", "Profiles", "Engine", "Probes", "ProbesTLS", "Stressors",
                "Reporting", "Evidence", "Exert", "ControlServer", "Importers",
            ],
            external: ["ArgumentParser"]),
    ]

    /// What comes with Swift and the C library.
    static let platform: Set<String> = ["Glibc", "Synchronization", "Dispatch"]
    static let foundation: Set<String> = ["Foundation", "FoundationEssentials", "FoundationNetworking"]

    /// Why `target` may not use `module`; `nil` where it may.
    static func objection(to module: String, in target: String) -> String? {
        guard let rule = rules[target] else { return "target \(target) has no place in the table" }
        if foundation.contains(module) { return rule.mayUseFoundation ? nil : "\(target) may not use \(module)" }
        let allowed = rule.ours.union(rule.external).union(platform)
        return allowed.contains(module) ? nil : "\(target) may not use \(module)"
    }

    /// The modules that a Swift file imports, attributes, access levels and `import struct A.B` included.
    static func imports(of text: String) -> [String] {
        text.split(separator: "\n").compactMap { line in
            guard line.contains("import ") else { return nil }
            var words = line.split(separator: " ")[...]
            let before = ["public", "package", "internal", "fileprivate", "private"]
            while let word = words.first, word.hasPrefix("@") || before.contains(String(word)) { words.removeFirst() }
            guard words.first == "import" else { return nil }
            words.removeFirst()
            let kinds = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
            if let word = words.first, kinds.contains(String(word)) { words.removeFirst() }
            return words.first?.split(separator: ".").first.map(String.init)
        }
    }

    /// A target of a package manifest.
    struct Target: Equatable {
        var name: String
        var isTest: Bool
        var dependencies: [String]
    }

    /// The targets of a manifest's text: of each `.target(…)` its name and what stands in `dependencies: […]`.
    static func targets(ofManifest text: String) -> [Target] {
        let code = text.split(separator: "\n").map { line in
            line.split(separator: " ").first?.hasPrefix("//") == true ? "" : String(line)
        }.joined(separator: "\n")
        var targets: [Target] = []
        for (opening, isTest) in [
            (".target(", false), (".executableTarget(", false), (".systemLibrary(", false), (".testTarget(", true),
        ] {
            for rest in code.split(separator: opening, omittingEmptySubsequences: false).dropFirst() {
                let body = rest.prefix(upToClosing: ")")
                guard body.contains("name:"), let name = strings(in: body).first else { continue }
                var dependencies: [String] = []
                if let list = body.split(separator: "dependencies: [", maxSplits: 1).dropFirst().first {
                    let items = list.prefix(upToClosing: "]")
                    // `package: "…"` names where a product is from, which is nobody's dependency.
                    for item in items.split(separator: "\"", omittingEmptySubsequences: false).enumerated()
                    where item.offset % 2 == 1 {
                        dependencies.append(String(item.element))
                    }
                    let packages = items.split(separator: "package: \"").dropFirst().map { rest in
                        String(rest.prefix { $0 != "\"" })
                    }
                    for package in packages {
                        if let index = dependencies.lastIndex(of: package) { dependencies.remove(at: index) }
                    }
                }
                targets.append(Target(name: name, isTest: isTest, dependencies: dependencies))
            }
        }
        return targets
    }

    private static func strings(in text: Substring) -> [String] {
        text.split(separator: "\"", omittingEmptySubsequences: false).enumerated()
            .filter { $0.offset % 2 == 1 }.map { String($0.element) }
    }
}

extension Substring {
    /// What comes before the bracket that closes the one that was opened right before this text.
    fileprivate func prefix(upToClosing closing: Character) -> Substring {
        let opening: Character = closing == ")" ? "(" : "["
        var depth = 1
        for index in indices {
            if self[index] == opening { depth += 1 }
            if self[index] == closing { depth -= 1 }
            if depth == 0 { return self[..<index] }
        }
        return self
    }
}
