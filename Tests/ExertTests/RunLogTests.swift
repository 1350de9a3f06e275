// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Exert

@Suite struct RunLogTests {
    private func line(_ name: String = "sample") -> [UInt8] {
        Array("{\"schema\":\"exert-log/1\",\"event\":\"\(name)\",\"elapsed_s\":1.5}\n".utf8)
    }

    private func numbers(_ batch: RunLog.Batch) -> [Int]? {
        if case .events(let events) = batch { events.map(\.number) } else { nil }
    }

    @Test func `events are numbered from one`() {
        let log = RunLog()
        #expect(log.firstNumber == 1 && log.lastNumber == 0)
        for _ in 0..<3 { _ = log.append(line: line()) }
        #expect(log.append(line: Array("{}\n".utf8)) == nil, "what is no event has no number")
        #expect(numbers(log.batch(after: 0)) == [1, 2, 3])
        #expect(numbers(log.batch(after: 1, limit: 1)) == [2])
        if case .idle = log.batch(after: 3) {} else { Issue.record("not idle") }
        if case .idle = log.batch(after: 1 << 52) {} else { Issue.record("not idle") }
        log.finish()
        #expect(numbers(log.batch(after: 2)) == [3])
        if case .finished = log.batch(after: 3) {} else { Issue.record("not finished") }
    }

    @Test(arguments: [(10, Int.max), (Int.max, 10 * 58)])
    func `old events make way`(countLimit: Int, byteLimit: Int) {
        let log = RunLog(countLimit: countLimit, byteLimit: byteLimit)
        #expect(line().count == 58)
        for _ in 0..<1000 { _ = log.append(line: line()) }
        #expect(log.firstNumber == 991 && log.byteCount == 580)
        if case .gone(let oldest) = log.batch(after: 989) { #expect(oldest == 991) } else { Issue.record("kept") }
        #expect(numbers(log.batch(after: 990)) == Array(991...1000))
        log.shrink(toBytes: 60)
        #expect(numbers(log.batch(after: 999)) == [1000])
        log.shrink(toBytes: 0)
        #expect(log.firstNumber == 1001 && log.byteCount == 0)
        #expect(log.append(line: line())?.number == 1001)
    }

    @Test func `fifty follow, and each gets every event once`() async {
        let log = RunLog()
        await withTaskGroup(of: [Int].self) { group in
            for _ in 0..<50 {
                group.addTask {
                    var numbers: [Int] = []
                    for await event in RunEvents(log: log) { numbers.append(event.number) }
                    return numbers
                }
            }
            for _ in 0..<500 {
                _ = log.append(line: line())
                await Task.yield()
            }
            log.finish()
            for await numbers in group { #expect(numbers == Array(1...500)) }
        }
    }

    @Test func `who waits is woken by a nudge and by cancellation`() async {
        let log = RunLog()
        let waiting = Task { await log.next(after: 0) }
        let nudging = Task {
            while !Task.isCancelled {
                log.nudge()
                await Task.yield()
            }
        }
        if case .idle = await waiting.value {} else { Issue.record("not idle") }
        nudging.cancel()
        let following = Task {
            var count = 0
            for await _ in RunEvents(log: log) { count += 1 }
            return count
        }
        following.cancel()
        #expect(await following.value == 0)
    }

    @Test func `an event's name is its own, whatever else is called so`() throws {
        let labels = #"{"event":"a \" b","x":["event",{"event":1}]}"#
        let text = #"{"schema":"s","labels":\#(labels),"event":"sample","elapsed_s":2}"#
        let event = try #require(RunEvent(number: 7, line: Array(text.utf8)))
        #expect(event.name == "sample" && event.elapsedSeconds == 2 && event.number == 7 && event.json == text)
    }

    @Test(
        arguments: [
            "", "{", "{\"", "{\"event", "{\"event\"", "{\"event\":", "{\"event\":\"", "[1]", "null",
            "{\"a\":{\"event\":\"x\"}}",
            "{\"a\\", "{}", "{\"event\" 1}", "{\"a\":[[[", "\"event\":\"x\"", "{\"event\":}",
        ])
    func `text that is no event is none`(text: String) {
        let event = RunEvent(number: 1, line: Array(text.utf8))
        #expect(event == nil || event?.name == "")
    }

    @Test func `lines come whole, and too long a one ends it`() {
        var splitter = LineSplitter(limit: 4)
        var lines: [String] = []
        for part in ["a", "b\nc", "\n", "\nabc\n", "abcd", "e\nf\n"] {
            splitter.take(Array(part.utf8)[...]) { lines.append(String(decoding: $0, as: UTF8.self)) }
        }
        #expect(lines == ["ab\n", "c\n", "\n", "abc\n"] && splitter.hasOverflowed)
    }

    @Test func `a sample's figures have names`() throws {
        let text = #"""
            {"schema":"s","time":"t","event":"sample","elapsed_s":2.5,"interval_s":1,"phase":"p","stressors":{"cpu":\#
            {"unit":"cores","target":1.2,"achieved":null,"error":null,"claimed":1.1,"witness":"w",\#
            "limited_by":"quota"}},\#
            "host":{"cpu_busy_ratio":0.5,"memory_available_bytes":7,"psi":{"cpu_some_ratio":0.25}}}
            """#
        let sample = try #require(RunEvent(number: 1, line: Array(text.utf8))?.sample)
        let cpu = try #require(sample["cpu"])
        #expect(sample.elapsedSeconds == 2.5 && sample.phase == "p" && sample["memory"] == nil)
        #expect(cpu.target == 1.2 && cpu.achieved == nil && cpu.limitedBy == "quota" && cpu.own == nil)
        #expect(sample.host.pressure == ["cpu_some_ratio": 0.25] && sample.host.cpuBusyRatio == 0.5)
    }
}
