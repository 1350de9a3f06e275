// SPDX-License-Identifier: Apache-2.0

import Foundation
import LoadModel
import Testing

@testable import Engine
@testable import LinuxSystem

private let s = Nanoseconds.second
private let ms = Nanoseconds.millisecond

/// Guards against the real kernel, at times that the test makes up.
@Suite struct GuardWatchTests {
    private func condition(
        _ metric: Metric, _ comparison: LoadModel.Guard.Comparison, _ limit: Double, _ unit: PlannedGuard.Unit,
        for length: Nanoseconds = 0, directory: String? = nil
    ) -> PlannedGuard {
        PlannedGuard(
            text: "\(metric.rawValue) \(comparison.rawValue) \(limit)", metric: metric, comparison: comparison,
            limit: limit,
            unit: unit, length: length, directory: directory)
    }

    private func watch(_ guards: PlannedGuard...) throws -> GuardWatch {
        try GuardWatch(guards, host: HostFacts.read())
    }

    @Test(arguments: LoadModel.Guard.Comparison.allCases)
    func `a comparison is what it says`(comparison: LoadModel.Guard.Comparison) {
        let condition = condition(.cpuBusy, comparison, 0.5, .ratio)
        let held = [0.4, 0.5, 0.6].map { condition.isTripped(by: $0) }
        switch comparison {
        case .below: #expect(held == [true, false, false])
        case .atMost: #expect(held == [true, true, false])
        case .above: #expect(held == [false, false, true])
        case .atLeast: #expect(held == [false, true, true])
        }
    }

    @Test func `a level trips at the first look, and one that holds never does`() throws {
        let total = Double(try #require(HostFacts.read().memoryTotal))
        let trip = try #require(try watch(condition(.memoryAvailable, .below, 2 * total, .bytes)).check(at: 0))
        #expect(trip.value > 0 && trip.value < total)
        #expect(trip.held == 0)
        let calm = try watch(
            condition(.memoryAvailable, .below, 0x1p20, .bytes), condition(.handlesFree, .below, 1, .handles),
            condition(.diskAvailable, .below, 1, .bytes, directory: "/"))
        for look in 0..<30 { #expect(calm.check(at: Int64(look) * 100 * ms) == nil) }
    }

    @Test func `a condition must hold for as long as it says`() throws {
        let guards = try watch(condition(.memoryAvailable, .above, 0, .ratio, for: 2 * s))
        for look in 0..<20 { #expect(guards.check(at: Int64(look) * 100 * ms) == nil) }
        let trip = try #require(guards.check(at: 2 * s))
        #expect(trip.held == 2 * s)
        #expect(trip.value > 0 && trip.value <= 1)
    }

    @Test func `a share is known after a second, and is one of the last second`() throws {
        let guards = try watch(condition(.cpuBusy, .atLeast, 0, .ratio))
        let start = Clocks.monotonic
        #expect(guards.check(at: start) == nil)
        usleep(300_000)
        #expect(guards.check(at: Clocks.monotonic) == nil)
        usleep(750_000)
        let trip = try #require(guards.check(at: Clocks.monotonic))
        #expect((0...1).contains(trip.value))
    }

    @Test func `the share of the disk is that of the named file system`() throws {
        let values = try [PlannedGuard.Unit.ratio, .bytes].map { unit in
            try #require(
                try watch(condition(.diskAvailable, .atLeast, 0, unit, directory: "/")).check(at: 0)
            ).value
        }
        #expect((0...1).contains(values[0]))
        #expect(values[1] > 1000)
        let free = try #require(try watch(condition(.diskFree, .atLeast, 0, .bytes, directory: "/")).check(at: 0))
        #expect(free.value >= values[1], "with what is kept for root")
    }

    private func isDefault(_ condition: PlannedGuard) -> PlannedGuard {
        var condition = condition
        condition.isDefault = true
        return condition
    }

    @Test func `a guard that is on by default is of the host, however little a group has`() throws {
        var host = HostFacts.read()
        let folder = FileManager.default.temporaryDirectory.path + "/exert-guard-\(getpid())"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try "1048576\n".write(toFile: folder + "/memory.current", atomically: false, encoding: .utf8)
        try "inactive_file 0\n".write(toFile: folder + "/memory.stat", atomically: false, encoding: .utf8)
        host.memoryLimit = CgroupView.Limit(
            value: 0x1p21, source: folder + "/memory.max", group: .init(directory: folder, version: 2))
        let condition = condition(.memoryAvailable, .below, 0x1p22, .bytes)
        #expect(try GuardWatch([condition], host: host).check(at: 0) != nil, "the group has 1 MiB left")
        #expect(try GuardWatch([isDefault(condition)], host: host).check(at: 0) == nil)
    }

    @Test func `a guard that is on by default is looked at twice a second, and steps aside`() throws {
        let guards = try watch(
            isDefault(condition(.memoryAvailable, .above, 0, .bytes, for: 2 * s)),
            condition(.handlesFree, .below, 1, .handles))
        for look in 0..<20 { #expect(guards.check(at: Int64(look) * 100 * ms) == nil) }
        #expect(guards.check(at: 2 * s)?.condition.isDefault == true)
        #expect(guards.stepAside([.handlesFree: "never", .cpuBusy: "never"]).isEmpty, "what is written stays")
        #expect(guards.stepAside([.memoryAvailable: "asked for"]).map(\.reason) == ["asked for"])
        for look in 20..<60 { #expect(guards.check(at: Int64(look) * 100 * ms) == nil) }
    }

    @Test func `what cannot be watched is no guard`() {
        #expect(throws: ObserverFailure.self) {
            try watch(condition(.diskFree, .above, 0, .bytes, directory: "/no/such/directory"))
        }
    }
}
