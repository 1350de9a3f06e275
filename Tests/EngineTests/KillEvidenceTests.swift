// SPDX-License-Identifier: Apache-2.0

import LinuxSystem
import LoadModel
import Testing

@testable import Engine

/// Who killed a process, as far as the kernel's accounting says it.
@Suite struct KillEvidenceTests {
    private func evidence(_ signal: Int32 = 9, _ change: (inout KillEvidence) -> Void = { _ in }) -> KillEvidence {
        var evidence = KillEvidence(
            signal: signal, cpuTime: 3 * .second, cpuLimit: nil, groupKills: false, groupSource: "/g/memory.events",
            hostKills: false, isOwn: false)
        change(&evidence)
        return evidence
    }

    @Test func `the group's counter decides, and the host's only where no group counts`() {
        #expect(evidence { $0.groupKills = true }.isOutOfMemory)
        #expect(evidence { $0.groupKills = true }.note.contains("/g/memory.events"))
        #expect(!evidence { $0.hostKills = true }.isOutOfMemory, "somebody else's")
        #expect(evidence { ($0.groupKills, $0.hostKills) = (nil, true) }.isOutOfMemory)
        #expect(evidence { ($0.groupKills, $0.hostKills) = (nil, true) }.note.contains("/proc/vmstat"))
        #expect(!evidence { $0.groupKills = nil }.isOutOfMemory)
        #expect(!evidence(15) { $0.groupKills = true }.isOutOfMemory, "the OOM killer sends SIGKILL")
    }

    @Test func `a kill that nothing explains is not explained`() {
        #expect(evidence().note == "who sent it is not known to the kernel's accounting")
        #expect(evidence { $0.isOwn = true }.note.hasPrefix("exert ended it"))
    }

    @Test func `a limit of CPU time is named where it is reached, and no earlier`() {
        func limited(_ signal: Int32, soft: Int64?, hard: Int64?) -> KillEvidence {
            evidence(signal) { ($0.cpuLimit, $0.groupKills) = (.init(soft: soft, hard: hard), true) }
        }
        #expect(limited(9, soft: 3, hard: 3).note.contains("RLIMIT_CPU of 3 s"))
        #expect(!limited(9, soft: 3, hard: 3).isOutOfMemory)
        #expect(limited(24, soft: 3, hard: nil).note.contains("RLIMIT_CPU of 3 s"))
        #expect(!limited(9, soft: 3, hard: nil).note.contains("RLIMIT_CPU"), "at the soft limit comes SIGXCPU")
        #expect(!limited(9, soft: 4, hard: 4).note.contains("RLIMIT_CPU"))
        #expect(!limited(15, soft: 3, hard: 3).note.contains("RLIMIT_CPU"))
    }

    @Test func `what cannot be read is no proof that nobody killed, and a limit is a cause`() {
        let blind = evidence { ($0.groupKills, $0.hostKills) = (nil, nil) }
        #expect(!blind.isOutOfMemory && blind.note.contains("cannot be read here (/proc/vmstat)"))
        #expect(!evidence { $0.hostKills = nil }.note.contains("vmstat"), "the group tells")
        let limited = evidence { $0.cpuLimit = .init(soft: 3, hard: 3) }
        #expect(limited.cause?.0 == .processLimit && limited.cause?.1.figure.contains("Max cpu time 3 s") == true)
        #expect(evidence().cause == nil)
    }

    @Test func `a group's kills count from when they were seen`() {
        var ledger = OOMLedger()
        #expect(!ledger.isCounted)
        ledger.note((5, "/a"), at: 1 * .second)
        #expect(ledger.isCounted && !ledger.hasKilled(since: 0), "what was before is nobody's")
        ledger.note((6, "/a"), at: 2 * .second)
        #expect(ledger.hasKilled(since: 2 * .second) && !ledger.hasKilled(since: 2 * .second + 1))
        ledger.note((90, "/b"), at: 3 * .second)
        #expect(!ledger.hasKilled(since: 3 * .second), "another group has a count of its own")
        ledger.note(nil, at: 4 * .second)
        ledger.note((91, "/b"), at: 5 * .second)
        #expect(ledger.hasKilled(since: 5 * .second))
    }
}

/// What 100 % was made of, and what it is now.
@Suite struct BaseWatchTests {
    private func watch(_ kind: String, of: String? = nil, follows: Bool = false) -> BaseWatch {
        var settings = Settings(values: of.map { ["of": .text($0)] } ?? [:])
        settings.values["follow"] = .boolean(follows)
        return BaseWatch(
            PlannedStressor(
                name: kind, kind: kind, unit: kind == "cpu" ? .cores : .bytes, drive: kind == "cpu" ? .rate : .level,
                settings: settings, capacity: 1, base: "", curve: Curve(),
                workers: 1, tolerance: ToleranceLimit(absolute: 0, ratio: 0), witness: ""),
            kind == "cpu" ? .processors(quota: of != "host") : .groupMemory)
    }

