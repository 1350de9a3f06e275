// SPDX-License-Identifier: Apache-2.0

import Engine
import Foundation
import LoadModel
import Testing

@testable import LinuxSystem
@testable import Stressors

/// Percent of what, how many processes, and what is refused before anything starts.
struct FileHandlePlanTests {
    private let hard = Double((try? OpenFileLimit.of(processID: 0).hard) ?? 0)

    private func request(
        _ changes: [String: SettingValue] = [:], _ amounts: Set<AmountKind> = [.count]
    ) -> LoadRequest {
        LoadRequest(FileHandleStressor.manifest, changes, on: FakeHost.make(), amounts: amounts)
    }

    private func prepare(
        _ changes: [String: SettingValue] = [:], peak: Double, _ amounts: Set<AmountKind> = [.count]
    ) throws -> Preparation {
        let request = request(changes, amounts)
        return try FileHandleStressor.prepare(
            request, base: FileHandleStressor.base(request), curve: .constant(peak))
    }

    /// The message of the problem that `body` ends in, and whether it is the profile's fault.
    private func problem<R>(_ body: () throws -> R) -> (message: String, isInvalid: Bool)? {
        do {
            _ = try body()
        } catch {
            switch error as? PlanProblem {
            case .invalid(_, let message): return (message, true)
            case .unsupported(let message): return (message, false)
            default: return nil
            }
        }
        return nil
    }

    // MARK: The process

    @Test func theProcessesBaseIsItsHardLimit() throws {
        let base = try FileHandleStressor.base(request())
        #expect(base.capacity == hard && base.free == hard)
        #expect(base.text.contains("RLIMIT_NOFILE \(Int(hard))"))
    }

    @Test func oneTableIsOneProcessAndMoreAreSeveral() throws {
        #expect(try prepare(peak: 10).processes == 1)
        #expect(try prepare(peak: hard).processes == 1, "all of it, its own descriptors being part of it")
        let several = try prepare(peak: hard + 1)
        #expect(several.processes == 2 && several.workers == 2)
        #expect(try prepare(peak: 5 * hard).processes > 5, "each keeps some numbers to itself")
        let tooMany = problem { try prepare(peak: 300 * hard) }
        #expect(tooMany?.message.contains("more than 256") == true && tooMany?.isInvalid == false)
        #expect(problem { try prepare(peak: 1e300) } != nil, "no figure overflows")
    }

    @Test(arguments: [(64.0, 64, 1), (65, 64, 2), (96, 64, 2), (97, 64, 3), (129, 128, 2), (12_000, 64, 250)])
    func aSmallTableIsUsedButForWhatTheProcessItselfNeeds(_ peak: Double, _ limit: UInt64, _ processes: Int) throws {
        #expect(try FileHandleStressor.processes(.process, peak: peak, limit: limit) == processes)
    }

    @Test func theKindIsResolvedByScope() throws {
        #expect(try prepare(peak: 10).settings["handle"] == .text("dup"))
        #expect(try prepare(["of": .text("system")], peak: 10).settings["handle"] == .text("path"))
        #expect(try prepare(["handle": .text("pipe")], peak: 10).settings["handle"] == .text("pipe"))
    }

    @Test func whatCannotBeMetIsToldBefore() throws {
        #expect(try prepare(peak: 3).findings.map(\.code) == ["target_below_process"])
        #expect(try prepare(peak: 1000).findings.isEmpty)
        let instances = try #require(SystemFileTable.inotifyInstances)
        let findings = try prepare(["handle": .text("inotify")], peak: Double(instances) + 1).findings
        #expect(findings.map(\.code) == ["target_beyond_capacity"])
    }

