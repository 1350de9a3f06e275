// SPDX-License-Identifier: Apache-2.0

import Foundation
import LoadModel
import Reporting
import Testing

private let plain = TextStyle()

@Suite struct PlanTextTests {
    @Test func thePlanIsResolved() {
        #expect(
            PlanText.text(Fixture.plan, style: plain) == """
                profile  squeeze (squeeze.yaml, seed 42)
                sha256   0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f
                length   5s in 2 phases

                stressor cpu
                  kind       cpu, works at a rate
                  100% is    2 cores: processors in the affinity mask
                  mode       add: on top of what is there
                  peak       1.6 cores, 80.0% of it
                  tolerance  0.02 cores (1pp), 5% of the target at most; 0.001 cores at least; never above 50% of
                             the target; where nothing is asked for, 0.005 cores may be left
                  workers    2
                  settings   cpus: 0-2,5; of: cgroup
                  witness    process_cpu_clock
                  1.600 cores│                                      ▁▂▂▃▃▄▅▅▆▇▇█░
                             │                         ▁▁▂▃▃▄▄▅▆▆▇██████████████░
                             │             ▁▂▂▃▄▄▅▆▆▇▇██████████████████████████░
                             │▁▁▂▃▃▄▅▅▆▇▇███████████████████████████████████████░
                            0└──────────────────────────────────────────────────┴─────────────────────────────────
                              0s                                                3s                              5s

                stressor memory
                  kind       memory, holds an amount
                  100% is    8 GiB (8589934592 bytes): MemTotal of /proc/meminfo
                  mode       add: on top of what is there
                  peak       512 MiB (536870912 bytes), 6.3% of it
                  tolerance  1% of the target, as written; 512 KiB at least; never above 50% of the target; where
                             nothing is asked for, 1 MiB may be left
                  workers    1
                  settings   keep-free: 256 MiB (268435456 bytes); lock: false
                  witness    statm_resident
                  512.0 MiB│███████████████████████████████████████████████████░
                           │███████████████████████████████████████████████████░
                           │███████████████████████████████████████████████████░
                           │███████████████████████████████████████████████████░
                          0└───────────────────────────────────────────────────┴──────────────────────────────────
                            0s                                                 3s                               5s

                phases
                  1  squeeze  0s – 3s  for 3s  cpu      ramp from 0% to 80%  peak 1.6 cores, mean 0.800 cores
                                               memory   512MiB               peak 512 MiB (536870912 bytes), \
                within 1.5s
                  2  recover  3s – 5s  for 2s  no load

                guards, any of which ends the run and releases everything
                  disk.free < 5% for 2s  /var/lib/app

                warning: cpu: the quota of 1.5 cores is below the peak of 1.6 cores; raise cpu.max or ask for 75%

                """)
    }

    @Test func aPhasesPeakIsItsOwn() {
        var plan = Fixture.plan
        var curve = Curve()
        // A ramp that its phase cuts off half way, then a sine that has time for its top.
        curve.append(2 * .second, repeating: [Curve.Piece(length: 4 * .second, .line(0, 1))])
        curve.append(
            3 * .second,
            repeating: [Curve.Piece(length: 3 * .second, .sine(low: 0.25, high: 0.75, period: 2 * .second))])
        plan.stressors[0].curve = curve
        plan.phases = [
            PlannedPhase(name: "a", start: 0, length: 2 * .second, loads: ["cpu": "ramp"]),
            PlannedPhase(name: "b", start: 2 * .second, length: 3 * .second, loads: ["cpu": "sine"]),
        ]
        let text = PlanText.text(plan, style: plain)
        #expect(text.contains("ramp  peak 0.5 cores"))
        #expect(text.contains("sine  peak 0.75 cores"))
    }
}

