// SPDX-License-Identifier: Apache-2.0

internal import LinuxSystem
internal import Synchronization

/// The connection to one run's observer: a process, and a thread here that does nothing but read and write its pipes.
///
/// The thread spawns the observer and lives as long as that does, so that the observer's parent-death signal is bound
/// to a thread that lasts. It never waits for anybody but the observer.
final class ObserverLink: Sendable {
    /// How long an observer may take to answer that it starts, in ns: it reads and plans, nothing else.
    private static let startLimit: Int64 = 60_000_000_000
    /// After how long a run that was told to stop is told by a signal, in ns, which its keeper sees, too; by the end of
    /// its input; and killed.
    private static let stopLimits: [Int64] = [1_000_000_000, 20_000_000_000, 40_000_000_000]
    /// How long the output may stay open behind its last line, in ns.
    private static let endLimit: Int64 = 500_000_000
    /// How long the process may live on behind its last line, in ms.
    private static let lingerLimit: Int32 = 5000
    /// The longest line that an observer may write: the report of a run with many latencies is the longest.
    private static let lineLimit = 32 << 20

    private struct State {
        /// Wakes the thread; -1 before it runs and when it is over.
        var wake: Int32 = -1
        var unsent: [[UInt8]] = []
        var nextID = 1
        var answers: [Int: CheckedContinuation<Result<RunOutline?, Refusal>, Never>] = [:]
        var isAbandoned = false
        var stopAskedAt: Int64?
        var result: RunResult?
        var waiters: [CheckedContinuation<RunResult, Never>] = []
    }

    let log = RunLog()
    private let folded = Mutex(RunStatus())
    private let state = Mutex(State())

    var status: RunStatus { folded.withLock { $0 } }

