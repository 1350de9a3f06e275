// SPDX-License-Identifier: Apache-2.0

internal import LinuxSystem
public import LoadModel

/// Asks all probes of a plan, each at its times, on one thread that never waits for an answer.
///
/// Everything that it takes is taken when it is made: addresses, sockets, buffers, spare descriptors. Use it on one
/// thread.
public final class Prober {
    /// What one second of the prober itself was like.
    public typealias Second = ProberSecond

    /// What the prober tells.
    public enum Event: Hashable, Sendable {
        /// What one probe came to.
        case result(ProbeResult)
        /// A second of its own is over.
        case second(Second)
        /// What was said beside an answer, such as a command's standard error; once for each change.
        case note(probe: Int, text: String)
    }

    /// How long a connection that nobody needs is kept, in ns.
    private static let idle: Nanoseconds = 10 * .second
    /// How long answers are still taken after a stop, in ns.
    private static let lastCall: Nanoseconds = 150 * .millisecond

    private let plans: [ProbePlan]
    private let tls: (any TLSProvider)?
    private let offsets: [Nanoseconds]
    private let queue: EventQueue
    private let reserve = SocketReserve()
    private var askers: [[any Asker]] = []
    private var spawners: [Spawner] = []
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 64)
    private let schedstat = ProcFile("/proc/self/schedstat", capacity: 128)
    private var notes: [Int: String] = [:]

    /// Takes everything that the probes need.
    ///
    /// - Parameters:
    ///   - host: the host's number in a fleet.
    ///   - tls: what https takes; where there is nothing, https is refused.
    /// - Throws: ``ProbeProblem`` where one of them can never be asked here.
    public init(_ plans: [ProbePlan], host: Int = 0, tls: (any TLSProvider)? = nil) throws(ProbeProblem) {
        self.plans = plans
        self.tls = tls
        offsets = ProbeSchedule.offsets(plans, host: host)
        queue = try EventQueue()
        // Touched: memory that is only promised may be gone when the load has it.
        buffer.initializeMemory(as: UInt8.self, repeating: 0)
        for (index, plan) in plans.enumerated() {
            do throws(ProbeProblem) {
                askers.append(try makeAskers(of: plan, course: index))
            } catch {
                throw ProbeProblem("probe '\(plan.name)': \(error)")
            }
        }
    }

    deinit {
        askers = []
        for spawner in spawners { spawner.end() }
        buffer.deallocate()
    }

    private func makeAskers(of plan: ProbePlan, course: Int) throws(ProbeProblem) -> [any Asker] {
        guard min(plan.every, plan.timeout) >= ProbePlan.shortestTime else {
            throw ProbeProblem("period and time limit are a millisecond at least")
        }
        let count = plan.mostInFlight
        guard count <= ProbePlan.inFlightLimit else {
            throw ProbeProblem(
                "up to \(count) would be in flight at a time: lengthen its period or shorten its time limit")
        }
        let make = try maker(of: plan, count)
        var made: [any Asker] = []
        for slot in 0..<count { made.append(try make(Watch(queue, course: course, slot: slot))) }
        return made
    }

    private typealias Maker = (Watch) throws(ProbeProblem) -> any Asker

    private func maker(of plan: ProbePlan, _ count: Int) throws(ProbeProblem) -> Maker {
        switch plan.question {
        case .http(let question): return try httpMaker(HTTPService(question, tls: tls), count)
        case .prometheus(let question, let query):
            return try httpMaker(HTTPService(question, query: query, tls: tls), count)
        case .tcp(let endpoint, let send, let expect):
            let address = try SocketAddress.chosen(endpoint)
            try reserve.reserve(address.family, count)
            return { [reserve, buffer] watch throws(ProbeProblem) in
                TCPAsker(address, send: send, expect: expect, reserve, watch, buffer)
            }
        case .dns(let name, let expect):
            let server = try DNSAsker.server()
            return { watch throws(ProbeProblem) in try DNSAsker(name, expect: expect, server: server, watch) }
        case .command(let arguments, let readsNumber):
            return try commandMaker(arguments, readsNumber: readsNumber)
        case .unit(let name): return try commandMaker(["systemctl", "is-active", "--quiet", "--", name])
        case .process(let id): return { _ throws(ProbeProblem) in try ProcessAsker(id) }
        case .grpc(let endpoint, let service):
            var authority = "localhost"
            if case .host(let name, let port) = endpoint { authority = "\(name):\(port)" }
            let request = try HealthAsker.request(authority: authority, service: service)
            let address = try SocketAddress.chosen(endpoint)
            try reserve.reserve(address.family, count)
            return { [reserve, buffer] watch throws(ProbeProblem) in
                HealthAsker(address, request: request, reserve, watch, buffer)
            }
        }
    }

    private func httpMaker(_ service: HTTPService, _ count: Int) throws(ProbeProblem) -> Maker {
        try reserve.reserve(service.address.family, count)
        return { [reserve, buffer] watch throws(ProbeProblem) in HTTPAsker(service, reserve, watch, buffer) }
    }

    private func commandMaker(_ arguments: [String], readsNumber: Bool = false) throws(ProbeProblem) -> Maker {
        guard let name = arguments.first, let path = Spawner.path(of: name) else {
            throw ProbeProblem("there is no program '\(arguments.first ?? "")'")
        }
        let spawner = try Spawner(arguments, path: path)
        spawners.append(spawner)
        return { watch throws(ProbeProblem) in try CommandAsker(spawner, readsNumber: readsNumber, watch) }
    }

    /// Asks from `start` on and before `end`, and returns when all answers are there or given up.
    ///
    /// - Parameters:
    ///   - start: the first due time, in ns of `CLOCK_MONOTONIC`.
    ///   - end: before which the last one is.
    ///   - stop: a descriptor that ends it within 0.3 s when it is readable; what is in flight is withdrawn. -1 for
    ///     none.
    ///   - sink: what is told; returns how many results were lost since it was last called, and must not wait.
    public func run(
        from start: Nanoseconds, until end: Nanoseconds, stop: Int32 = -1, sink: @escaping (Event) -> Int64
    ) {
        CurrentThread.setMinimalTimerSlack()
        if stop >= 0 { queue.watchOnce(stop) }
        var report = SecondReport(schedstat, at: start)
        let emit: (ProbeResult, String?) -> Void = { [unowned self] result, note in
            report.note(result, dropped: sink(.result(result)))
            if let note, notes[result.probe] != note {
                notes[result.probe] = note
                report.dropped += sink(.note(probe: result.probe, text: note))
            }
        }
        let courses = plans.indices.map { index in
            ProbeCourse(
                plans[index], index: index, askers: askers[index], first: start + offsets[index], end: end, emit: emit)
        }
        var starvation = Starvation(least: .millisecond, memory: plans.map(\.timeout).max() ?? 0)
        var isStopped = false
        var lastCall = Nanoseconds.max
        while !courses.allSatisfy(\.isOver), Clocks.monotonic < lastCall {
            let now = Clocks.monotonic
            let wake = courses.reduce(Nanoseconds.max) { min($0, $1.nextTime(after: now) ?? .max) }
            let planned = min(wake, report.end, lastCall)
            let count = queue.wait(until: planned)
            let woke = Clocks.monotonic
            // Before anything is said of the service.
            starvation.note(planned: max(planned, now), woke: woke)
            for index in 0..<count {
                guard let event = queue[index] else {
                    isStopped = true
                    continue
                }
                guard courses.indices.contains(event.course) else { continue }
                courses[event.course].wake(
                    slot: event.slot, generation: event.generation, { Clocks.monotonic }, starvation)
            }
            if isStopped {
                if lastCall == .max { lastCall = woke + Self.lastCall }
                if courses.allSatisfy({ $0.inFlight == 0 }) { break }
                for course in courses { course.settle({ Clocks.monotonic }, starvation) }
            } else {
                for course in courses { course.advance({ Clocks.monotonic }, starvation) }
            }
            reserve.refill()
            if woke >= report.end {
                for course in courses { course.tidy(woke, idle: Self.idle) }
                report.tell(sink, woke)
            }
        }
        for course in courses { course.cut(Clocks.monotonic) }
        report.tell(sink, Clocks.monotonic)
    }
}

