// SPDX-License-Identifier: Apache-2.0

import Engine
import Foundation
import LinuxSystem
import LoadModel
import Stressors
import Testing

/// Percent of what: the base of memory loads, and what stands in their way.
struct MemoryPlanTests {
    private func base(_ host: HostFacts, _ changes: [String: SettingValue] = [:]) throws -> Base {
        try MemoryStressor.base(LoadRequest(MemoryStressor.manifest, changes, on: host))
    }

    struct Case: Sendable {
        var of: String
        var limit: Double?
        var capacity: Double
        var text: String
    }

    @Test(arguments: [
        Case(of: "auto", capacity: 0x1p34, text: "host: MemTotal 17179869184 bytes"),
        Case(of: "auto", limit: 0x1p30, capacity: 0x1p30, text: "cgroup: limit 1073741824 bytes (/m/memory.max)"),
        Case(of: "auto", limit: 0x1p40, capacity: 0x1p34, text: "host: MemTotal"),
        Case(of: "host", limit: 0x1p30, capacity: 0x1p34, text: "host: MemTotal"),
        Case(of: "available", limit: 0x1p30, capacity: 0x3p32, text: "available: MemAvailable 12884901888 bytes"),
        Case(of: "cgroup", limit: 0x1p30, capacity: 0x1p30, text: "cgroup: limit 1073741824 bytes"),
        Case(of: "cgroup", limit: 0x1p40, capacity: 0x1p34, text: "cgroup: limit"),
        Case(of: "cgroup", capacity: 0x1p34, text: "cgroup: no limit, so host: MemTotal"),
    ])
    func theBaseIsWhatTheSettingSays(_ example: Case) throws {
        let base = try base(FakeHost.make(memoryLimit: example.limit), ["of": .text(example.of)])
        #expect(base.capacity == example.capacity)
        #expect(base.text.contains(example.text), "\(base.text)")
    }

    @Test func theSmallerOfMaxAndHighIsTheBase() throws {
        var host = FakeHost.make(memoryLimit: 0x1p30, memoryHigh: 0x1p28)
        for of in ["auto", "cgroup"] {
            let base = try base(host, ["of": .text(of)])
            #expect(base.capacity == 0x1p28 && base.text == "cgroup: limit 268435456 bytes (/p/memory.high)")
        }
        host.memoryLimit = nil
        #expect(try base(host).capacity == 0x1p28, "where there is no other limit")
        host.memoryLimit = FakeHost.make(memoryLimit: 0x1p27).memoryLimit
        #expect(try base(host).capacity == 0x1p27)
        #expect(try base(host, ["of": .text("host")]).capacity == 0x1p34)
    }

    @Test func aPeakAboveMemoryHighIsWarnedOf() throws {
        let host = FakeHost.make(memoryHigh: 0x1p28)
        func findings(_ peak: Double) throws -> [Finding] {
            let request = LoadRequest(MemoryStressor.manifest, on: host)
            let base = try MemoryStressor.base(request)
            return try MemoryStressor.prepare(request, base: base, curve: .constant(peak)).findings
        }
        let finding = try #require(findings(0x1p28 + 1).first { $0.code == "above_memory_high" })
        #expect(finding.message.contains("256 MiB (/p/memory.high)"), "\(finding.message)")
        #expect(try findings(0x1p28).allSatisfy { $0.code != "above_memory_high" })
    }

    @Test func whatIsFreeIsWhatTheHeadroomLeaves() throws {
        let host = FakeHost.make()
        #expect(try base(host).free == Double((12 << 30) - (64 << 20)), "64 MiB unless said otherwise")
        #expect(try base(host, ["headroom": .bytes(1 << 30)]).free == Double(11 << 30))
        #expect(try base(host, ["headroom": .bytes(13 << 30)]).free == 0, "never less than nothing")
    }

    @Test func whatIsFreeInAGroupIsItsLimitLessItsWorkingSetAndHeadroom() throws {
        let folder = NSTemporaryDirectory() + "exert-group-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try "\(300 << 20)\n".write(toFile: folder + "/memory.current", atomically: false, encoding: .utf8)
        try "anon 1\ninactive_file \(100 << 20)\n".write(
            toFile: folder + "/memory.stat", atomically: false, encoding: .utf8)
        let host = FakeHost.make(memoryLimit: Double(1000 << 20), memoryDirectory: folder)
        #expect(try base(host, ["headroom": .bytes(50 << 20)]).free == Double(750 << 20))
        #expect(try base(host).free == Double(780 << 20), "2 % of the limit unless said otherwise")
    }

    // MARK: Beyond the limit

    private static let beyond: [String: SettingValue] = ["beyond-limit": .boolean(true)]

