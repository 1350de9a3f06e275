// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The memory nodes that this machine has.
private enum Nodes {
    static let all: [Int] = {
        let text = (try? String(contentsOfFile: "/sys/devices/system/node/has_memory", encoding: .utf8)) ?? ""
        let ranges = text.trimmingCharacters(in: .whitespacesAndNewlines).split(separator: ",")
        return ranges.flatMap { range -> [Int] in
            let ends = range.split(separator: "-").compactMap { Int($0) }
            guard let first = ends.first, let last = ends.last else { return [] }
            return Array(first...last)
        }
    }()

    static let hasMaps = access("/proc/self/numa_maps", R_OK) == 0 && !all.isEmpty
}

extension ExertCommands {
    /// Memory on the nodes of this machine; amounts for two of them are tried in the virtual machine, which has two.
    @Suite(.serialized, .enabled(if: Nodes.hasMaps, "needs a kernel with NUMA"))
    struct MemoryNodes {
        /// What the run's result says of where the memory lay, and the run.
        private func place(_ load: String, _ nodes: String) throws -> (bytes: [String: Double], log: ExperimentLog) {
            let folder = try ScratchFolder()
            let file = folder.path + "/log"
            let result = try Exert.run(
                ["run", "--load", "memory=\(load)", "--set", "memory.nodes=\(nodes)", "--for", "3s", "--log", file])
            // 2 where the hypervisor takes its time to hand out memory that this guest touches first.
            #expect([0, 2].contains(result.code), "\(result.error)")
            let log = try ExperimentLog(file: file)
            let bytes = try log.result("memory").object("node_bytes").compactMapValues { $0 as? Double }
            return (bytes, log)
        }

        @Test func memoryOfOneNodeLiesThere() throws {
            let node = Nodes.all[Nodes.all.count - 1]
            let (bytes, log) = try place("64MiB", "\(node)")
            #expect(Set(bytes.keys) == Set(Nodes.all.map { "\($0)" }))
            #expect(abs((bytes["\(node)"] ?? 0) - Double(64 << 20)) <= 65536, "\(bytes)")
            #expect(bytes.values.reduce(0, +) - Double(64 << 20) <= 65536, "\(bytes)")
            let last = try log.lastReading("memory")
            #expect(abs(try last.number("achieved") - Double(64 << 20)) < 1_048_576, "\(last)")
        }

        @Test func aNodeThatIsNotThereIsRefusedWithThoseThatAre() throws {
            let result = try Exert.run(
                ["check", "--load", "memory=64MiB", "--set", "memory.nodes=1023", "--for", "1s"])
            #expect(result.code == (Nodes.all.count > 1 ? 64 : 4))
            #expect(result.error.contains("node"), "\(result.error)")
            #expect(Nodes.all.allSatisfy { result.error.contains("\($0)") }, "\(result.error)")
        }
    }
}
