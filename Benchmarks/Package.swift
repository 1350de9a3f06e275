// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

// A package of its own, so that whoever uses exert resolves and builds nothing of what only its benchmarks need.

/// The settings of the product's own targets.
let swiftSettings: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

let package = Package(
    name: "exert-benchmarks",
    dependencies: [
        .package(name: "exert", path: ".."),
        // Micro-benchmarks with thresholds in files. Without its defaults: they bring a malloc interposer, whose counts
        // nothing here asks for.
        .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []),
    ],
    targets: [
        // What one call costs. The tool takes for its own what lies right below a folder named Benchmarks: this one.
        .executableTarget(
            name: "Micro",
            dependencies: [
                .product(name: "Benchmark", package: "benchmark"),
                .product(name: "ExertInternals", package: "exert"),
            ],
            path: "Micro",
            plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]
        ),
        // What a day of sampling costs, in virtual time.
        .executableTarget(
            name: "scale", dependencies: ["CHeap", .product(name: "ExertInternals", package: "exert")]),
        .target(name: "CHeap"),
    ],
    swiftLanguageModes: [.v6]
)

for target in package.targets where target.name != "CHeap" {
    target.swiftSettings = (target.swiftSettings ?? []) + swiftSettings
}
