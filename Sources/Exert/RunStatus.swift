// SPDX-License-Identifier: Apache-2.0

internal import LinuxSystem

/// Where a run is: its events, folded.
package struct RunStatus: Sendable {
    /// What a run does.
    package enum State: String, Sendable, CaseIterable {
        case starting, running, paused, stopping, ended
    }

    /// A finding of the observer.
    package struct Finding: Decodable, Sendable {
        package var code: String
        package var severity: String
        package var stressor: String?
        package var message: String
    }

    /// Where the phases of a run lie after one of them ended before its time.
    package struct Schedule: Decodable, Sendable {
        /// A phase's place.
        package struct Place: Decodable, Sendable {
            package var startSeconds: Double
            package var lengthSeconds: Double

            enum CodingKeys: String, CodingKey {
                case startSeconds = "start_s"
                case lengthSeconds = "length_s"
            }
        }
        package var lengthSeconds: Double
        package var phases: [Place]

        enum CodingKeys: String, CodingKey {
            case phases
            case lengthSeconds = "run_length_s"
        }
    }

    /// The most findings that are kept.
    private static let findingLimit = 100

    package private(set) var startedAt: String?
    /// As the log says it; `nil` where it did not come to that.
    package private(set) var endedAt: String?
    /// When everything was released, in ns since the Unix epoch.
    package private(set) var releasedAt: Int64?
    package private(set) var phaseIndex: Int?
    /// Where phases lie, and how long the run is, where that is no longer as the outline has it.
    package private(set) var schedule: Schedule?
    package private(set) var findings: [Finding] = []
    package private(set) var guardTrips = 0
    /// The newest sample; decoded by who wants its figures.
    package private(set) var lastSample: RunEvent?
    /// What each probe came to in its newest second, by name.
    package private(set) var probes: [String: ProbeSample] = [:]
    /// How many results each probe had of each outcome since the run began, by name.
    package private(set) var outcomes: [String: [String: Int]] = [:]
    package private(set) var result: RunResult?
    /// When the lease ends, in ns since the Unix epoch.
    package private(set) var leaseExpiresAt: Int64?
    private var leaseLength: Int64?
    private var lengthSeconds = 0.0
    private var elapsedSeconds = 0.0
    /// When `elapsedSeconds` was told, in ns of the monotonic clock.
    private var elapsedToldAt: Int64?
    private var isPaused = false
    private var isStopping = false
    private var verdict: RunResult.Verdict?
    private var sentence: String?
    private var objectives: [ObjectiveOutcome] = []
    /// Why the run ended early, as its events tell.
    private var reason: String?

    init() {}

    package var state: State {
        if result != nil { return .ended }
        if isStopping { return .stopping }
        if startedAt == nil { return .starting }
        return isPaused ? .paused : .running
    }

    /// Seconds since the load began: told by events, and in between by the clock.
    package var elapsed: Double {
        guard let elapsedToldAt, endedAt == nil, result == nil, startedAt != nil else { return elapsedSeconds }
        let since = Double(Clocks.monotonic - elapsedToldAt) / 1e9
        return max(elapsedSeconds, min(elapsedSeconds + since, lengthSeconds))
    }

    mutating func begin(_ outline: RunOutline) {
        lengthSeconds = outline.lengthSeconds
        leaseLength = outline.leaseSeconds.map { Int64($0 * 1e9) }
        renewLease()
    }

    mutating func renewLease() { leaseExpiresAt = leaseLength.map { Clocks.wall + $0 } }

    mutating func stopRequested(_ reason: String) {
        isStopping = true
        if self.reason == nil { self.reason = reason }
    }

    mutating func take(_ event: RunEvent) {
        if event.name != "preparing" {
            elapsedSeconds = event.elapsedSeconds
            elapsedToldAt = Clocks.monotonic
        }
        switch event.name {
        case "sample": lastSample = event
        case "probe_second":
            guard let sample = event.probe else { break }
            probes[sample.probe] = sample
            outcomes[sample.probe, default: [:]].merge(sample.outcomes) { $0 + $1 }
        case "run_started": startedAt = event.decoded(Stamp.self)?.time
        case "phase_started": phaseIndex = event.decoded(PhaseStart.self)?.index
        case "phase_shortened":
            schedule = event.decoded(Schedule.self) ?? schedule
            lengthSeconds = schedule?.lengthSeconds ?? lengthSeconds
        case "paused": isPaused = true
        case "resumed": isPaused = false
        case "finding":
            if let finding = event.decoded(Finding.self), findings.count < Self.findingLimit {
                findings.append(finding)
            }
        case "guard_tripped":
            guardTrips += 1
            reason = "guard \(event.decoded(GuardTrip.self)?.guard ?? "tripped")"
        case "lease_expired": reason = "lease expired"
        case "run_ended":
            let end = event.decoded(RunEnd.self)
            endedAt = end?.time
            verdict = end?.verdict
            sentence = end?.sentence
            objectives = end?.objectives ?? []
            if reason == nil, let signal = end?.interruptedBy { reason = "interrupted by \(signal)" }
            // Findings that need the whole run stand only there.
            if let all = end?.findings { findings = Array(all.prefix(Self.findingLimit)) }
        default: break
        }
    }

    /// Folds the end in; `answer` is what the observer said last, where it did.
    mutating func end(_ answer: WireAnswer.Ended?, otherwise failure: String) -> RunResult {
        var verdict = verdict
        if verdict == nil, answer?.refusal?.kind == .unsupported { verdict = .unsupported }
        let result = RunResult(
            verdict: verdict, exitCode: answer?.exitCode ?? 1, sentence: sentence, objectives: objectives,
            text: answer?.text ?? failure + "\n",
            json: answer?.json ?? "", reason: answer == nil ? failure : answer?.refusal?.message ?? reason)
        self.result = result
        releasedAt = Clocks.wall
        phaseIndex = nil
        return result
    }

    private struct Stamp: Decodable { var time: String }
    private struct PhaseStart: Decodable { var index: Int }
    private struct GuardTrip: Decodable { var `guard`: String }
    private struct RunEnd: Decodable {
        var time: String
        var verdict: RunResult.Verdict?
        var sentence: String?
        var objectives: [ObjectiveOutcome]?
        var findings: [Finding]?
        var interruptedBy: String?

        enum CodingKeys: String, CodingKey {
            case time, verdict, sentence, objectives, findings
            case interruptedBy = "interrupted_by"
        }
    }
}
