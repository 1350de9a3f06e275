// SPDX-License-Identifier: Apache-2.0

import Benchmark
import LinuxSystem
import LoadModel
import Profiles
import Stressors

/// Reading profiles: the one that everybody runs first, and one of as many phases as there may be.
func addProfile() {
    let quickstart = quickstart()
    Measure.add("profile.quickstart", calls: 1) { calls in
        for _ in 0..<calls { blackHole(phaseCount(quickstart)) }
    }
    let large = thousandPhases()
    Measure.add("profile.1000_phases", calls: 1) { calls in
        for _ in 0..<calls { blackHole(phaseCount(large)) }
    }
}

private func phaseCount(_ text: [UInt8]) -> Int {
    do {
        return try ProfileReader.profile(
            from: text, file: "benchmark.yaml", manifests: Catalog.manifests, readFile: { _ in [] }
        ).phases.count
    } catch {
        preconditionFailure("the benchmark's own profile is refused: \(error)")
    }
}

/// The file of this checkout.
private func quickstart() -> [UInt8] {
    let here = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    do {
        return try SmallFile.bytes("/\(here)/profiles/quickstart.yaml")
    } catch {
        preconditionFailure("profiles/quickstart.yaml: \(error)")
    }
}

/// Two stressors, 1,000 phases, five kinds of load.
private func thousandPhases() -> [UInt8] {
    let loads = ["35%", "ramp from 5% to 50% in 6s", "sine 10% to 40% every 4s", "pulse 80% for 2s every 10s", "max"]
    var text = "name: large\nstressors:\n  cpu: { of: auto }\n  memory: { pages: huge, content: random }\nphases:\n"
    for index in 0..<1000 {
        text += "  - name: phase-\(index)\n    for: 30s\n    load:\n      cpu: \(loads[index % 5])\n"
        text += "      memory: \(64 + index % 64)MiB\n"
    }
    return Array(text.utf8)
}