    private func bases(quota: Double? = nil, memory: Double? = nil, processors: Int = 2) -> LimitBases {
        LimitBases(
            quota: quota.map { .init(value: $0, source: "/g/cpu.max") },
            memory: memory.map { .init(value: $0, source: "/g/memory.max") },
            processors: .init(before: 2, now: processors, source: "/online"))
    }

    private func told(_ watch: inout BaseWatch, _ bases: LimitBases) -> Finding? { watch.change(to: bases)?.finding }

    @Test func `targets that follow change by as much as the base`() {
        var watch = watch("cpu", follows: true)
        #expect(watch.change(to: bases()) == nil)
        let change = watch.change(to: bases(quota: 0.5))
        #expect(change?.factor == 0.25)
        #expect(change?.finding?.message.contains("the targets follow it") == true)
        #expect(watch.change(to: bases())?.factor == 4)
        var fixed = self.watch("cpu")
        _ = fixed.change(to: bases())
        #expect(fixed.change(to: bases(quota: 0.5))?.factor == nil)
    }

    @Test func `each change of a quota is told once, with both figures and the file`() {
        var watch = watch("cpu")
        #expect(told(&watch, bases()) == nil && told(&watch, bases()) == nil)
        let finding = told(&watch, bases(quota: 0.5))
        #expect(finding?.code == "base_changed" && finding?.stressor == "cpu")
        #expect(finding?.message.contains("was 2 cores (/online) and is 0.5 cores (/g/cpu.max) now") == true)
        #expect(told(&watch, bases(quota: 0.5)) == nil)
        #expect(told(&watch, bases(quota: 3))?.message.contains("is 2 cores (/online)") == true)
        #expect(told(&watch, bases(processors: 1))?.message.contains("is 1 core (/online)") == true)
    }

    @Test func `a reading of the kind's own is followed`() {
        final class Limit { var most = 1000.0 }
        let limit = Limit()
        var own = BaseWatch(
            PlannedStressor(
                name: "h", kind: "h", unit: .handles, drive: .level,
                settings: Settings(values: ["follow": .boolean(true)]), capacity: 1, base: "", curve: Curve(),
                workers: 1, tolerance: ToleranceLimit(absolute: 0, ratio: 0), witness: ""),
            .meter { BaseAmount(value: limit.most, source: "/proc/7/limits, Max open files") })
        #expect(own.change(to: nil) == nil)
        limit.most = 600
        let change = own.change(to: nil)
        #expect(change?.factor == 0.6)
        #expect(change?.finding?.message.contains("was 1000 handles") == true, "\(change?.finding?.message ?? "")")
        #expect(change?.finding?.message.contains("is 600 handles (/proc/7/limits, Max open files)") == true)
    }

    @Test func `a base that does not rest on it does not change with it`() {
        var host = watch("cpu", of: "host")
        #expect(told(&host, bases()) == nil && told(&host, bases(quota: 0.5)) == nil)
        var group = watch("memory", of: "cgroup")
        #expect(told(&group, bases(memory: 0x1p28)) == nil)
        #expect(told(&group, bases(memory: 0x1p27))?.message.contains("256 MiB") == true)
        #expect(told(&group, bases())?.message.contains("no limit") == true)
    }

    @Test func `a base that never rests is not told for ever`() {
        var watch = watch("cpu")
        let findings = (1...100).compactMap { told(&watch, bases(quota: Double($0) / 100)) }
        #expect(findings.count == 8 && findings.last?.message.hasSuffix("further changes are not told") == true)
    }
}

/// What stressors say of the rules that refuse them.
@Suite struct CitationTests {
    @Test func `evidence arrives as it was given, once for each cause`() {
        let bytes = UnsafeMutableRawPointer.allocate(byteCount: NoticeBoard.byteCount + 64, alignment: 64)
        bytes.initializeMemory(as: UInt8.self, repeating: 0, count: NoticeBoard.byteCount + 64)
        defer { bytes.deallocate() }
        let board = NoticeBoard(at: bytes)
        let context = StressorContext(
            name: "", runID: "", control: ControlWord(at: bytes + NoticeBoard.byteCount), workers: 1, processes: 1,
            processIndex: 0, course: Course(Curve()), unit: .handles, mode: .add, gauges: [], latency: nil,
            notices: board)
        context.cite(.refusal, source: "/proc/sys/fs/file-max", figure: "10, of the whole system")
        context.cite(.refusal, source: "/other", figure: "1")
        context.tell("word", "evidence of nothing")
        let found = board.notices(after: 0).map { StressorContext.evidence(in: $0) }
        #expect(found.count == 2 && found[1] == nil)
        #expect(found[0]?.0 == .refusal)
        #expect(found[0]?.1 == CauseEvidence(source: "/proc/sys/fs/file-max", figure: "10, of the whole system"))
    }
}