@Suite struct SummaryTextTests {
    @Test func aTrippedGuardSaysWhatItSaw() {
        var record = Fixture.missed
        record.guardTrip = Fixture.trip
        record.verdict = .aborted
        let text = SummaryText.text(record, style: plain)
        #expect(
            text.contains(
                "guard 'disk.free < 5% for 2s' tripped: disk.free (/var/lib/app) was 3.1% for 2.100 s; everything"),
            "\(text)")
        #expect(text.contains("exit 3: aborted by a guard"), "\(text)")
    }

    @Test func aTrippedGuardOnAProbeSaysWhatIsKnown() throws {
        let subject = GuardSubject("checkout", percentile: 0.95, unit: .seconds, window: 5 * .second)
        let condition = PlannedGuard(
            text: "checkout.p95 > 500ms over 5s for 2s", metric: .percentile, subject: subject, comparison: .above,
            limit: 0.5, unit: .seconds, length: 2 * .second)
        var trip = GuardTrip(condition: condition, value: 1, held: 2100 * .millisecond, span: 3 * .second)
        trip.isLeast = true
        var record = Fixture.missed
        record.plan.guards = [condition]
        record.guardTrip = trip
        record.verdict = .aborted
        let text = SummaryText.text(record, style: plain).split(whereSeparator: \.isWhitespace).joined(separator: " ")
        #expect(
            text.contains(
                "guard 'checkout.p95 > 500ms over 5s for 2s' tripped: checkout.p95 was more than 1.000 s, or there was "
                    + "no answer at all for 2.100 s of the last 3.000 s; everything is released"), "\(text)")
        // The log has the same, in the words of its schema.
        var log = EventLog(plan: record.plan)
        let schema = try MiniSchema(LogSchema.jsonSchema())
        for event in [Event.guardTripped(trip), .runEnded(record)] {
            let line = log.line(Fixture.event(2, event))
            #expect(try schema.accepts(String(decoding: line, as: UTF8.self)))
        }
        let line = String(decoding: log.line(Fixture.event(2, .guardTripped(trip))), as: UTF8.self)
        #expect(
            line.contains(
                #""metric":"checkout.p95","probe":"checkout","over_s":5,"comparison":">","limit":0.5,"unit":"seconds","#
            ),
            "\(line)")
        #expect(line.contains(#""value":1,"value_is_least":true,"held_s":2.1,"span_s":3"#), "\(line)")
    }

    @Test func aMissSaysByHowMuchAndWhy() {
        #expect(
            SummaryText.text(Fixture.missed, style: plain) == """
                cpu ramp from 0% to 80% and memory 512MiB for 3s was put on, and was not there as asked.
                ✗ squeeze: not met in 5s  run 01JDA5Q0Z8R6V3T1Y7K2M4N9PX on node-1
                  cpu in squeeze: 0.500 of 0.800 cores, off by -0.300 cores where 0.02 cores is allowed; off for 2.3
                  of 3.0 s; never reached; limited by quota (0.250 cores: /sys/fs/cgroup/app/cpu.max says 0.5 cores,
                  throttled 31 times), contention (0.050 cores: ready and not run for 1.250 s)

                  phase    stressor  target  achieved            error  |error| p95  reached  limited by  verdict
                  squeeze  cpu        0.800     0.500  cores  -15.00pp      15.50pp    never  quota       not met
                  squeeze  memory     512.0     512.0  MiB       0.00%        0.00%  0.031 s  –           met
                  memory in squeeze: content caught up after 0.250 s, 512.0 MiB resident by page walk at the end

                released in 0.012 s; nothing left behind
                the observer took 0.009 s of CPU time, 0.17% of one core
                warning: cpu: the quota of 1.5 cores is below the peak of 1.6 cores; raise cpu.max or ask for 75%
                exit 2: a target was not met

                """)
    }

    @Test func aRunOnTargetIsShort() {
        #expect(
            SummaryText.text(Fixture.met, style: plain) == """
                cpu ramp from 0% to 80% and memory 512MiB for 3s was put on, and was really there.
                ✓ squeeze: met in 5s  run 01JDA5Q0Z8R6V3T1Y7K2M4N9PX on node-1

                  phase    stressor  target  achieved           error  |error| p95  reached  limited by  verdict
                  squeeze  cpu        0.800     0.800  cores  -0.01pp       0.02pp  0.100 s  –           met
                  squeeze  memory     512.0     512.0  MiB      0.00%        0.00%  0.031 s  –           met
                  memory in squeeze: content caught up after 0.250 s, 512.0 MiB resident by page walk at the end

                released in 0.012 s; nothing left behind
                the observer took 0.009 s of CPU time, 0.17% of one core
                exit 0: every target was met

                """)
    }

    @Test func anOutOfMemoryKillIsNamed() {
        var record = Fixture.missed
        record.ends[1] = Fixture.killed
        record.results[1].verdict = .killed
        record.verdict = .killed
        record.results[1].killedAfter = 2.5
        record.results[1].achievedWhenKilled = 512 * Fixture.mebibyte
        let text = SummaryText.text(record, style: plain)
        #expect(text.contains("✗ squeeze: killed"))
        #expect(text.contains("memory in squeeze: killed after 2.5 s, holding 512.0 of 512.0 MiB\n"), "\(text)")
        #expect(text.contains("memory (pid 102) was killed by the kernel's OOM killer (SIGKILL)"))
        #expect(text.contains("ended before its time: memory (out of memory); the rest released in 0.004 s"))
        #expect(!text.contains("nothing left behind"))
        #expect(text.hasSuffix("exit 5: a stressor was killed, out of memory\n"))
    }

    @Test func anInterruptedRunSaysHowFarItCame() {
        var record = Fixture.met
        record.verdict = .aborted
        record.interruptedBy = 2
        record.elapsed = 1_500 * .millisecond
        let text = SummaryText.text(record, style: plain)
        #expect(text.contains("its time.\n✗ squeeze: aborted (interrupted by SIGINT) after 1.5s of 5s"))
        #expect(text.hasSuffix("exit 130: interrupted by SIGINT, after a clean release\n"))
    }

    @Test func aClaimThatTheKernelDeniesIsNamed() {
        var record = Fixture.missed
        record.results[0].verdict = .unverified
        record.results[0].mismatch = ClaimMismatch(claimed: 0.8, achieved: 0.5)
        record.verdict = .unverified
        let text = SummaryText.text(record, style: plain)
        #expect(
            text.contains("cpu in squeeze: the stressor claims 0.800 cores, process_cpu_clock says 0.500 cores\n"))
    }

    @Test func aMissOfTheTailOnlySaysSo() {
        var record = Fixture.missed
        record.results[0].achievedMean = 0.801
        record.results[0].errorMean = 0.001
        record.results[0].errorAbsMean = 0.1
        record.results[0].timeToReach = 0.1
        let text = SummaryText.text(record, style: TextStyle(width: 200))
        #expect(
            text.contains(
                "0.801 of 0.800 cores in the mean, but off by 0.100 cores on average, up or down, where 0.02 cores is "
                    + "allowed; off for 2.3 of 3.0 s; limited by"), "\(text)")
    }

    @Test func aStressorThatWasNotSeenToEndIsNamed() {
        var record = Fixture.met
        record.ends.removeFirst()
        #expect(SummaryText.text(record, style: plain).contains("not seen to end: cpu"))
    }

    @Test func colourAddsNothingButColour() {
        for record in [Fixture.missed, Fixture.met] {
            let colored = SummaryText.text(record, style: TextStyle(hasColor: true))
            #expect(colored.contains("\u{1B}["))
            #expect(
                colored.replacing(/\u{1B}\[[0-9]+m/, with: "") == SummaryText.text(record, style: plain))
        }
    }

    @Test func withoutUTF8ItIsASCII() {
        let text = SummaryText.text(Fixture.missed, style: TextStyle(isUTF8: false))
        #expect(text.utf8.allSatisfy { $0 < 0x80 })
        #expect(text.contains("\n!! squeeze: not met"))
    }
}

