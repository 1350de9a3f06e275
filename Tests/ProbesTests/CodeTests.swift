// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

@testable import Probes

/// What goes to the prober's process and comes from it.
@Suite struct CodeTests {
    private static var plans: [ProbePlan] {
        var http = HTTPQuestion(endpoint: .host("a", port: 80), host: "a:80")
        http.security = .verified(authorities: "/ca")
        http.serverName = "s"
        http.headers = [
            .init(name: "A", value: .text("ä\n")), .init(name: "B", value: .environment("C")),
            .init(name: "D", value: .file("/e")),
        ]
        http.body = "x"
        http.keepsConnection = false
        http.goodStatus = [200...299, 404...404]
        http.bodyContains = "y"
        http.json = JSONCondition(path: [.name("a"), .index(3)], comparison: .atMost, value: .number(-0.5))
        var other = HTTPQuestion(endpoint: .unix(path: "/s"), host: "b")
        other.security = .unverified
        other.json = JSONCondition(path: [], comparison: .notEqual, value: .boolean(true))
        let questions: [ProbeQuestion] = [
            .http(http), .http(other), .tcp(endpoint: .unix(path: "/t"), send: nil, expect: "z"),
            .dns(name: "n", expect: nil), .command(arguments: ["a", "", "b c"], readsNumber: true),
            .grpc(endpoint: .host("::1", port: 65535), service: "s"), .prometheus(other, query: "up"),
            .process(id: 7), .unit(name: "u.service"),
        ]
        return questions.map { plan($0, goodWithin: $0 == .process(id: 7) ? 5 : nil) }
    }

    @Test func `a plan arrives as it was sent`() {
        let bytes = PlanCode.bytes(Self.plans, host: 3)
        let read = PlanCode.plans(bytes)
        #expect(read?.plans == Self.plans && read?.host == 3)
        for count in 0..<bytes.count { #expect(PlanCode.plans(Array(bytes.prefix(count))) == nil) }
        #expect(PlanCode.plans(bytes + [0]) == nil)
    }

    @Test func `messages arrive as they were sent, whole or in pieces`() {
        let second = Prober.Second(end: 5, runQueueWait: nil, cpuTime: 2, lateness: 3, dropped: 4)
        let results = ProbeOutcome.allCases.map { outcome in
            ProbeResult(probe: 2, number: 9, due: 1, sent: 2, done: .max, outcome: outcome, value: 0.5)
        }
        let messages: [ProbeRecord.Message] =
            [.ready, .problem("ä problem"), .event(.second(second)), .event(.note(probe: 1, text: ""))]
            + results.map { .event(.result($0)) }
            + [.problem(String(repeating: "x", count: ProbeRecord.most - ProbeRecord.size))]
        let bytes = messages.flatMap { ProbeRecord.bytes($0) }
        for piece in [1, 64, 100, bytes.count] {
            var (buffer, read): ([UInt8], [ProbeRecord.Message]) = ([], [])
            var rest = bytes[...]
            while !rest.isEmpty {
                buffer += rest.prefix(piece)
                rest = rest.dropFirst(piece)
                read += ProbeRecord.take(from: &buffer) ?? []
            }
            #expect(read == messages && buffer.isEmpty)
        }
        #expect(messages.allSatisfy { ProbeRecord.bytes($0).count <= ProbeRecord.most })
        var noise = [UInt8](repeating: 0xFF, count: 128)
        #expect(ProbeRecord.take(from: &noise) == nil)
    }

    @Test func `a tally ranks what was not answered behind all that was`() {
        var tally = ProbeTally()
        func add(_ outcome: ProbeOutcome, _ latency: Nanoseconds, _ count: Int) {
            for _ in 0..<count {
                tally.add(ProbeResult(probe: 0, number: 0, due: 0, sent: 0, done: latency, outcome: outcome))
            }
        }
        #expect(tally.quantile(0.5) == .none && tally.goodShare == nil)
        add(.withdrawn, 1, 100)
        #expect(tally.quantile(0.5) == .none && tally.goodShare == nil)
        add(.good, 10 * .millisecond, 90)
        add(.refused, 1, 4)
        #expect(tally.quantile(0.99) == .unanswered)
        add(.timeout, .second, 6)
        #expect(tally.quantile(0.99) == .beyond(.second) && tally.goodShare == 0.9)
        guard case .known(let time) = tally.quantile(0.9) else {
            Issue.record("\(tally.quantile(0.9))")
            return
        }
        #expect(abs(time - 10 * .millisecond) < 20_000)
        var sum = ProbeTally()
        sum.add(tally)
        #expect(sum == tally)
        sum.add(tally)
        #expect(sum.due == 400 && sum.quantile(0.9) == tally.quantile(0.9))
    }
}
