// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

/// Settings of every Swift target: Swift 6 mode comes from `swiftLanguageModes`, warnings are errors.
let swiftSettings: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0335-existential-any.md
    .enableUpcomingFeature("ExistentialAny"),
    // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0444-member-import-visibility.md
    .enableUpcomingFeature("MemberImportVisibility"),
    // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0409-access-level-on-imports.md
    .enableUpcomingFeature("InternalImportsByDefault"),
]

/// What `swift build --disable-default-traits` leaves out: the files of the server are empty then (`#if Server`).
let server = TargetDependencyCondition.when(traits: ["Server"])
let tls = TargetDependencyCondition.when(traits: ["TLS"])

let package = Package(
    name: "exert",
    products: [
        .executable(name: "exert", targets: ["ExertCLI"]),
        // For services and tests that start loads themselves.
        .library(name: "Exert", targets: ["Exert"]),
        // For Benchmarks/ alone, and without promise: what it measures has no public face of its own.
        .library(
            name: "ExertInternals",
            targets: ["LoadModel", "LinuxSystem", "UndoRecords", "Profiles", "Engine", "Stressors", "Reporting"]
        ),
    ],
    traits: [
        .trait(name: "Server", description: "`exert serve`: Hummingbird's core and SwiftNIO, most of a first build."),
        .trait(name: "TLS", description: "HTTPS of `exert serve` and of probes: BoringSSL.", enabledTraits: ["Server"]),
        .default(enabledTraits: ["Server", "TLS"]),
    ],
    dependencies: [
        // Command line: subcommands, help and usage errors that users know from other tools.
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        // Typed errno and descriptors, so that no call site spells an integer.
        .package(url: "https://github.com/apple/swift-system", from: "1.8.0"),
        // HTTP server of `exert serve`: it stays up when `accept` finds no descriptor. Its core alone, without router
        // and defaults, which bring file systems, tracing, all of Foundation and swift-configuration.
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0", traits: []),
        // What Hummingbird is made of, where the server meets it: buffers, header fields, lifecycle, logs, TLS.
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.34.1"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0", traits: []),
        .package(url: "https://github.com/apple/swift-log", from: "1.14.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.0.0"),
    ],
    targets: [
        // The C that Swift cannot spell: GNU-only calls, variadics, burn kernels.
        .target(
            name: "CLinux",
            cSettings: [.define("_GNU_SOURCE"), .treatAllWarnings(as: .error), .unsafeFlags(["-O2"])]
        ),
        // libnuma, from Debian's libnuma-dev.
        .systemLibrary(name: "CNUMA", providers: [.apt(["libnuma-dev"])]),
        // Typed, noncopyable Swift over Linux.
        .target(
            name: "LinuxSystem",
            dependencies: ["CLinux", "CNUMA", .product(name: "SystemPackage", package: "swift-system")]
        ),
        // Plain values: units, curves, profile, plan, sample, run record, verdict.
        .target(name: "LoadModel"),
        // libyaml, from Debian's libyaml-dev.
        .systemLibrary(name: "CYAML", providers: [.apt(["libyaml-dev"])]),
        // YAML text to a tree with a place on every value.
        .target(name: "YAML", dependencies: ["CYAML", "LoadModel"]),
        // YAML text to `Profile`, every problem of the file at once.
        .target(
            name: "Profiles",
            dependencies: ["LoadModel", "YAML"]
        ),
        // What other tools are told to profiles, with an account of everything in the source.
        .target(name: "Importers", dependencies: ["LoadModel", "YAML", "Profiles"]),
        // What outlives a process: written down first, proven to be ours, undone; one file for each effect.
        .target(
            name: "UndoRecords",
            dependencies: ["CLinux", "LinuxSystem", .product(name: "SystemPackage", package: "swift-system")]
        ),
        // The only place where time passes: drivers, pacing, sampling, witnesses.
        .target(
            name: "Engine",
            dependencies: [
                "LoadModel", "LinuxSystem", "UndoRecords", "Probes",
                .product(name: "SystemPackage", package: "swift-system"),
            ]
        ),
        // What is asked of the system under test, and the process that asks.
        .target(name: "Probes", dependencies: ["CLinux", "LoadModel", "LinuxSystem"]),
        // TLS of probes, by the BoringSSL that the server has already. It is not offered without SwiftNIO's channels,
        // so bytes go through one that has no socket: some tens of microseconds a request, and no second library.
        // Only a prober that is asked for https ever enters it.
        .target(
            name: "ProbesTLS",
            dependencies: [
                "LinuxSystem", "LoadModel", "Probes",
                .product(name: "NIOCore", package: "swift-nio", condition: tls),
                .product(name: "NIOEmbedded", package: "swift-nio", condition: tls),
                .product(name: "NIOTLS", package: "swift-nio", condition: tls),
                .product(name: "NIOSSL", package: "swift-nio-ssl", condition: tls),
            ]
        ),
        // One folder per stressor and one catalog file.
        .target(
            name: "Stressors",
            dependencies: [
                "CLinux", "LoadModel", "LinuxSystem", "UndoRecords", "Engine",
                .product(name: "SystemPackage", package: "swift-system"),
            ]
        ),
        // Run record and events to text, NDJSON and JSON.
        .target(name: "Reporting", dependencies: ["LoadModel"]),
        // Logs read again, and what is made of them: text, JSON, Markdown, CSV, and a page with charts.
        .target(
            name: "Evidence",
            dependencies: ["LoadModel", "Reporting"],
            // In the binary: a report is made where nothing else of exert is.
            resources: [.embedInCode("Page/report.css"), .embedInCode("Page/report.js")]
        ),
        // Runs as seen from outside: starts an observer process and drives it; what other programs import.
        .target(name: "Exert", dependencies: ["LinuxSystem"]),
        // The HTTP face of runs.
        .target(
            name: "ControlServer",
            dependencies: [
                "Exert", "LinuxSystem", "Reporting",
                .product(name: "HummingbirdCore", package: "hummingbird", condition: server),
                .product(name: "HummingbirdTLS", package: "hummingbird", condition: tls),
                .product(name: "HTTPTypes", package: "swift-http-types", condition: server),
                .product(name: "NIOCore", package: "swift-nio", condition: server),
                .product(name: "NIOPosix", package: "swift-nio", condition: server),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras", condition: server),
                .product(name: "NIOSSL", package: "swift-nio-ssl", condition: tls),
                .product(name: "Logging", package: "swift-log", condition: server),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle", condition: server),
            ],
            // In the binary: whatever happens to the disk, the page and the description are there.
            resources: [.embedInCode("Page/page.html"), .embedInCode("OpenAPI/openapi.json")]
        ),
        // Commands, exit codes, wiring.
        .executableTarget(
            name: "ExertCLI",
            dependencies: [
                "LoadModel", "LinuxSystem", "UndoRecords", "Profiles", "Engine", "Probes", "ProbesTLS", "Stressors",
                "Reporting", "Evidence", "Exert", "ControlServer", "Importers",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]
        ),
        .testTarget(name: "LoadModelTests", dependencies: ["LoadModel"]),
        .testTarget(name: "YAMLTests", dependencies: ["YAML", "LoadModel"]),
        .testTarget(name: "ProfilesTests", dependencies: ["Profiles", "LoadModel"]),
        // Whether real stressors take what is imported; what is excluded is read by path.
        .testTarget(
            name: "ImportersTests",
            dependencies: ["Importers", "Profiles", "LoadModel", "Stressors"],
            exclude: ["Golden", "Sources"]
        ),
        .testTarget(
            name: "EngineTests",
            dependencies: [
                "Engine", "LoadModel", "LinuxSystem", .product(name: "SystemPackage", package: "swift-system"),
            ]
        ),
        .testTarget(
            name: "LinuxSystemTests",
            // What makes a file without a name is in part there.
            dependencies: [
                "LinuxSystem", "UndoRecords", .product(name: "SystemPackage", package: "swift-system"),
            ]
        ),
        .testTarget(name: "ProbesTests", dependencies: ["Probes", "ProbesTLS", "LoadModel", "LinuxSystem"]),
        .testTarget(name: "UndoRecordsTests", dependencies: ["UndoRecords", "LinuxSystem", "CLinux"]),
        .testTarget(
            name: "StressorTests",
            dependencies: ["Stressors", "Engine", "LoadModel", "LinuxSystem", "UndoRecords", "CLinux"]),
        .testTarget(name: "CommandLineTests", dependencies: ["ExertCLI"]),
        .testTarget(name: "ExertTests", dependencies: ["Exert", "ExertCLI"]),
        .testTarget(name: "ControlServerTests", dependencies: ["ControlServer", "Exert", "ExertCLI"]),
        .testTarget(name: "TidyTests"),
        // exert in a virtual machine; what is excluded is read by path.
        .testTarget(
            name: "GuestTests",
            dependencies: ["YAML", "LoadModel"],
            exclude: ["Guest", "Scenarios"]
        ),
        // What is done to a run from outside, and what the kernel and the verdict say of it.
        .testTarget(name: "HostileTests", dependencies: ["ExertCLI"]),
        .testTarget(name: "ReportingTests", dependencies: ["Reporting", "LoadModel"]),
        .testTarget(name: "EvidenceTests", dependencies: ["Evidence", "Reporting", "LoadModel"]),
    ],
    swiftLanguageModes: [.v6]
)

for target in package.targets where target.type != .system && target.name != "CLinux" {
    target.swiftSettings = (target.swiftSettings ?? []) + swiftSettings
}

// The judge is tried in a hundred thousand simulated runs: one minute where these are optimised, fifteen where not.
// Logs are cut at every byte and broken in thousands of places: two seconds and twelve.
for target in package.targets where ["LoadModel", "Engine", "EngineTests", "Evidence"].contains(target.name) {
    target.swiftSettings?.append(.unsafeFlags(["-O"], .when(configuration: .debug)))
}