@Suite struct SummaryJSONTests {
    @Test func saysWhatTheLogSays() throws {
        let object = try #require(
            JSONSerialization.jsonObject(with: Data(SummaryJSON.document(Fixture.missed))) as? [String: Any])
        #expect(object["schema"] as? String == "exert-report/1")
        var log = try #require(
            JSONSerialization.jsonObject(with: Data(goldenLog.last!.utf8)) as? [String: Any])
        for head in ["schema", "time", "event", "elapsed_s"] { log[head] = nil }
        for (key, value) in log { #expect(object[key] as? NSObject == value as? NSObject, "\(key)") }
        let host = object["host"] as? [String: Any]
        #expect(host?["quota_cores"] as? Double == 1.5)
        #expect(host?["memory_limit_bytes"] is NSNull)
        #expect((object["plan"] as? [String: Any])?["length_s"] as? Double == 5)
    }

    @Test func aPlanIsADocumentToo() throws {
        let object = try #require(
            JSONSerialization.jsonObject(with: Data(SummaryJSON.document(Fixture.plan))) as? [String: Any])
        #expect(Set(object.keys) == ["schema", "profile", "plan"])
    }
}

@Suite struct ListTextTests {
    private let manifest = Manifest(
        kind: "memory", summary: "Holds memory.", details: "Maps and fills anonymous memory. The kernel takes it back.",
        reach: .ownProcess, drive: .level, unit: .bytes, amounts: [.percent, .bytes, .leave],
        keys: [
            Manifest.Key(
                "pages", .choice(["auto", "huge"]), default: .text("auto"), reach: .always(.ownProcess),
                help: "Which pages to use."),
            Manifest.Key(
                "workers", .integer(1...64), default: nil, reach: .always(.ownProcess),
                help: "How many threads fill it."),
            Manifest.Key(
                "keep-free", .bytes, default: .bytes(268_435_456), reach: .always(.ownProcess),
                help: "Stop growing at this little."),
        ],
        tolerance: ToleranceRule(.percent(1)), witness: "statm_resident", examples: ["1GiB", "ramp to 80% in 30s"])