/// Sums up a second of the prober itself.
private struct SecondReport {
    private let schedstat: ProcFile?
    private var waited: Nanoseconds?
    private var taken: Nanoseconds
    private var lateness: Nanoseconds = 0
    var dropped: Int64 = 0
    private(set) var end: Nanoseconds

    init(_ schedstat: ProcFile?, at start: Nanoseconds) {
        self.schedstat = schedstat
        waited = Self.wait(schedstat)
        taken = Clocks.threadCPU
        end = start + .second
    }

    mutating func note(_ result: ProbeResult, dropped: Int64) {
        lateness = max(lateness, result.lateness)
        self.dropped += dropped
    }

    /// Ends the second, tells it, and begins the next; what was lost is told as soon as somebody takes it.
    mutating func tell(_ sink: (Prober.Event) -> Int64, _ now: Nanoseconds) {
        let second = turn(now)
        if sink(.second(second)) > 0 { dropped += second.dropped }
    }

    private mutating func turn(_ now: Nanoseconds) -> Prober.Second {
        let (wait, cpu) = (Self.wait(schedstat), Clocks.threadCPU)
        let second = Prober.Second(
            end: now, runQueueWait: wait.flatMap { wait in waited.map { wait - $0 } }, cpuTime: cpu - taken,
            lateness: lateness, dropped: dropped)
        (waited, taken, lateness, dropped) = (wait, cpu, 0, 0)
        while end <= now { end += .second }
        return second
    }

    private static func wait(_ file: ProcFile?) -> Nanoseconds? {
        file?.read { bytes in
            var scanner = ByteScanner(bytes)
            scanner.skipFields(1)
            return scanner.nextInteger()
        }
    }
}