    /// Starts the thread, and with it the observer; the outline when that has taken the request.
    func start(_ request: RunRequest, executable: String) async throws(Refusal) -> RunOutline {
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isCancelled = state.withLock { state in
                    state.answers[0] = continuation
                    state.unsent.append(WireCommand(id: 0, start: request).line)
                    return state.stopAskedAt != nil
                }
                if isCancelled {
                    return end(nil, "stopped before it began", .init(.conflict, "the start was cancelled"))
                }
                do {
                    try KernelThread(named: "exert-run") { self.converse(executable) }.detach()
                } catch {
                    end(nil, "no thread for the run: \(error)", .init(.internal, "no thread for the run: \(error)"))
                }
            }
        } onCancel: {
            stop(reason: "stopped")
        }
        guard let outline = try outcome.get() else {
            throw Refusal(.internal, "the observer started without saying what it runs")
        }
        return outline
    }

    /// Sends a command and waits for its answer.
    func command(_ make: (Int) -> WireCommand) async throws(Refusal) {
        let outcome = await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if state.result != nil || state.stopAskedAt != nil { return true }
                let command = make(state.nextID)
                state.answers[command.id] = continuation
                state.nextID += 1
                Self.queue(command, &state)
                return false
            }
            if isOver { continuation.resume(returning: .failure(Refusal(.conflict, "the run has ended"))) }
        }
        _ = try outcome.get()
    }

    func renewed() { folded.withLock { $0.renewLease() } }

    /// Tells the run to stop, once; `reason` is what its result says.
    func stop(reason: String) {
        let isFirst = state.withLock { state in
            if state.result != nil || state.stopAskedAt != nil { return false }
            state.stopAskedAt = Clocks.monotonic
            Self.queue(WireCommand(id: state.nextID, stop: true), &state)
            return true
        }
        if isFirst { folded.withLock { $0.stopRequested(reason) } }
    }

    /// Closes the run's input, as if this process were gone.
    func abandon() {
        state.withLock { state in
            state.isAbandoned = true
            if state.wake >= 0 { EventCounter.signal(state.wake) }
        }
    }

    /// The result, when everything is released.
    func result() async -> RunResult {
        await withCheckedContinuation { continuation in
            let result = state.withLock { state -> RunResult? in
                if state.result == nil { state.waiters.append(continuation) }
                return state.result
            }
            if let result { continuation.resume(returning: result) }
        }
    }

    private static func queue(_ command: WireCommand, _ state: inout State) {
        state.unsent.append(command.line)
        if state.wake >= 0 { EventCounter.signal(state.wake) }
    }

    // From here on: the thread.

    private func converse(_ executable: String) {
        do {
            let wake = try OwnedDescriptor.eventCounter()
            let child = try PipedChild(
                executable, arguments: ["exert", Wire.subcommand], withholding: ["EXERT_TOKEN"])
            state.withLock { $0.wake = wake.rawValue }
            let (answer, failure) = read(child, wake.rawValue)
            state.withLock { $0.wake = -1 }
            let text = failure ?? Self.text(of: child.end(patience: Self.lingerLimit))
            if failure != nil { _ = child.end(patience: 0) }
            end(answer, text, Refusal(.internal, text))
        } catch {
            let text = "the observer \(executable) cannot be started: \(error)"
            end(nil, text, Refusal(.internal, text))
        }
    }

    /// Reads to the end of the observer's output; what it said last, or why it was cut off.
    private func read(_ child: PipedChild, _ wake: Int32) -> (WireAnswer.Ended?, String?) {
        var lines = LineSplitter(limit: Self.lineLimit)
        var answer: WireAnswer.Ended?
        let begun = Clocks.monotonic
        var (hasSignalled, hasClosedInput) = (false, false)
        var nextBeat = begun + Wire.beatInterval
        var answeredAt: Int64?
        while true {
            let (unsent, isAbandoned, stopAskedAt, isStarting) = state.withLock { state in
                defer { state.unsent = [] }
                return (state.unsent, state.isAbandoned, state.stopAskedAt, state.answers[0] != nil)
            }
            for line in unsent { child.send(line) }
            if Clocks.monotonic >= nextBeat {
                if !isStarting { child.send(WireCommand(id: -1, beat: true).line) }
                nextBeat = Clocks.monotonic + Wire.beatInterval
            }
            // The result is there; whoever still holds the pipe holds nothing that anybody waits for.
            if answer != nil {
                answeredAt = answeredAt ?? Clocks.monotonic
                if Clocks.monotonic - (answeredAt ?? 0) > Self.endLimit { return (answer, nil) }
                nextBeat = min(nextBeat, (answeredAt ?? 0) + Self.endLimit + 1_000_000)
            }
            var deadline = nextBeat
            if isStarting {
                deadline = min(deadline, begun + Self.startLimit)
                if Clocks.monotonic >= deadline {
                    child.kill()
                    return (nil, "the observer did not answer within a minute")
                }
            }
            if let stopAskedAt {
                let limits = Self.stopLimits.map { stopAskedAt + $0 }
                if Clocks.monotonic >= limits[2] {
                    child.kill()
                    return (nil, "the observer did not end when it was told to, and was killed")
                }
                if Clocks.monotonic >= limits[0], !hasSignalled {
                    hasSignalled = true
                    child.interrupt()
                }
                if Clocks.monotonic >= limits[1], !hasClosedInput {
                    hasClosedInput = true
                    child.closeInput()
                }
                deadline = min(deadline, limits[hasClosedInput ? 2 : hasSignalled ? 1 : 0])
            }
            if isAbandoned, !hasClosedInput {
                hasClosedInput = true
                child.closeInput()
            }
            switch child.wait(for: wake, until: deadline) {
            case .output(let bytes):
                lines.take(bytes) { if let end = take($0) { answer = end } }
                if lines.hasOverflowed {
                    child.kill()
                    return (nil, "the observer wrote a line of more than \(Self.lineLimit) bytes, and was killed")
                }
            case .outputEnded: return (answer, nil)
            case .woken: EventCounter.reset(wake)
            }
        }
    }

    /// Takes a line of the log or an answer; the last one is returned.
    private func take(_ line: [UInt8]) -> WireAnswer.Ended? {
        // Every line of the log begins with its schema; answers have none.
        if line.starts(with: #"{"schema""#.utf8) {
            guard let event = log.append(line: line) else { return nil }
            folded.withLock { $0.take(event) }
            return nil
        }
        guard let answer = WireAnswer(line: line) else { return nil }
        if let done = answer.done {
            // Folded before anybody is told: who asks next finds it.
            if let outline = done.outline { folded.withLock { $0.begin(outline) } }
            resume(done.id, .success(done.outline))
        }
        if let refused = answer.refused { resume(refused.id, .failure(refused.refusal)) }
        return answer.ended
    }

    private func resume(_ id: Int, _ outcome: Result<RunOutline?, Refusal>) {
        state.withLock { $0.answers.removeValue(forKey: id) }?.resume(returning: outcome)
    }

    private func end(_ answer: WireAnswer.Ended?, _ failure: String, _ refusal: Refusal) {
        let result = folded.withLock { $0.end(answer, otherwise: failure) }
        log.finish()
        let (answers, waiters) = state.withLock { state in
            state.result = result
            defer { (state.answers, state.waiters) = ([:], []) }
            return (state.answers, state.waiters)
        }
        for (id, continuation) in answers {
            let isStart = id == 0
            let over = isStart ? answer?.refusal ?? refusal : Refusal(.conflict, "the run has ended")
            continuation.resume(returning: .failure(over))
        }
        for waiter in waiters { waiter.resume(returning: result) }
    }

    private static func text(of end: ChildProcess.End) -> String {
        end.signal != 0
            ? "the observer was killed by signal \(end.signal)"
            : "the observer ended without a result, with exit code \(end.exitCode)"
    }
}
