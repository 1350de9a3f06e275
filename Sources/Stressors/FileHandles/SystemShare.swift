// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import LinuxSystem
internal import LoadModel

extension TotalFollower {
    /// Follows the system's table of open files.
    convenience init(systemTableOf context: StressorContext, keepFree: Int64) {
        let table = SystemFileTable()
        let online = SmallFile.text("/sys/devices/system/cpu/online").flatMap(CPUList.parse)
        self.init(
            context, keepFree: keepFree,
            // Before 6.18 the kernel's count may be off by some tens for each processor.
            inexactness: 64 * Int64(max(1, online?.count ?? 1)),
            refusal: "the system's table of open files is down to 'keep-free'"
        ) {
            table?.read().map { Use(used: $0.used, free: $0.free) }
        }
    }
}
