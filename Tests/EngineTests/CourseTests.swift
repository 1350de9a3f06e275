// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

@testable import Engine
@testable import LinuxSystem

private let s = Nanoseconds.second
private let ms = Nanoseconds.millisecond

/// Targets that change while lanes follow them.
@Suite struct CourseTests {
    private static func pair(isLive: Bool) throws -> (observer: RunPages, stressor: RunPages, course: Course) {
        let observer = try RunPages.create(for: StressorJobTests.job(), isLive: isLive)
        let (stressor, job) = try #require(RunPages.attach(descriptor: observer.rawDescriptor))
        return (observer, stressor, stressor.isLive ? Course(job.curve, source: stressor) : Course(job.curve))
    }

    @Test func `each change is seen at once, whole, by both sides`() throws {
        let (observer, stressor, course) = try Self.pair(isLive: true)
        #expect(course.isLive && stressor.isLive)
        #expect(course.curve == StressorJobTests.job().curve)
        for step in 1...50 {
            let next = curve(Nanoseconds(step) * s, .hold(.cores(Double(step))))
            let before = course.number
            #expect(observer.announce(next, changedAt: Nanoseconds(step)))
            #expect(course.number == before + 1)
            #expect(course.curve == next && course.edition.changedAt == Nanoseconds(step))
        }
    }

    @Test func `a target that is not live never changes`() throws {
        let (observer, stressor, course) = try Self.pair(isLive: false)
        #expect(!course.isLive && !stressor.isLive)
        #expect(!observer.announce(curve(s, .hold(.cores(9))), changedAt: 0))
        #expect(course.curve == StressorJobTests.job().curve)
    }

    @Test func `a curve that there is no room for is refused, and the one before stays`() throws {
        let (observer, _, course) = try Self.pair(isLive: true)
        let large = curve(100_000 * s, .random(from: .cores(0), to: .cores(1), every: s))
        #expect(!observer.hasRoom(for: large) && !observer.announce(large, changedAt: 0))
        #expect(course.curve == StressorJobTests.job().curve)
    }

    @Test func `editions that are written while they are read come out whole`() throws {
        let (observer, stressor, _) = try Self.pair(isLive: true)
        let curves = (1...8).map { curve(Nanoseconds($0) * s, .pulse(.cores(Double($0)), width: ms, every: 2 * ms)) }
        let writer = try KernelThread(named: "writes") {
            for round in 0..<20_000 { _ = observer.announce(curves[round % 8], changedAt: 0) }
        }
        var seen = 0
        for _ in 0..<20_000 {
            // None where it was written over a hundred times in a row; then the lane keeps what it has.
            guard let edition = stressor.edition() else { continue }
            if edition.number > 2 { #expect(curves.contains(edition.curve)) }
            seen += 1
        }
        writer.join()
        #expect(seen > 0)
        #expect(stressor.edition()?.curve == curves[7])
    }
}

/// Operations when their target changes; the course is one that the test itself changes.
@Suite struct ChangedScheduleTests {
    /// A target that changes once, when the test says so.
    private final class Switch: Course.Source, @unchecked Sendable {
        // Unchecked: a single thread.
        var newest: UInt32 = 2
        var next: Course.Edition?
        func edition() -> Course.Edition? { next }
    }

    private static let first = curve(10 * s, .hold(.bytesPerSecond(1e6)))

    /// 1000 bytes an operation: 1000 operations a second at 1 MB/s.
    private static func schedule(_ source: Switch, _ curve: Curve = first) -> OperationSchedule {
        OperationSchedule(course: Course(curve, source: source), row: OperationRow(work: 1000), workPerArea: 1e-9)
    }

    private static func changed(_ curve: Curve, at time: Nanoseconds, to rate: Double) -> Curve {
        var changed = curve.prefix(until: time)
        let rest = curve.length - time
        changed.append(rest, repeating: [.init(length: rest, .line(rate, rate))])
        return changed
    }

    /// Takes what is due as a lane does, holding one ticket ahead; when each was due.
    private static func run(
        _ schedule: OperationSchedule, _ source: Switch, until end: Nanoseconds, change: Nanoseconds,
        to curve: Curve, lanes: Int = 1
    ) -> [Nanoseconds] {
        var held = [Ticket?](repeating: nil, count: lanes)
        var done: [Nanoseconds] = []
        for now in stride(from: Nanoseconds(0), to: end, by: 100_000) {
            if now >= change - 50 * ms, source.next == nil {
                source.next = Course.Edition(number: 3, curve: curve, changedAt: change)
                source.newest = 3
            }
            for lane in 0..<lanes {
                if let ticket = held[lane], !schedule.holds(ticket) { held[lane] = nil }
                while true {
                    if held[lane] == nil { held[lane] = schedule.take(at: now) }
                    guard let ticket = held[lane], ticket.intended <= now else { break }
                    done.append(ticket.intended)
                    held[lane] = nil
                }
            }
        }
        return done
    }

    @Test(arguments: [1, 4], [0.0, 1e5, 1e7])
    func `as many operations as the area says, before the change and after it`(lanes: Int, rate: Double) {
        let source = Switch()
        let changed = Self.changed(Self.first, at: 2 * s, to: rate)
        let done = Self.run(
            Self.schedule(source), source, until: 4 * s, change: 2 * s, to: changed, lanes: lanes)
        #expect(done.count { $0 <= 2 * s } == 2000)
        let after = done.count { $0 > 2 * s }
        #expect(abs(after - Int(rate * 2 / 1000)) <= 1, "\(after)")
        #expect(Set(done).count == done.count, "none is done twice")
    }

    @Test func `a lane that waits for a far operation takes up a faster rate at once`() {
        let source = Switch()
        let slow = curve(100 * s, .hold(.bytesPerSecond(10)))
        let done = Self.run(
            Self.schedule(source, slow), source, until: 3 * s, change: 2 * s,
            to: Self.changed(slow, at: 2 * s, to: 1e6))
        #expect((999...1001).contains(done.count))
        #expect((done.first ?? 0) < 2 * s + 2 * ms)
    }

    @Test func `from as much as there is to a rate, and back`() {
        let source = Switch()
        let most = curve(10 * s, .hold(.bytesPerSecond(.infinity)))
        let schedule = Self.schedule(source, most)
        #expect(schedule.take(at: s)?.intended == s)
        source.next = Course.Edition(number: 3, curve: Self.changed(most, at: 2 * s, to: 1e6), changedAt: 2 * s)
        source.newest = 3
        #expect(schedule.take(at: 2 * s - 1)?.intended == 2 * s - 1, "not yet")
        var count = 0
        while let ticket = schedule.take(at: 2 * s), ticket.intended <= 3 * s { count += 1 }
        #expect((999...1001).contains(count))
        #expect(schedule.dropped == 0)
    }
}
