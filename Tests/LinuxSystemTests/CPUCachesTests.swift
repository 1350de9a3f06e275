// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinuxSystem
import Testing

/// The size of the caches, from fixtures of `/sys/devices/system/cpu`.
struct CPUCachesTests {
    /// One cache of one CPU: level, type, size and the CPUs that share it.
    private typealias Cache = (level: String, type: String, size: String, sharers: String?)

    private func bytes(of cpus: [Int], _ caches: [Int: [Cache]]) throws -> Int64? {
        let root = NSTemporaryDirectory() + "exert-caches-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        defer { try? FileManager.default.removeItem(atPath: root) }
        for (cpu, list) in caches {
            for (index, cache) in list.enumerated() {
                let folder = "\(root)/sys/devices/system/cpu/cpu\(cpu)/cache/index\(index)"
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
                var files = ["level": cache.level, "type": cache.type, "size": cache.size]
                files["shared_cpu_list"] = cache.sharers
                for (name, text) in files {
                    try "\(text)\n".write(toFile: "\(folder)/\(name)", atomically: false, encoding: .utf8)
                }
            }
        }
        return CPUCaches.lastLevelBytes(of: cpus, prefix: root)
    }

    private func usual(_ cpu: Int, last: String, sharedBy sharers: String) -> [Cache] {
        [
            ("1", "Data", "48K", "\(cpu)"), ("1", "Instruction", "32K", "\(cpu)"), ("2", "Unified", "2048K", "\(cpu)"),
            ("3", "Unified", last, sharers),
        ]
    }

    @Test func aCacheThatIsSharedCountsOnce() throws {
        let caches = [0: usual(0, last: "32768K", sharedBy: "0-1"), 1: usual(1, last: "32768K", sharedBy: "0-1")]
        #expect(try bytes(of: [0, 1], caches) == 32 << 20)
        #expect(try bytes(of: [1], caches) == 32 << 20)
    }

    @Test func cachesOfSeveralGroupsAddUp() throws {
        let caches = [0: usual(0, last: "32768K", sharedBy: "0"), 1: usual(1, last: "16M", sharedBy: "1")]
        #expect(try bytes(of: [0, 1], caches) == 48 << 20)
        #expect(try bytes(of: [1], caches) == 16 << 20, "of the CPUs in use alone")
    }

    @Test func withoutAThirdLevelTheSecondIsTheLast() throws {
        let small: [Cache] = [
            ("1", "Data", "32K", "3"), ("2", "Unified", "512K", nil), ("2", "Instruction", "64K", nil),
        ]
        #expect(try bytes(of: [3], [3: small]) == 512 << 10)
        #expect(try bytes(of: [2, 3], [2: small, 3: small]) == 1 << 20, "shared with nobody")
    }

    @Test func whatIsNotToldIsNotGuessed() throws {
        #expect(try bytes(of: [0, 1], [:]) == nil)
        #expect(try bytes(of: [0], [0: [("1", "Instruction", "32K", "0")]]) == nil)
        for size in ["", "K", "many", "-1K", "0K", "9223372036854775807G"] {
            #expect(try bytes(of: [0], [0: [("3", "Unified", size, "0")]]) == nil, "\(size)")
        }
    }
}
