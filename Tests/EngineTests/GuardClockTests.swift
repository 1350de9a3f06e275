// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

@testable import Engine
@testable import LinuxSystem

private let s = Nanoseconds.second
private let ms = Nanoseconds.millisecond

/// The times of ten looks a second.
private func looks(until length: Nanoseconds) -> [Nanoseconds] { (0..<length / (100 * ms)).map { $0 * 100 * ms } }

/// When a guard trips, in time that the tests make up: ten looks a second.
struct GuardClockTests {
    /// When it trips, in ns since the first look; `nil` where it does not within 10 minutes.
    private func trip(after length: Nanoseconds, _ isWrong: (Nanoseconds) -> Bool?) -> (at: Nanoseconds, GuardClock)? {
        var clock = GuardClock()
        for time in looks(until: 600 * s) {
            clock.note(isWrong(time), at: time)
            if clock.isDue(after: length) { return (time, clock) }
        }
        return nil
    }

    @Test(arguments: [0, 100 * ms, 2 * s, 60 * s]) func `what holds trips after as long as it must`(
        length: Nanoseconds
    ) throws {
        let (time, clock) = try #require(trip(after: length) { _ in true })
        #expect(time == length && clock.held == length)
    }

    @Test func `one look on the right side does not make it begin anew`() throws {
        // A break of one look in each second.
        let (time, clock) = try #require(trip(after: 3 * s) { $0 % s != 900 * ms })
        #expect(time > 3 * s && time <= 3700 * ms, "\(time)")
        #expect(clock.held >= 3 * s && clock.held < time, "the breaks are left out: \(clock.held)")
        #expect(clock.begin == 0)
    }

    @Test func `half and half trips, and later`() throws {
        let (time, _) = try #require(trip(after: 2 * s) { $0 % s < 500 * ms })
        #expect((6 * s...9 * s).contains(time), "\(time)")
    }

    @Test(arguments: [300 * ms, 100 * ms]) func `what is wrong for a third of the time or less never trips`(
        part: Nanoseconds
    ) {
        #expect(trip(after: 2 * s) { $0 % s < part } == nil)
    }

    @Test func `what was cleared begins anew`() throws {
        // 1.5 s wrong, 4 s right, then wrong.
        let (time, clock) = try #require(trip(after: 2 * s) { $0 < 1500 * ms || $0 >= 5500 * ms })
        #expect(time == 7500 * ms && clock.begin == 5500 * ms && clock.held == 2 * s)
    }

    @Test func `time of which nobody knows neither counts nor takes back`() throws {
        let (time, clock) = try #require(
            trip(after: 2 * s) { $0 < 1 * s ? true : $0 < 61 * s ? nil : true })
        // What was seen last lasts until the next look, and no longer.
        #expect(time == 62 * s && clock.held == 2 * s, "\(time) \(clock.held)")
        #expect(trip(after: 0) { _ in nil } == nil)
    }

    @Test func `a gap in the looks counts as one second at most`() {
        var clock = GuardClock()
        clock.note(true, at: 0)
        clock.note(true, at: 30 * s)
        #expect(clock.held == s && !clock.isDue(after: 2 * s))
    }
}

/// Guards on probes and errors, told of simulated services, at times that the tests make up.
struct ProbeGuardTests {
    private func condition(
        _ metric: Metric, _ comparison: LoadModel.Guard.Comparison, _ limit: Double, for length: Nanoseconds = 0,
        over window: Nanoseconds = s, percentile: Double? = nil, unit: PlannedGuard.Unit = .ratio, of name: String = "a"
    ) -> PlannedGuard {
        let subject = GuardSubject(name, percentile: percentile, unit: unit, window: window)
        return PlannedGuard(
            text: "a guard", metric: metric, subject: subject, comparison: comparison, limit: limit, unit: unit,
            length: length)
    }

    /// When it trips, since the run's start, and with what; the guard is looked at ten times a second.
    private func trip(
        _ condition: PlannedGuard, _ service: ServiceSimulation, within length: Nanoseconds = 30 * s,
        findings: ((Finding) -> Void)? = nil
    ) throws -> (at: Nanoseconds, trip: GuardTrip)? {
        let guards = try GuardWatch([condition], host: HostFacts.read(), probes: [service.plan])
        var results = service.results(length)[...]
        for time in looks(until: length) {
            while let next = results.first, next.done - ServiceSimulation.start <= time {
                guards.add(results.removeFirst(), at: time)
            }
            if let trip = guards.check(at: time) { return (time, trip) }
            for finding in guards.takeBlind(at: time) { findings?(finding) }
        }
        for finding in guards.takeBlind(at: length, isEnd: true) { findings?(finding) }
        return nil
    }

    private func service(_ manner: ServiceSimulation.Manner, down: Range<Nanoseconds>...) -> ServiceSimulation {
        var service = ServiceSimulation(plan: ServiceSimulation.plan())
        service.manner = manner
        service.down = down
        return service
    }

    @Test(arguments: ServiceSimulation.Manner.allCases)
    func `a service that is down trips it, and one that is well does not`(manner: ServiceSimulation.Manner) throws {
        let bad = condition(.bad, .above, 0.5, for: 2 * s)
        #expect(try trip(bad, service(manner)) == nil)
        let down = 5 * s..<25 * s
        // What waits or is forgotten is known to be bad when it is given up, after 1 s.
        let delay = manner == .stops || manner == .forgets ? s : 0
        let (time, found) = try #require(try trip(bad, service(manner, down: down)))
        #expect((7 * s + delay...8500 * ms + delay).contains(time), "\(time)")
        #expect(found.value > 0.5 && found.value <= 1 && !found.isLeast)
        #expect(abs(found.held - 2 * s) <= 200 * ms)
        #expect(try trip(condition(.good, .below, 0.5, for: 2 * s), service(manner, down: down)) != nil)
    }