    @Test func kernelMemoryIsBounded() {
        // 12 GiB are available; a socket takes 2.4 kB.
        let found = problem { try prepare(["handle": .text("socket")], peak: min(4_000_000, 250 * hard)) }
        if hard * 250 >= 4_000_000 { #expect(found?.message.contains("MiB") == true) }
    }

    // MARK: The system

    private func systemBase(
        most: Int64 = 100_000, used: Int64 = 2000, _ changes: [String: SettingValue] = [:], _ amounts: Set<AmountKind>
    ) throws -> Base {
        try FileHandleStressor.systemBase(request(changes, amounts), .init(used: used, most: most))
    }

    @Test func aCountIsOnTopAndTheRestIsOfTheWhole() throws {
        let added = try systemBase([:], [.count])
        #expect(added.mode == .add && added.capacity == 100_000 && added.free == 100_000 - 2000 - 1024)
        for amounts: Set<AmountKind> in [[.percent], [.leave], [.percent, .leave, .max]] {
            let total = try systemBase([:], amounts)
            #expect(total.mode == .total && total.capacity == 100_000)
        }
        #expect(try systemBase([:], [.leave]).free == 100_000, "'leave 2000' is exactly that")
        #expect(try systemBase([:], [.max]).free == 100_000 - 1024, "'max' stops at keep-free")
        #expect(try systemBase(["keep-free": .integer(7)], [.max]).free == 100_000 - 7)
        #expect(try systemBase(["mode": .text("total")], [.count]).mode == .total)
        #expect(try systemBase(["mode": .text("add")], [.percent, .count]).mode == .add)
    }

    @Test func amountsOfBothSortsNeedAMode() {
        let found = problem { try systemBase([:], [.count, .percent]) }
        #expect(found?.isInvalid == true && found?.message.contains("'mode'") == true)
    }

    @Test func noLimitIsNoBase() throws {
        for amount: AmountKind in [.percent, .leave, .max] {
            let found = problem { try systemBase(most: .max, [:], [amount]) }
            #expect(found?.isInvalid == false && found?.message.contains("sysctl") == true)
        }
        #expect(try systemBase(most: .max, [:], [.count]).mode == .add)
    }

    @Test func aDupFillsNoTableOfTheSystem() {
        let found = problem { try systemBase(["handle": .text("dup")], [.count]) }
        #expect(found?.isInvalid == true)
    }

    @Test func keepFreeIsNotToBePassed() throws {
        let changes: [String: SettingValue] = ["of": .text("system")]
        let most = Double(try #require(SystemFileTable()?.read()).most)
        let found = problem { try prepare(changes, peak: most - 100, [.leave]) }
        // Where the limit is none, or tables are small, it is refused for that.
        guard most < 0x1p62, most / (hard - Double(FileHandleStressor.reserve)) <= 256 else {
            #expect(found?.isInvalid == false)
            return
        }
        #expect(found?.isInvalid == true && found?.message.contains("'keep-free' is 1024") == true)
    }

    @Test func modeIsForTheSystem() {
        #expect(problem { try FileHandleStressor.base(request(["mode": .text("total")])) }?.isInvalid == true)
    }

    // MARK: A target

    private func target(_ id: Int, _ changes: [String: SettingValue] = [:]) -> [String: SettingValue] {
        changes.merging(["target.pid": .integer(id)]) { $1 }
    }

    @Test func aTargetsBaseIsItsSoftLimit() throws {
        let soft = try OpenFileLimit.of(processID: getppid()).soft
        let base = try FileHandleStressor.base(request(target(Int(getppid())), [.leave]))
        #expect(base.capacity == Double(soft) && base.mode == .total)
        let ready = try prepare(target(Int(getppid())), peak: Double(soft) - 10, [.leave])
        #expect(ready.processes == 1 && ready.settings["target.limit"] == .integer(Int(soft)))
        #expect(ready.findings.isEmpty)
        let all = try prepare(target(Int(getppid())), peak: 0, [.leave])
        #expect(all.findings.map(\.code) == ["target_beyond_capacity"], "it has some open already")
    }

    @Test func targetsThatMakeNoSenseAreRefused() {
        func refusal(_ changes: [String: SettingValue], _ amounts: Set<AmountKind> = [.leave]) -> String? {
            problem { try FileHandleStressor.base(request(changes, amounts)) }?.message
        }
        #expect(refusal(target(Int(getpid())))?.contains("exert itself") == true)
        #expect(refusal(target(4_194_304))?.contains("no process") == true)
        #expect(refusal(target(Int(getppid())), [.leave, .percent])?.contains("leave N") == true)
        #expect(refusal(target(Int(getppid()), ["of": .text("system")]))?.contains("of: system") == true)
        #expect(refusal(target(Int(getppid()), ["handle": .text("pipe")])) != nil)
        if let kernel = ProcessFacts(of: 2), kernel.isKernelThread {
            #expect(refusal(target(2))?.contains("thread of the kernel") == true)
        }
        let thread = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task"))?
            .compactMap { Int($0) }.first { $0 != Int(getpid()) }
        if let thread { #expect(refusal(target(thread))?.contains("thread of process \(getpid())") == true) }
    }

    @Test func theLimitIsTheFirstNumberThatMayNotBeOpened() {
        // 0, 1, 2 and 5 are in use: 3, 4, 6, 7, … are not.
        let used: [Int32] = [0, 1, 2, 5]
        #expect([0, 1, 2, 3, 10].map { LimitSqueeze.unusedNumber($0, among: used) } == [3, 4, 6, 7, 14])
        #expect(LimitSqueeze.unusedNumber(0, among: []) == 0)
        #expect(LimitSqueeze.unusedNumber(4, among: []) == 4)
        #expect(LimitSqueeze.unusedNumber(0, among: [1]) == 0)
        #expect(LimitSqueeze.unusedNumber(1, among: [1]) == 2)
    }
}
