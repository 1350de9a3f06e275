// SPDX-License-Identifier: Apache-2.0

import Engine
import LoadModel

@testable import LinuxSystem

/// Hosts that this machine is not.
enum FakeHost {
    /// Four processors and 16 GiB without limits, unless said otherwise.
    static func make(
        online: [Int] = [0, 1, 2, 3], affinity: [Int] = [0, 1, 2, 3], quota: Double? = nil, memoryLimit: Double? = nil,
        memoryDirectory: String = "/no/such/group", hugePages: String = "madvise"
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
        host.hugePages = hugePages
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