    @Test(arguments: ServiceSimulation.Manner.allCases)
    func `a short loss does not trip it`(manner: ServiceSimulation.Manner) throws {
        #expect(try trip(condition(.bad, .above, 0.5, for: 3 * s), service(manner, down: 5 * s..<6 * s)) == nil)
    }

    @Test func `a service that flaps trips it, where single looks would not`() throws {
        let spells = (0..<24).map { Nanoseconds($0) * s + 5 * s..<Nanoseconds($0) * s + 5700 * ms }
        var service = service(.fails)
        service.down = spells
        let (time, found) = try #require(try trip(condition(.bad, .above, 0.5, for: 3 * s), service))
        #expect((8 * s...20 * s).contains(time), "\(time)")
        #expect(found.held >= 3 * s && found.span >= found.held)
    }

    @Test func `a percentile counts what is not answered as longer than all that is`() throws {
        let p95 = condition(.percentile, .above, 0.2, for: s, percentile: 0.95, unit: .seconds)
        #expect(try trip(p95, service(.refuses)) == nil)
        let (_, refused) = try #require(try trip(p95, service(.refuses, down: 5 * s..<20 * s)))
        #expect(refused.isLeast && refused.value == 1, "the timeout is what is known")
        var slow = service(.fails)
        slow.latency = 400 * ms
        let (_, late) = try #require(try trip(p95, slow))
        #expect(!late.isLeast && abs(late.value - 0.4) < 0.02, "\(late.value)")
        slow.latency = 150 * ms
        #expect(try trip(p95, slow) == nil)
    }

    @Test func `what the prober itself withdrew neither trips nor clears`() throws {
        var starved = service(.fails)
        starved.starved = 5 * s..<25 * s
        #expect(try trip(condition(.bad, .above, 0.5, for: s), starved) == nil)
        // Down, then nothing is seen for 10 s, then down still: what was seen before counts on.
        var both = service(.fails, down: 5 * s..<29 * s)
        both.starved = 7 * s..<17 * s
        let (time, found) = try #require(try trip(condition(.bad, .above, 0.5, for: 3 * s), both))
        #expect(time > 17 * s && time < 20 * s, "\(time)")
        #expect(found.held <= 3200 * ms && found.span > 12 * s, "\(found)")
    }

    @Test func `without data it does not trip, and says so`() throws {
        let guards = try GuardWatch(
            [condition(.bad, .above, 0.5)], host: HostFacts.read(), probes: [ServiceSimulation.plan()])
        var told: [(at: Nanoseconds, finding: Finding)] = []
        for time in looks(until: 60 * s) {
            #expect(guards.check(at: time) == nil)
            told += guards.takeBlind(at: time).map { (time, $0) }
        }
        #expect(told.count == 1 && told[0].finding.code == "guard_blind")
        #expect(told[0].at == GuardWatch.patience + 2 * s, "the timeout and the window are no silence")
        #expect(guards.takeBlind(at: 60 * s, isEnd: true).isEmpty, "once")
        // Shorter than that, too, at the end.
        var findings: [Finding] = []
        var starved = service(.fails)
        starved.starved = 0..<3 * s
        #expect(try trip(condition(.bad, .above, 0.5), starved, within: 3 * s) { findings.append($0) } == nil)
        #expect(findings.map(\.code) == ["guard_blind"])
        findings = []
        #expect(try trip(condition(.bad, .above, 0.5), service(.fails)) { findings.append($0) } == nil)
        #expect(findings.isEmpty)
    }

    @Test func `numbers have a mean, and one that was not read is none`() throws {
        let plan = ServiceSimulation.plan(every: 100 * ms, unit: .seconds)
        func result(_ number: Int64, _ value: Double?) -> ProbeResult {
            let due = number * 100 * ms
            return ProbeResult(
                probe: 0, number: number, due: due, sent: due, done: due, outcome: value == nil ? .timeout : .good,
                value: value)
        }
        let guards = try GuardWatch(
            [condition(.mean, .above, 5, unit: .seconds)], host: HostFacts.read(), probes: [plan])
        for number in 0..<30 {
            guards.add(result(Int64(number), number % 2 == 0 ? 4 : nil), at: Int64(number) * 100 * ms)
            #expect(guards.check(at: Int64(number) * 100 * ms) == nil)
        }
        var value: Double?
        for number in 30..<60 where value == nil {
            guards.add(result(Int64(number), number % 2 == 0 ? 9 : nil), at: Int64(number) * 100 * ms)
            value = guards.check(at: Int64(number) * 100 * ms)?.value
        }
        #expect(value.map { $0 > 5 && $0 < 9 } == true, "\(String(describing: value))")
    }

    @Test func `errors are counted by the second`() throws {
        func trip(_ limit: Double, perSecond: Int64) throws -> GuardTrip? {
            let guards = try GuardWatch(
                [condition(.errors, .above, limit, for: s, unit: .errorsPerSecond, of: "io")], host: HostFacts.read())
            #expect(guards.check(at: 0) == nil, "nobody counts yet")
            var count: Int64 = 0
            guards.connect { $0 == "io" ? count : nil }
            for time in looks(until: 20 * s).dropFirst() {
                if time > 5 * s { count += perSecond / 10 }
                if let trip = guards.check(at: time) {
                    #expect(time > 6 * s && time < 8 * s, "\(time)")
                    return trip
                }
            }
            return nil
        }
        #expect(try trip(10, perSecond: 10) == nil)
        let found = try #require(try trip(10, perSecond: 20))
        #expect(found.value > 10 && found.value <= 20.5, "\(found.value)")
        #expect(found.condition.metricName == "io.errors")
    }
}
