// SPDX-License-Identifier: Apache-2.0

import Engine
import LinuxSystem
import LoadModel
import Testing

@testable import Stressors

/// How many workers a memory-bandwidth load gets, how large their buffers are, and what stands in the way.
struct MemoryBandwidthPlanTests {
    private static let manifest = MemoryBandwidthStressor.manifest

    private func prepare(
        _ changes: [String: SettingValue] = [:], peak: Double = 1e9, cache: Int64? = 32 << 20,
        on host: HostFacts = FakeHost.make()
    ) throws -> Preparation {
        let request = LoadRequest(Self.manifest, changes, on: host)
        let cpus = request.settings.cpus("cpus") ?? host.affinityCPUs
        return try StreamPlanner(request: request, cpus: cpus, cacheBytes: cache).prepare(peak: peak)
    }

    private func buffer(_ plan: Preparation) -> Int64? { Settings(values: plan.settings).bytes("buffer") }

    /// The codes of what is worth telling, but for the witness that there never is.
    private func codes(_ plan: Preparation) -> [String] { plan.findings.map(\.code).filter { $0 != "no_witness" } }

    private func expectInvalid(
        _ setting: String, containing text: String, sourceLocation: SourceLocation = #_sourceLocation,
        _ body: () throws -> Preparation
    ) {
        do {
            let plan = try body()
            Issue.record("planned: \(plan)", sourceLocation: sourceLocation)
        } catch PlanProblem.invalid(setting: setting, let message) {
            #expect(message.contains(text), "\(message)", sourceLocation: sourceLocation)
        } catch {
            Issue.record("\(error)", sourceLocation: sourceLocation)
        }
    }

    // MARK: Workers

    @Test func thereIsAWorkerForEachGigabyteASecondUpToTheCPUs() throws {
        #expect(try prepare(peak: 1).workers == 1)
        #expect(try prepare(peak: 1e9).workers == 1)
        #expect(try prepare(peak: 1.1e9).workers == 2)
        #expect(try prepare(peak: 50e9).workers == 4)
        #expect(try prepare(peak: Base.unlimited).workers == 4, "max is all that the CPUs can")
        #expect(try prepare(["cpus": .cpus([1, 3])], peak: 50e9).workers == 2)
        #expect(try prepare(peak: 50e9, on: FakeHost.make(quota: 1.5)).workers == 2, "no thread that is throttled")
        #expect(try prepare(["workers": .integer(3)], peak: 1).workers == 3)
    }

    @Test func moreWorkersThanCPUsAreFound() throws {
        let plan = try prepare(["workers": .integer(8), "cpus": .cpus([0, 1])])
        #expect(plan.workers == 8)
        #expect(codes(plan) == ["workers_beyond_cpus"])
        #expect(codes(try prepare(["workers": .integer(4)])).isEmpty)
    }

    @Test(arguments: [[4], [0, 9]])
    func cpusOutsideTheAffinityAreInvalid(cpus: [Int]) throws {
        expectInvalid("cpus", containing: "may run on 0-3") {
            let request = LoadRequest(Self.manifest, ["cpus": .cpus(cpus)], on: FakeHost.make())
            let base = try MemoryBandwidthStressor.base(request)
            return try MemoryBandwidthStressor.prepare(request, base: base, curve: .constant(1e9))
        }
    }

    // MARK: Buffers

    @Test func allBuffersTogetherAreFourTimesTheCaches() throws {
        #expect(buffer(try prepare(peak: 1e9, cache: 32 << 20)) == 128 << 20)
        #expect(buffer(try prepare(peak: 4e9, cache: 32 << 20)) == 32 << 20)
        #expect(buffer(try prepare(peak: 3e9, cache: 32 << 20)) == 44 << 20, "whole huge pages, rounded up")
        #expect(buffer(try prepare(peak: 1e9, cache: 1 << 20)) == 64 << 20, "and 64 MiB at the least")
        #expect(codes(try prepare(peak: 4e9, cache: 32 << 20)).isEmpty)
    }