    /// A host with 12 GiB left and a group of `limit`, of which 100 MiB are in use.
    private func withGroup(_ limit: Double, _ body: (HostFacts) throws -> Void) throws {
        let folder = NSTemporaryDirectory() + "exert-beyond-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try "\(100 << 20)\n".write(toFile: folder + "/memory.current", atomically: false, encoding: .utf8)
        try "inactive_file 0\n".write(toFile: folder + "/memory.stat", atomically: false, encoding: .utf8)
        try body(FakeHost.make(memoryLimit: limit, memoryDirectory: folder))
    }

    private func isInvalid(_ setting: String, _ host: HostFacts, _ changes: [String: SettingValue]) -> Bool {
        do {
            _ = try base(host, changes)
            return false
        } catch {
            if case .invalid(setting, _)? = error as? PlanProblem { return true }
            return false
        }
    }

    @Test func beyondTheLimitIsForAGroupUnlessTheHostIsSaid() throws {
        let host = Self.beyond.merging(["beyond-host": .boolean(true)]) { $1 }
        #expect(isInvalid("beyond-limit", FakeHost.make(), Self.beyond), "no group has a limit")
        #expect(!isInvalid("beyond-limit", FakeHost.make(), host))
        try withGroup(0x1p30) { #expect(!isInvalid("beyond-limit", $0, Self.beyond)) }
        try withGroup(0x1p34) { #expect(isInvalid("beyond-limit", $0, Self.beyond), "the host has less") }
        #expect(isInvalid("beyond-host", FakeHost.make(), ["beyond-host": .boolean(true)]))
        try withGroup(0x1p30) { group in
            #expect(isInvalid("beyond-limit", group, Self.beyond.merging(["mode": .text("total")]) { $1 }))
        }
    }

    @Test func beyondTheLimitThePlanSaysWhatComes() throws {
        try withGroup(0x1p30) { host in
            let far = try prepare(host, peak: 0x1p31, Self.beyond)
            #expect(far.findings.map(\.code) == ["beyond_limit"])
            #expect(far.witness == "statm_swap", "what is paged out is held")
            #expect(far.overrides.keys.map(\.rawValue) == ["psi.memory.full"], "the host has enough")
            // 900 MiB and the 100 MiB of others.
            #expect(
                try prepare(host, peak: Double(900 << 20), Self.beyond).findings.map(\.code) == ["limit_not_reached"])
            #expect(try prepare(host, peak: 0x1p31).findings.map(\.code) == ["target_beyond_capacity"])
        }
    }

    @Test func aLoadThatLeavesLessThanAGuardThatIsOnByDefaultTurnsItOff() throws {
        let host = FakeHost.make()
        func overrides(_ left: Int64, headroom: Int64?) throws -> [Metric] {
            let changes: [String: SettingValue] = headroom.map { ["headroom": .bytes($0)] } ?? [:]
            return try prepare(host, peak: Double((12 << 30) - left), changes).overrides.keys.sorted {
                $0.rawValue < $1.rawValue
            }
        }
        #expect(try overrides(20 << 20, headroom: 8 << 20) == [.memoryAvailable])
        #expect(try overrides(20 << 20, headroom: nil) == [], "exert itself stops at 64 MiB")
        #expect(try overrides(200 << 20, headroom: 8 << 20) == [], "it leaves more")
    }

    // MARK: Totals

    private static let total: [String: SettingValue] = ["mode": .text("total")]

    @Test func aTotalCountsFromTheCapacityLessTheHeadroom() throws {
        let host = FakeHost.make()
        let base = try base(host, Self.total)
        #expect(base.mode == .total)
        #expect(base.capacity == 0x1p34)
        #expect(base.free == Double((16 << 30) - (64 << 20)))
        #expect(base.text.contains("\(4 << 30) in use at the start"), "\(base.text)")
        #expect(MemoryStressor.manifest.tolerance.ofTotal == .percent(2))
        let available = try self.base(host, ["mode": .text("total"), "of": .text("available")])
        #expect(available.free == Double((12 << 30) - (64 << 20)))
    }

    @Test func aTotalOverflowsWhereThereIsLessRoomThanItsShareNeeds() throws {
        let host = FakeHost.make()
        func codes(_ peak: Double) throws -> [String] {
            try prepare(host, peak: peak, Self.total).findings.map(\.code)
        }
        #expect(try codes(Double(15 << 30)) == [])
        #expect(try codes(Double(16 << 30)) == ["target_beyond_capacity"])
        #expect(try codes(Double(3 << 30)) == ["target_below_use"])
        #expect(try codes(Double(1 << 20)) == ["target_below_use"], "the process is no part of a total's target")
    }

    @Test func aTotalOfMoreThanThereIsIsInvalid() {
        #expect {
            try prepare(FakeHost.make(), peak: 0x1p34 + 1, Self.total)
        } throws: {
            if case .invalid? = $0 as? PlanProblem { true } else { false }
        }
    }

