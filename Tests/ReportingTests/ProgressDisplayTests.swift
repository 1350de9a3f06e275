// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Reporting
import Testing

/// A terminal of which only the cursor's row and the text of each row are of interest.
private struct ScriptedTerminal {
    var rows: [String] = [""]
    private var row = 0
    private var column = 0

    /// Plays bytes; `\u{1B}[nA` goes up, `\u{1B}[K` and `\u{1B}[J` erase, colour is passed over.
    mutating func play(_ bytes: [UInt8]) {
        var rest = Substring(String(decoding: bytes, as: UTF8.self))
        while let character = rest.popFirst() {
            switch character {
            case "\n":
                row += 1
                column = 0
                if row == rows.count { rows.append("") }
            case "\r":
                column = 0
            case "\u{1B}":
                rest.removeFirst()
                let parameter = rest.prefix { $0.isNumber }
                rest.removeFirst(parameter.count)
                switch rest.removeFirst() {
                case "A": row -= Int(parameter)!
                case "K": rows[row] = String(rows[row].prefix(column))
                case "J":
                    rows.removeLast(rows.count - row - 1)
                    rows[row] = String(rows[row].prefix(column))
                case "m": break
                default: Issue.record("unknown control sequence")
                }
            default:
                var cells = Array(rows[row])
                if column < cells.count { cells[column] = character } else { cells.append(character) }
                rows[row] = String(cells)
                column += 1
            }
        }
    }
}

@Suite struct ProgressDisplayTests {
    private func text(_ bytes: [UInt8]?) -> String { String(decoding: bytes ?? [], as: UTF8.self) }

    private func played(_ policy: TerminalPolicy, isUTF8: Bool = true) -> [String] {
        var display = ProgressDisplay(plan: Fixture.plan, policy: policy, isUTF8: isUTF8)
        var terminal = ScriptedTerminal()
        for event in Fixture.events { terminal.play(display.handle(event)) }
        return terminal.rows
    }

