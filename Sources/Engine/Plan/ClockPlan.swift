// SPDX-License-Identifier: Apache-2.0

internal import LinuxSystem
internal import LoadModel

/// Resolves times of day: loads whose periods begin at one, in a run that begins at a time of the wall clock.
struct ClockPlan {
    private let begin: Nanoseconds

    /// - Parameter begin: when the load begins, in nanoseconds since the Unix epoch.
    init(_ begin: Nanoseconds) { self.begin = begin }

    /// The profile with each load that goes by the time of day as it is where its phase begins as planned.
    func planned(_ profile: Profile, _ errors: inout PlanErrors) -> Profile {
        var profile = profile
        var start: Nanoseconds = 0
        for phase in profile.phases.indices {
            defer { start += profile.phases[phase].length }
            for load in profile.phases[phase].loads.indices where profile.phases[phase].loads[load].shape.isOnClock {
                let written = profile.phases[phase].loads[load]
                do throws(AmountProblem) {
                    let time = begin + start
                    profile.phases[phase].loads[load].shape = try resolved(written.shape, at: time).begun(at: time)
                } catch {
                    let message = "'\(written.text)' for '\(written.stressor)': \(error.message)"
                    let problem = Diagnostic(written.mark, message)
                    if !errors.invalid.contains(problem) { errors.invalid.append(problem) }
                }
            }
        }
        return profile
    }

    /// The shape with the last time before `now` at which it was as late as it says.
    ///
    /// Its periods stay as long as they are: within a phase a change of the clocks moves none of them.
    func resolved(_ shape: LoadShape, at now: Nanoseconds) throws(AmountProblem) -> LoadShape {
        try shape.mapTimes { (time) throws(AmountProblem) in
            let rules: TimeZoneRules
            do throws(TimeZoneRules.Failure) {
                rules = try TimeZoneRules(named: time.zone)
            } catch {
                throw AmountProblem(
                    message: "the time zone '\(time.zone)' is "
                        + (error == .unknown ? "not in the host's database (/usr/share/zoneinfo)" : "damaged in it")
                        + "; write one that is, UTC, or how far it is ahead, such as '+02:00'")
            }
            var time = time
            let second = Nanoseconds.second
            time.instant = rules.lastTime(showing: time.sinceMidnight / second, notAfter: now / second) * second
            return time
        }
    }

    /// How long after its time of day each of these loads begins.
    func findings(_ profile: Profile) -> [Finding] {
        var found: [Finding] = []
        var start: Nanoseconds = 0
        var told: Set<String> = []
        for phase in profile.phases {
            defer { start += phase.length }
            for load in phase.loads where load.shape.isOnClock && told.insert(phase.title).inserted {
                var since: Nanoseconds?
                let place: Nanoseconds = if case .placed(_, let place, _) = load.shape { place } else { 0 }
                _ = load.shape.mapTimes { time in
                    since = since ?? time.instant.map { begin + start + place - $0 }
                    return time
                }
                guard let since else { continue }
                let (day, minute) = (86_400 * Nanoseconds.second, 60 * Nanoseconds.second)
                let whole = HumanUnits.duration(since % day / minute * minute)
                found.append(
                    Finding(
                        code: "shape_on_clock", severity: .note, stressor: load.stressor,
                        message: "phase '\(phase.name)': the load begins \(whole) after that time of day, if the run "
                            + "begins now; it is settled when it does"))
            }
        }
        return found
    }
}