    @Test func theBaseIsResolvedForAllProcesses() throws {
        let host = FakeHost.make(memoryLimit: 0x1p30)
        let settings = try prepare(host, peak: 1, Self.total).settings
        #expect(settings["of"] == .text("cgroup"))
        let start = try prepare(host, peak: 1, ["mode": .text("total"), "of": .text("available")]).settings
        #expect(start["of"] == .text("available"))
        #expect(start["available-at-start"] == .bytes(12 << 30))
    }

    // MARK: Preparation

    private func prepare(
        _ host: HostFacts, peak: Double, _ changes: [String: SettingValue] = [:]
    ) throws -> Preparation {
        let request = LoadRequest(MemoryStressor.manifest, changes, on: host)
        return try MemoryStressor.prepare(request, base: MemoryStressor.base(request), curve: .constant(peak))
    }

    @Test func thereIsAWorkerForEach256MiBUpToTheCPUs() throws {
        let wide = FakeHost.make(online: Array(0..<32), affinity: Array(0..<32))
        #expect(try prepare(wide, peak: 1).workers == 1)
        #expect(try prepare(wide, peak: Double(256 << 20)).workers == 1)
        #expect(try prepare(wide, peak: Double(257 << 20)).workers == 2)
        #expect(try prepare(wide, peak: Double(8 << 30)).workers == 8, "eight saturate the memory")
        #expect(try prepare(FakeHost.make(affinity: [0, 1]), peak: Double(8 << 30)).workers == 2)
        #expect(try prepare(wide, peak: 1, ["workers": .integer(5)]).workers == 5)
    }

    @Test func aTargetWithinReachFindsNothing() throws {
        #expect(try prepare(FakeHost.make(), peak: Double(1 << 30)).findings.isEmpty)
    }

    @Test func aTargetBeyondWhatIsFreeIsFound() throws {
        let findings = try prepare(FakeHost.make(), peak: Double(12 << 30)).findings
        #expect(findings.map(\.code) == ["target_beyond_capacity"])
        #expect(findings.first?.message.contains("11.938 GiB can be taken") == true, "\(findings)")
    }

    @Test func hugePagesThatAreOffAreFoundUnlessSmallOnesAreWanted() throws {
        let host = FakeHost.make(hugePages: "never")
        let peak = Double(64 << 20)
        #expect(try prepare(host, peak: peak).findings.map(\.code) == ["huge_pages_unavailable"])
        #expect(try prepare(host, peak: peak, ["pages": .text("small")]).findings.isEmpty)
    }

    @Test func aTargetBelowTheProcessItselfIsFoundAndNoLoadIsNot() throws {
        #expect(try prepare(FakeHost.make(), peak: 4096).findings.map(\.code) == ["target_below_process"])
        #expect(try prepare(FakeHost.make(), peak: Double(64 << 20)).findings.isEmpty)
        #expect(try prepare(FakeHost.make(), peak: 0).findings.isEmpty)
    }

    @Test func moreThanCanBeAddressedIsInvalid() {
        #expect {
            try prepare(FakeHost.make(), peak: 0x1p47)
        } throws: {
            if case .invalid? = $0 as? PlanProblem { true } else { false }
        }
    }

    /// Without privileges and with a small limit; in a process of its own, which gives them up for good.
    @Test func lockingMoreThanIsAllowedIsUnsupported() async {
        await #expect(processExitsWith: .success) {
            var limit = rlimit(rlim_cur: 65536, rlim_max: 65536)
            try #require(setrlimit(__rlimit_resource_t(8) /* RLIMIT_MEMLOCK */, &limit) == 0)
            if geteuid() == 0 { try #require(setuid(65534) == 0) }
            let request = LoadRequest(MemoryStressor.manifest, ["lock": .boolean(true)], on: FakeHost.make())
            let base = try MemoryStressor.base(request)
            do throws(PlanProblem) {
                _ = try MemoryStressor.prepare(request, base: base, curve: .constant(65537))
                Issue.record("locking 65537 bytes was planned")
            } catch {
                guard case .unsupported(let message) = error else {
                    Issue.record("\(error)")
                    return
                }
                #expect(message.contains("CAP_IPC_LOCK"), "\(message)")
                #expect(message.contains("64.001 KiB where it is 64.000 KiB"), "\(message)")
            }
            let most = try MemoryStressor.prepare(request, base: base, curve: .constant(65536))
            #expect(most.workers == 1)
        }
    }

    @Test func everyKindIsInTheCatalogOnce() {
        let kinds = Catalog.manifests.map(\.kind)
        #expect(Set(kinds).isSuperset(of: ["cpu", "memory", "null"]))
        #expect(Set(kinds).count == kinds.count)
        #expect(Catalog.manifests.allSatisfy { !$0.summary.isEmpty && !$0.examples.isEmpty })
    }
}