    @Test func theyAreAQuarterOfWhatIsAvailableAtTheMost() throws {
        var host = FakeHost.make()
        host.memoryAvailable = (64 << 20) + (256 << 20)
        let plan = try prepare(cache: 32 << 20, on: host)
        #expect(buffer(plan) == 64 << 20)
        #expect(codes(plan) == ["buffer_in_cache"], "and then a part of it stays in the caches")
    }

    @Test func withoutAnySizeOfTheCachesTheBuffersAreStated() throws {
        let plan = try prepare(cache: nil)
        #expect(buffer(plan) == 256 << 20)
        #expect(codes(plan) == ["cache_unknown"])
        #expect(codes(try prepare(["buffer": .bytes(8 << 20)], cache: nil)).isEmpty, "who sets it knows")
    }

    @Test func aBufferThatTheCachesHoldIsFound() throws {
        let plan = try prepare(["buffer": .bytes(127 << 20)], cache: 32 << 20)
        #expect(codes(plan) == ["buffer_in_cache"])
        #expect(buffer(plan) == 127 << 20, "it is what was asked for all the same")
        #expect(codes(try prepare(["buffer": .bytes(128 << 20)], cache: 32 << 20)).isEmpty)
        #expect(codes(try prepare(["buffer": .bytes(64 << 20), "workers": .integer(2)], cache: 32 << 20)).isEmpty)
    }

    @Test func nonTemporalStoresReachTheMemoryFromAnyBuffer() throws {
        let plan = try prepare(["buffer": .bytes(1 << 20), "access": .text("write-nt")], cache: 32 << 20)
        #if arch(x86_64)
        #expect(codes(plan).isEmpty)
        #else
        #expect(codes(plan) == ["buffer_in_cache"])
        #endif
    }

    @Test func aBufferIsWholePages() throws {
        #expect(buffer(try prepare(["buffer": .bytes((128 << 20) + 4097)])) == (128 << 20) + 4096)
    }

    @Test(arguments: [0, 1, (1 << 20) - 1] as [Int64])
    func aTinyBufferIsInvalid(bytes: Int64) {
        expectInvalid("buffer", containing: "is too small; a worker needs 1.0 MiB") {
            try prepare(["buffer": .bytes(bytes)])
        }
    }

    @Test(arguments: [(12 << 30) - (64 << 20) + 1, 1 << 62, .max] as [Int64])
    func aBufferBeyondWhatIsAvailableIsInvalid(bytes: Int64) {
        expectInvalid("buffer", containing: "do not fit in the 11.938 GiB") {
            try prepare(["buffer": .bytes(bytes)])
        }
        expectInvalid("buffer", containing: "do not fit") {
            try prepare(["buffer": .bytes(8 << 30), "workers": .integer(2)])
        }
    }

    @Test func aHostWithoutRoomIsUnsupported() {
        var host = FakeHost.make()
        host.memoryAvailable = 65 << 20
        do {
            let plan = try prepare(peak: 2e9, on: host)
            Issue.record("planned: \(plan)")
        } catch PlanProblem.unsupported(let message) {
            #expect(message.contains("1.0 MiB of memory can be taken"), "\(message)")
        } catch {
            Issue.record("\(error)")
        }
    }

    // MARK: What is told

    @Test func theMissingWitnessIsTold() throws {
        #expect(Self.manifest.witness == "none")
        let (finding, range) = MemoryBandwidthStressor.trafficFinding(.read) { () throws(Resctrl.Problem) in
            throw Resctrl.Problem(text: "nobody has mounted it")
        }
        #expect(finding.code == "no_witness" && finding.severity == .note && range == nil)
        #expect(finding.message.contains("the workers' own count"))
        #expect(finding.message.contains("nobody has mounted it"))
    }

    @Test(arguments: ["read": "equal to", "write": "2 times", "write-nt": "equal to", "copy": "1.5 times"])
    func theBaseTellsTheConvention(access: String, traffic: String) throws {
        let request = LoadRequest(Self.manifest, ["access": .text(access)], on: FakeHost.make())
        let base = try MemoryBandwidthStressor.base(request)
        #expect(base.capacity == Base.unlimited && base.free == Base.unlimited)
        #expect(base.text.contains("memory traffic \(traffic) the payload"), "\(base.text)")
    }
}
