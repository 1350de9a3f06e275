// SPDX-License-Identifier: Apache-2.0

/// The processors' caches.
public enum CPUCaches {
    /// The bytes of all last-level caches that `cpus` reach, each of them counted once; `nil` where none is told.
    ///
    /// Source: `/sys/devices/system/cpu/cpuN/cache/index*`; some hypervisors and sandboxes have no such files. In a
    /// virtual machine it is what the hypervisor says, which may be the cache of the whole socket.
    ///
    /// - Parameter prefix: put before every path that is read; tests set it to a folder of fixtures.
    public static func lastLevelBytes(of cpus: [Int], prefix: String = "") -> Int64? {
        var sizes: [String: Int64] = [:]
        for cpu in cpus {
            guard let cache = lastLevel(of: cpu, prefix) else { continue }
            sizes["\(cache.level) \(cache.sharers)"] = cache.bytes
        }
        return sizes.isEmpty ? nil : sizes.values.reduce(0, +)
    }

    private static func lastLevel(of cpu: Int, _ prefix: String) -> (level: Int, sharers: String, bytes: Int64)? {
        var last: (level: Int, sharers: String, bytes: Int64)?
        // Indices are dense, and no processor has more than a handful of caches.
        for index in 0..<16 {
            let directory = "\(prefix)/sys/devices/system/cpu/cpu\(cpu)/cache/index\(index)"
            guard let level = SmallFile.text(directory + "/level").flatMap({ Int($0) }) else { break }
            guard level > last?.level ?? 0, SmallFile.text(directory + "/type") != "Instruction",
                let bytes = SmallFile.text(directory + "/size").flatMap(size), bytes > 0
            else { continue }
            last = (level, SmallFile.text(directory + "/shared_cpu_list") ?? "\(cpu)", bytes)
        }
        return last
    }

    /// Reads a size such as `32768K`.
    private static func size(_ text: String) -> Int64? {
        guard let unit = text.last else { return nil }
        let factors: [Character: Int64] = ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30]
        let factor = factors[unit] ?? 1
        guard let number = Int64(factors[unit] == nil ? text[...] : text.dropLast()) else { return nil }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: factor)
        return overflow ? nil : bytes
    }
}
