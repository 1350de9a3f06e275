// SPDX-License-Identifier: Apache-2.0

import Engine
import LoadModel

@testable import LinuxSystem

/// Hosts that this machine is not.
enum FakeHost {
    /// Four processors and 16 GiB without limits, unless said otherwise.
    static func make(
        online: [Int] = [0, 1, 2, 3], affinity: [Int] = [0, 1, 2, 3], quota: Double? = nil, memoryLimit: Double? = nil,
        memoryHigh: Double? = nil, memoryDirectory: String = "/no/such/group", hugePages: String = "madvise",
        nodes: [NUMA.Node] = []
    ) -> HostFacts {
        var host = HostFacts.read()
        host.onlineCPUs = online
        host.affinityCPUs = affinity
        host.cpuQuota = quota.map {
            CgroupView.Limit(value: $0, source: "/g/cpu.max", group: .init(directory: "/g", version: 2))
        }
        host.memoryTotal = 16 << 30
        host.memoryAvailable = 12 << 30
        host.memoryLimit = memoryLimit.map {
            CgroupView.Limit(value: $0, source: "/m/memory.max", group: .init(directory: memoryDirectory, version: 2))
        }
        host.memoryHigh = memoryHigh.map {
            CgroupView.Limit(value: $0, source: "/p/memory.high", group: .init(directory: "/p", version: 2))
        }
        host.hugePages = hugePages
        host.memoryNodes = nodes
        return host
    }
}

extension Settings {
    /// The defaults of a kind, with some of them changed.
    init(_ manifest: Manifest, _ changes: [String: SettingValue] = [:]) {
        self.init(defaultsOf: manifest)
        values.merge(changes) { $1 }
    }
}

extension LoadRequest {
    /// What a profile asks that sets `settings` and uses these amounts.
    init(
        _ manifest: Manifest, _ changes: [String: SettingValue] = [:], on host: HostFacts,
        amounts: Set<AmountKind> = [], unit: LoadModel.Unit? = nil, length: Nanoseconds = 10 * .second
    ) {
        self.init(
            name: manifest.kind, settings: Settings(manifest, changes), unit: unit ?? manifest.unit, amounts: amounts,
            host: host, length: length)
    }
}

extension Curve {
    /// A target that stays at `value`.
    static func constant(_ value: Double, for length: Nanoseconds = 10 * .second) -> Curve {
        var curve = Curve()
        curve.append(length, repeating: [Piece(length: length, holding: value)])
        return curve
    }
}
