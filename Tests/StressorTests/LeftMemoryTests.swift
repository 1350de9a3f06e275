// SPDX-License-Identifier: Apache-2.0

import Engine
import LinuxSystem
import LoadModel
import Testing

@testable import Stressors

/// `leave N` leaves N: neither the usual headroom nor shared code comes on top.
struct LeftMemoryTests {
    private static let mebi: Int64 = 1 << 20

    private func request(_ left: [Amount], _ changes: [String: SettingValue] = [:]) -> LoadRequest {
        var request = LoadRequest(
            MemoryStressor.manifest, changes, on: FakeHost.make(), amounts: left.isEmpty ? [.bytes] : [.leave])
        request.left = left
        return request
    }

    private func prepare(_ request: LoadRequest, leaving left: Int64) throws -> Preparation {
        let base = try MemoryStressor.base(request)
        let peak = (base.whole ?? base.free) - max(Double(left), base.leastLeft)
        return try MemoryStressor.prepare(request, base: base, curve: .constant(peak))
    }

    @Test func whatIsLeftCountsFromAllThatIsAvailable() throws {
        let base = try MemoryStressor.base(request([.bytes(Double(20 * Self.mebi))]))
        #expect(base.whole == Double(12 << 30) && base.leastLeft == 0)
        #expect(base.free == Double(12 << 30) - Double(64 * Self.mebi), "max still keeps the usual headroom")
        let total = try MemoryStressor.base(request([.bytes(1)], ["mode": .text("total")]))
        #expect(total.whole == Double(16 << 30) && total.free == Double(16 << 30) - Double(64 * Self.mebi))
        // A run that began without it counts its resident set, of which shared code is a part.
        let resident = try MemoryStressor.base(request([]))
        #expect((resident.whole ?? 0) - Double(12 << 30) == Double(LeftMemory.sharedBytes))
        #expect((1 << 20...200 << 20).contains(LeftMemory.sharedBytes))
    }

    @Test(
        arguments: [
            (nil, 64), (500, 64), (72, 64), (64, 56), (20, 12), (16, 8), (4, 2), (0, 0),
        ] as [(Int64?, Int64)])
    func theUsualHeadroomIsNoMoreThanWhatIsToBeLeft(left: Int64?, kept: Int64) {
        let values = left.map { [LeftMemory.leastKey: SettingValue.bytes($0 << 20)] } ?? [:]
        #expect(LeftMemory.headroom(Settings(values: values), usual: 64 << 20) == kept << 20)
        var written = values
        written["headroom"] = .bytes(100 << 20)
        #expect(LeftMemory.headroom(Settings(values: written), usual: 64 << 20) == 100 << 20, "it is a floor")
    }

    @Test func whatIsHeldAlreadyIsRoomForALoadThatComesLater() throws {
        func codes(holding held: Double) throws -> [String] {
            var request = self.request([])
            request.held = held
            let base = try MemoryStressor.base(request)
            return try MemoryStressor.prepare(request, base: base, curve: .constant(0x1p41)).findings.map(\.code)
        }
        #expect(try codes(holding: 0).contains("target_beyond_capacity"))
        #expect(try !codes(holding: 0x1p41).contains("target_beyond_capacity"))
    }

    @Test func aLoadThatComesLaterAndLeavesLessIsFollowed() {
        let planned = Settings(values: [LeftMemory.leastKey: .bytes(64 << 20)])
        #expect(LeftMemory.headroom(planned, usual: 64 << 20, revised: 20 << 20) == 12 << 20)
        #expect(LeftMemory.headroom(planned, usual: 64 << 20, revised: 200 << 20) == 56 << 20, "the least of all")
        #expect(LeftMemory.headroom(Settings(values: [:]), usual: 64 << 20, revised: 20 << 20) == 12 << 20)
        let written = Settings(values: ["headroom": .bytes(100 << 20)])
        #expect(LeftMemory.headroom(written, usual: 64 << 20, revised: 20 << 20) == 100 << 20)
    }

    @Test func theProcessAndTheWitnessAreTold() throws {
        let plan = try prepare(request([.bytes(0x1p30), .bytes(Double(20 * Self.mebi))]), leaving: 20 * Self.mebi)
        #expect(plan.settings[LeftMemory.leastKey] == .bytes(20 * Self.mebi), "the least of all loads")
        #expect(LeftMemory.isAnonymous(Settings(values: plan.settings)) && plan.witness == "statm_anonymous")
        #expect(plan.findings.isEmpty, "\(plan.findings)")
        let total = try prepare(
            request([.bytes(Double(20 * Self.mebi))], ["mode": .text("total")]), leaving: 20 * Self.mebi)
        #expect(total.settings[LeftMemory.leastKey] == .bytes(20 * Self.mebi))
        #expect(total.settings[LeftMemory.countKey] == nil && total.witness == "meminfo_available")
        let share = try prepare(request([.percent(1)]), leaving: (16 << 30) / 100)
        #expect(share.settings[LeftMemory.leastKey] == .bytes(Int64(0.01 * 0x1p34)))
        let none = try prepare(request([]), leaving: 1 << 30)
        #expect(none.settings[LeftMemory.leastKey] == nil && none.settings[LeftMemory.countKey] == nil)
    }

    @Test func aHeadroomThatIsWrittenIsAFloorAndThePlanSaysWhereItBinds() throws {
        let headroom: [String: SettingValue] = ["headroom": .bytes(128 << 20)]
        let base = try MemoryStressor.base(request([.bytes(Double(20 * Self.mebi))], headroom))
        #expect(base.leastLeft == Double(128 << 20))
        let bound = try prepare(request([.bytes(Double(20 * Self.mebi))], headroom), leaving: 20 * Self.mebi)
        #expect(bound.findings.map(\.code) == ["headroom_above_left"])
        let message = bound.findings.first?.message ?? ""
        #expect(message.contains("leaves 20.0 MiB") && message.contains("128.0 MiB are left"), "\(message)")
        let free = try prepare(request([.bytes(Double(256 << 20))], headroom), leaving: 256 << 20)
        #expect(free.findings.isEmpty, "\(free.findings)")
    }
}
