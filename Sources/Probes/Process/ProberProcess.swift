// SPDX-License-Identifier: Apache-2.0

internal import Glibc
public import LinuxSystem
public import LoadModel

/// The life of the prober's process: what `exert prober` does.
///
/// Standard input is its lifeline, and brings the plan and then the time; standard output takes the results. It ends
/// when its parent does, for certain: the lifeline closes, the parent-death signal comes, a kernel timer fires.
public enum ProberMain {
    /// The argument that makes this binary a prober.
    public static let subcommand = "prober"
    /// How long after the last answer may come the kernel timer fires, in ns.
    private static let grace: Nanoseconds = 10 * .second
    /// The largest plan, in bytes.
    fileprivate static let planLimit = 16 << 20

    /// Reads plan and time, asks, and returns the process's exit code.
    ///
    /// - Parameter tls: what https takes; where there is nothing, https is refused.
    public static func run(tls: (any TLSProvider)? = nil) -> Int32 {
        CurrentProcess.setParentDeathSignal()
        CurrentProcess.disableCoreDumps()
        // A reader that is gone is seen by its lifeline.
        signal(SIGPIPE, SIG_IGN)
        // A terminal's Ctrl-C is for whoever started us, who says so.
        signal(SIGINT, SIG_IGN)
        _ = fcntl(1, F_SETFL, O_NONBLOCK)
        guard let size = integer(), (0...Int64(planLimit)).contains(size), let text = read(Int(size)),
            let (plans, host) = PlanCode.plans(text)
        else { return 64 }
        let prober: Prober
        do throws(ProbeProblem) {
            prober = try Prober(plans, host: host, tls: tls)
        } catch {
            _ = send(.problem(error.description))
            return 4
        }
        guard send(.ready) == 0, let start = integer(), let end = integer() else { return 0 }
        let longest = plans.map(\.timeout).max() ?? 0
        let left = max(0, end.subtractingSaturating(Clocks.monotonic)).addingSaturating(longest + grace)
        do {
            try CurrentProcess.armKillTimer(after: left)
        } catch {
            _ = send(.problem("the kernel timer that ends the prober cannot be set: \(error)"))
            return 4
        }
        prober.run(from: start, until: end, stop: 0) { send(.event($0)) }
        return 0
    }

    /// Tells something; how many results are lost since it could not be taken.
    private static func send(_ message: ProbeRecord.Message) -> Int64 {
        let bytes = ProbeRecord.bytes(message)
        while true {
            let count = bytes.withUnsafeBytes { write(1, $0.baseAddress, $0.count) }
            if count == bytes.count { return 0 }
            if count >= 0 || errno != EINTR { return 1 }
        }
    }

    private static func integer() -> Int64? {
        guard let bytes = read(8) else { return nil }
        var reader = ByteReader(bytes)
        return try? reader.integer()
    }

    private static func read(_ count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        var at = 0
        while at < count {
            let got = bytes.withUnsafeMutableBytes { Glibc.read(0, $0.baseAddress! + at, count - at) }
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { return nil }
            at += got
        }
        return bytes
    }
}

/// A prober in a process of its own, seen by whoever started it.
///
/// Use it on the thread that made it, and keep that thread: the process ends with it.
public final class ProberProcess {
    /// What the prober tells.
    public enum Event: Hashable, Sendable {
        /// Everything is taken: it can be given the time.
        case ready
        /// It cannot be done, and why.
        case problem(ProbeProblem)
        /// What it saw.
        case told(Prober.Event)
        /// It has told everything, and ends.
        case ended
    }

    private let child: PipedChild
    private var buffer: [UInt8] = []
    private var hasEnded = false

    /// Starts the process and hands it the plan.
    ///
    /// - Parameters:
    ///   - executable: the binary of exert.
    ///   - host: the host's number in a fleet.
    /// - Throws: ``ProbeProblem`` where there can be no such process.
    public init(
        _ plans: [ProbePlan], host: Int = 0, executable: String = ChildProcess.thisExecutable
    ) throws(ProbeProblem) {
        do {
            child = try PipedChild(executable, arguments: ["exert", ProberMain.subcommand])
        } catch {
            throw ProbeProblem("the prober cannot be started: \(error)")
        }
        var writer = ByteWriter()
        let bytes = PlanCode.bytes(plans, host: host)
        writer.integer(bytes.count)
        child.send(writer.bytes + bytes)
    }

    /// The process.
    public var id: Int32 { child.id }

    /// Tells it when to ask for the first time, and before when for the last time, in ns of `CLOCK_MONOTONIC`.
    public func start(at start: Nanoseconds, until end: Nanoseconds) {
        var writer = ByteWriter()
        writer.integer(start)
        writer.integer(end)
        child.send(writer.bytes)
    }

    /// Ends it within 0.3 s; what it still tells should be taken.
    public func stop() { child.closeInput() }

    /// Sleeps until it tells something, `descriptor` is readable or the time is `deadline`; what it told.
    ///
    /// - Parameter descriptor: what else ends the wait; -1 for nothing.
    public func wait(for descriptor: Int32 = -1, until deadline: Nanoseconds) -> [Event] {
        if hasEnded { return [] }
        switch child.wait(for: descriptor, until: deadline) {
        case .woken: return []
        case .outputEnded: return end()
        case .output(let bytes):
            buffer += bytes
            guard let messages = ProbeRecord.take(from: &buffer) else { return end() }
            return messages.map { message in
                switch message {
                case .ready: .ready
                case .problem(let text): .problem(ProbeProblem(text))
                case .event(let event): .told(event)
                }
            }
        }
    }

    private func end() -> [Event] {
        hasEnded = true
        return [.ended]
    }

    /// Waits until the process has ended, and kills it where it has not after `patience` ms.
    @discardableResult
    public func finish(patience: Int32 = 500) -> ChildProcess.End { child.end(patience: patience) }

    deinit { if !hasEnded { child.kill() } }
}
