// SPDX-License-Identifier: Apache-2.0

internal import LinuxSystem
internal import LoadModel

// What the log and the display are told of.
extension Observer {
    func log() {
        // Read before the sample that it goes with, and no oftener: on a large host it is not cheap.
        lastHost = probe.read()
        noteNotices()
        noticeEnds(stopRequestedAt: nil)
        probe.forgetOOMKills()
        emit(.sample(sample(isLogged: true) { $0.takeLogWindow() }))
    }

    /// When the next sample is logged: at the next multiple of the interval, or at the phase's end, so that none mixes
    /// two phases.
    func logTime(after time: Nanoseconds) -> Nanoseconds {
        let next =
            ((time + LookSchedule.lastLook) / options.logInterval + 1) * options.logInterval - LookSchedule.lastLook
        let phaseEnd = plan.phases[phase].end
        return next >= phaseEnd - LookSchedule.lastLook ? phaseEnd : next
    }

    /// Tells of a time in which nobody looked.
    func noteBlindness(from start: Nanoseconds, to end: Nanoseconds) {
        func seconds(_ time: Nanoseconds) -> String { "\(Double(time / (10 * .millisecond)) / 100) s" }
        note(
            Finding(
                code: "not_observed",
                message: "nobody looked from \(seconds(start)) to \(seconds(end)), for \(seconds(end - start)): exert "
                    + "itself was stopped, frozen or kept from running. What was achieved in that time is known in sum "
                    + "only; leave exert's own process out of what pauses the load"))
    }

    /// From which time without a look on the user is told.
    static let blindness: Nanoseconds = .second

    /// The log tells of the time up to a sudden end.
    func logUpToHere() {
        sampleAll(isDetailed: true)
        requestStop()
        emit(.sample(sample(isLogged: true) { $0.takeLogWindow() }))
    }

    func sample(isLogged: Bool, _ window: (StressorSession) -> (Window, HistoryPoint)?) -> Sample {
        let logged = isLogged ? sessions.map(\.lastLogged) : []
        var interval: Nanoseconds = 0
        var elapsed: Nanoseconds = 0
        let readings = zip(sessions, ledgers).enumerated().map { index, pair in
            let (session, ledger) = pair
            let (window, point) = window(session) ?? (nil, nil)
            interval = max(interval, window?.length ?? 0)
            elapsed = max(elapsed, point?.time ?? 0)
            let isContentWanted = session.type.writesContent(session.plan.settings)
            let isUnlimited = session.isUnlimited(window, endingAt: point?.time ?? 0)
            var reading = Reading(
                stressor: session.plan.name, target: isUnlimited ? nil : window?.target ?? 0,
                achieved: window?.achieved, own: window?.own, claimed: window?.claimed ?? 0,
                limitedBy: ledger.limitedBy, refusals: point?.refusals ?? 0,
                contentBytes: isContentWanted ? Double(point?.content ?? 0) : nil, dropped: session.dropped,
                latency: isLogged ? session.takeLatency() : nil, device: isLogged ? session.takeDevice() : nil,
                scheduling: isLogged && ledger.limitedBy != nil
                    ? session.scheduling(from: logged[index], to: point) : nil,
                group: isLogged ? session.takeGroup() : nil)
            if session.plan.arrivals != nil { reading.due = window?.due }
            reading.reads = window?.reads
            reading.failures = session.failures ?? [:]
            reading.evidence = ledger.limitedBy.flatMap { ledger.evidence[$0] }
            if isLogged, let point, let from = logged[index] {
                let spread = session.takeSpread(from: from.time, to: point.time)
                reading.targetSpread = isUnlimited ? nil : spread.target
                reading.achievedSpread = spread.achieved
            }
            return reading
        }
        return Sample(elapsed: elapsed, interval: interval, phase: phase, readings: readings, host: lastHost)
    }
}