    @Test func plainLines() {
        #expect(
            played(.lines(color: false)).joined(separator: "\n") == """
                run 01JDA5Q0Z8R6V3T1Y7K2M4N9PX: profile squeeze, 5s in 2 phases; figures are achieved/target, \
                [least–most] where they moved
                warning: cpu: the quota of 1.5 cores is below the peak of 1.6 cores; raise cpu.max or ask for 75%
                phase 1/2 squeeze, 3s: cpu ramp from 0% to 80%, memory 512MiB
                   1.0s squeeze   cpu 1.600/1.600 cores   memory 512.0/512.0 MiB
                   2.0s squeeze   cpu 1.200/1.600 cores (quota)   memory 512.0/512.0 MiB
                note: cgroup v1 "cpu" is used
                warning: guard 'disk.free < 5% for 2s' tripped: disk.free (/var/lib/app) was 3.1% for 2.100 s; \
                everything is released
                2.350 s cpu retargeted: ramp to 40% in 10s
                2.350 s paused: every load is released, the run's clock goes on
                2.450 s resumed: every load is what the profile says by now
                warning: the lease of 30 s ran out: nobody renewed it, and everything is released
                warning: memory (pid 102) was killed by the kernel's OOM killer (SIGKILL)
                warning: cpu (pid 101) gave up: pthread_create: EAGAIN
                   3.0s recover   cpu     –/1.600 cores (no reading)   memory 512.0/512.0 MiB
                end of squeeze: cpu not met (quota), memory met
                phase 2/2 recover, 2s: no load

                """)
    }

    @Test func theLiveBlockStaysBelowWhatWasTold() {
        #expect(
            played(.live(color: true, width: 80)).joined(separator: "\n") == """
                warning: cpu: the quota of 1.5 cores is below the peak of 1.6 cores; raise
                         cpu.max or ask for 75%
                note: cgroup v1 "cpu" is used
                warning: guard 'disk.free < 5% for 2s' tripped: disk.free (/var/lib/app) was
                         3.1% for 2.100 s; everything is released
                note: cpu retargeted: ramp to 40% in 10s
                note: paused: every load is released, the run's clock goes on
                note: resumed: every load is what the profile says by now
                warning: the lease of 30 s ran out: nobody renewed it, and everything is
                         released
                warning: memory (pid 102) was killed by the kernel's OOM killer (SIGKILL)
                warning: cpu (pid 101) gave up: pthread_create: EAGAIN
                squeeze · not met · a target was not met · 0:05
                  cpu                          █▆▁  1.600 →     – cores             no reading
                  memory                       ███  512.0 → 512.0 MiB        0.00%  released

                """)
    }

    @Test func theLiveBlockWhileALoadRuns() {
        var display = ProgressDisplay(plan: Fixture.plan, policy: .live(color: false, width: 80), isUTF8: true)
        var terminal = ScriptedTerminal()
        for event in Fixture.events.prefix(4) { terminal.play(display.handle(event)) }
        #expect(
            terminal.rows.suffix(4).joined(separator: "\n") == """
                squeeze · 1/2 squeeze ▕███████████░░░░░░▏ 0:02/0:03 · run 0:02/0:05 · 0:03 left
                  cpu                           █▆  1.600 → 1.200 cores   -20.00pp  quota
                  memory                        ██  512.0 → 512.0 MiB        0.00%  ✓

                """)
    }

    @Test func withoutUTF8EverythingIsASCII() {
        for policy in [TerminalPolicy.live(color: true, width: 70), .lines(color: false)] {
            #expect(played(policy, isUTF8: false).allSatisfy { $0.utf8.allSatisfy { $0 < 0x80 } })
        }
    }

    @Test(arguments: [32, 40, 45, 50, 60, 79, 80, 120, 300])
    func noLiveLineIsWiderThanTheTerminal(width: Int) {
        var plan = Fixture.plan
        plan.profile = "a profile with quite a long name 负载 and more of it than any terminal has room for"
        plan.stressors[1].name = "memory-of-the-other-node-负载负载"
        plan.phases[0].name = "squeeze\u{1B}[2J\n"
        for isUTF8 in [true, false] {
            var display = ProgressDisplay(plan: plan, policy: .live(color: true, width: width), isUTF8: isUTF8)
            for event in Fixture.events {
                let lines = text(display.handle(event)).replacing(/\u{1B}\[[0-9]*[A-Za-z]/, with: "").split(
                    separator: "\n")
                for line in lines { #expect(visibleWidth(line) < width, "\(line)") }
            }
        }
    }

    /// Cells of the characters that the test above uses.
    private func visibleWidth(_ line: Substring) -> Int {
        line.reduce(0) { $0 + (("\u{4E00}"..."\u{9FFF}").contains($1) ? 2 : $1 == "\r" ? 0 : 1) }
    }

    @Test func colourOnlyWhereItIsWanted() {
        for (color, count) in [(true, 1), (false, 0)] {
            var display = ProgressDisplay(plan: Fixture.plan, policy: .live(color: color, width: 80), isUTF8: true)
            let bytes = Fixture.events.map { text(display.handle($0)) }.joined()
            #expect(bytes.contains(/\u{1B}\[[0-9]+m/) == (count == 1))
        }
    }

    @Test func atMostFiveRedrawsASecond() {
        var display = ProgressDisplay(plan: Fixture.plan, policy: .live(color: false, width: 80), isUTF8: true)
        _ = display.handle(Fixture.events[0])
        var redraws = 0
        for tick in 1...1000 {
            let elapsed = Nanoseconds(tick) * 10 * .millisecond
            if display.update(Fixture.sample(at: elapsed), time: Fixture.start + elapsed) != nil { redraws += 1 }
        }
        #expect((45...50).contains(redraws))
    }

    @Test func noSettingGivesMoreThanTenRedrawsASecond() {
        var display = ProgressDisplay(
            plan: Fixture.plan, policy: .live(color: false, width: 80), isUTF8: true, redrawInterval: 1)
        var redraws = 0
        for tick in 0..<1000 {
            let elapsed = Nanoseconds(tick) * .millisecond
            if display.update(Fixture.sample(at: elapsed), time: Fixture.start + elapsed) != nil { redraws += 1 }
        }
        #expect(redraws == 10)
    }

    @Test func aClockThatIsSetBackDoesNotStopIt() {
        var display = ProgressDisplay(plan: Fixture.plan, policy: .live(color: false, width: 80), isUTF8: true)
        #expect(display.update(Fixture.sample(at: .second), time: Fixture.start) != nil)
        #expect(display.update(Fixture.sample(at: .second), time: Fixture.start - 3600 * .second) != nil)
    }

    @Test func aFindingIsToldOnce() {
        var display = ProgressDisplay(plan: Fixture.plan, policy: .lines(color: false), isUTF8: true)
        #expect(text(display.handle(Fixture.events[0])).contains("warning: cpu"))
        #expect(display.handle(Fixture.event(0, .finding(Fixture.finding))).isEmpty)
    }

    @Test func silenceIsSilent() {
        var display = ProgressDisplay(plan: Fixture.plan, policy: .silent, isUTF8: true)
        for event in Fixture.events { #expect(display.handle(event).isEmpty) }
        #expect(display.update(Fixture.sample(at: .second), time: 0) == nil)
    }

    @Test func linesWaitForTheLogsSamples() {
        var display = ProgressDisplay(plan: Fixture.plan, policy: .lines(color: false), isUTF8: true)
        #expect(display.update(Fixture.sample(at: .second), time: 0) == nil)
    }

    @Test func aNarrowedTerminalIsKeptTo() {
        var display = ProgressDisplay(plan: Fixture.plan, policy: .live(color: false, width: 100), isUTF8: true)
        _ = display.handle(Fixture.events[0])
        display.resize(width: 40)
        let redrawn = text(display.handle(Fixture.events[2])).replacing(/\u{1B}\[[0-9]*[A-Za-z]/, with: "")
        for line in redrawn.split(separator: "\n") { #expect(visibleWidth(line) < 40) }
    }
}