    @Test func theOverviewShowsWhatIsListed() {
        var hidden = manifest
        hidden.kind = "null"
        hidden.isListed = false
        #expect(
            ListText.overview([manifest, hidden], style: plain) == """
                stressor  unit   what it does
                memory    bytes  Holds memory.

                exert list STRESSOR tells a stressor's settings, loads and witness.

                """)
    }

    /// From the one description of each kind: nothing that a profile takes is missing.
    @Test(arguments: ProbeKind.allCases) func kindsOfProbesAreListed(kind: ProbeKind) {
        #expect(ListText.probes(style: plain).contains("\n\(kind.rawValue) "))
        let details = ListText.details(kind, style: plain)
        #expect(kind.options.allSatisfy { details.contains("\n  \($0.rawValue): ") })
        #expect(kind.description.conditions.allSatisfy { details.contains("\n  \($0.example)\n") })
        #expect(!details.contains("status 200") || kind == .http)
    }

    @Test func theDetailsOfAKind() {
        #expect(
            ListText.details(manifest, style: plain) == """
                memory: Holds memory.

                Maps and fills anonymous memory. The kernel takes it back.

                drive      holds an amount
                unit       bytes
                loads      percent (80%), bytes (512MiB), leave (all but that much)
                tolerance  1% of the target, unless the profile writes one; never above 50% of the target; where
                           nothing is asked for, nothing may be left
                witness    statm_resident
                reach      own-process

                settings
                  pages: auto | huge (default: auto)
                      Which pages to use.
                  workers: a whole number, 1 to 64
                      How many threads fill it.
                  keep-free: bytes, such as 256MiB (default: 256 MiB (268435456 bytes))
                      Stop growing at this little.
                  cgroup: text
                      Put the stressor's processes, not exert itself, into this control group before they load: a
                      directory such as /sys/fs/cgroup/app, or a path as in /proc/PID/cgroup, such as /app. 'of:
                      cgroup' then means this group.
                      reach: control-group
                  within: a length of time, such as 5s
                      How long the way to a new target may take before the error counts, such as 5s; 1s unless
                      given, a quarter of the time that the target stands at most, half of it where given. A phase,
                      or a load in one ({load: 80%, within: 5s}), may say otherwise.
                  expect: killed | not_met
                      An end that is wanted, in one of the stressor's phases: killed, or not_met. Then it is a
                      success, and exit code 2 tells that it did not come. Of one phase, write it beside the load
                      ({load: 80%, expect: killed}).

                examples
                  memory: 1GiB
                  memory: ramp to 80% in 30s

                """)
    }
}
