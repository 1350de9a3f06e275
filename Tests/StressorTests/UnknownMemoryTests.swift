// SPDX-License-Identifier: Apache-2.0

import Engine
import Foundation
import LoadModel
import Testing

@testable import LinuxSystem
@testable import Stressors

/// A host whose memory figures cannot be read: unknown is not 0.
struct UnknownMemoryTests {
    private func host(total: Int64? = 16 << 30, limit: Double? = nil, directory: String = "/no/such") -> HostFacts {
        var host = FakeHost.make(memoryLimit: limit, memoryDirectory: directory)
        host.memoryTotal = total
        host.memoryTotalSource = "sysinfo(2)"
        host.memoryAvailable = nil
        return host
    }

    private func base(
        _ amounts: Set<AmountKind>, _ changes: [String: SettingValue] = [:], on host: HostFacts
    ) throws -> Base {
        try MemoryStressor.base(LoadRequest(MemoryStressor.manifest, changes, on: host, amounts: amounts))
    }

    private func refusal(_ body: () throws -> Base) -> String? {
        do { return "none: \(try body())" } catch {
            if case .unsupported(let message)? = error as? PlanProblem { return message }
            return nil
        }
    }

    @Test func percentagesAreOfWhatTheKernelTellsElsewhere() throws {
        let base = try base([.percent], on: host())
        #expect(base.capacity == Double(16 << 30))
        #expect(base.text == "host: MemTotal 17179869184 bytes (sysinfo(2))")
    }

    @Test(arguments: [AmountKind.max, .leave])
    func whatIsLeftIsNotKnown(_ amount: AmountKind) throws {
        let message = refusal { try base([amount], on: host()) } ?? ""
        #expect(message.contains("/proc/meminfo cannot be read here (ProcSubset=pid?)"), "\(message)")
    }

    @Test func aGroupsLimitTellsWhatIsLeftOfIt() throws {
        let folder = "/tmp/exert-unknown-\(getpid())"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try "\(100 << 20)\n".write(toFile: folder + "/memory.current", atomically: false, encoding: .utf8)
        try "inactive_file 0\n".write(toFile: folder + "/memory.stat", atomically: false, encoding: .utf8)
        let base = try base([.max], on: host(limit: Double(1 << 30), directory: folder))
        // 2 % of the limit are the group's headroom.
        let limit = 1 << 30
        let free = limit - limit / 50 - (100 << 20)
        #expect(base.free == Double(free))
    }

    @Test func whereNothingIsToldNothingIsMadeUp() throws {
        for amount in [AmountKind.percent, .bytes] {
            let message = refusal { try base([amount], on: host(total: nil)) } ?? ""
            #expect(message.contains("needs MemTotal"), "\(message)")
        }
    }

    @Test func thePlanSaysThatNobodyWatches() throws {
        let request = LoadRequest(MemoryStressor.manifest, on: host(), amounts: [.bytes])
        let preparation = try MemoryStressor.prepare(
            request, base: MemoryStressor.base(request), curve: .constant(Double(20 << 30)))
        #expect(preparation.findings.map(\.code) == ["headroom_unwatched"], "of what is not known nothing is exceeded")
        let handles = LoadRequest(FileHandleStressor.manifest, on: host(), amounts: [.count])
        let found = try FileHandleStressor.prepare(
            handles, base: FileHandleStressor.base(handles), curve: .constant(100))
        #expect(found.findings.map(\.code) == ["headroom_unwatched"])
    }
}
