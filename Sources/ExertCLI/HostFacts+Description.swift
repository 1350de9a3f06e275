// SPDX-License-Identifier: Apache-2.0

import LinuxSystem
import LoadModel

extension HostFacts {
    /// The part of the facts that a reader of the log needs.
    var description: HostDescription {
        HostDescription(
            name: name, kernel: kernel, architecture: architecture, onlineCPUs: onlineCPUs.count,
            affinityCPUs: affinityCPUs.count, quotaCores: cpuQuota?.value, memoryTotalBytes: memoryTotal,
            memoryAvailableBytes: memoryAvailable, memoryLimitBytes: (memoryLimit?.value).map { Int64($0) },
            numaNodes: numaNodes, hugePages: hugePages, exertVersion: exertVersion)
    }
}
