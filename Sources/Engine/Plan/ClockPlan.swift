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
                    profile.phases[phase].loads[load].shape = try resolved(written.shape).begun(at: begin + start)
                } catch {
                    let message = "'\(written.text)' for '\(written.stressor)': \(error.message)"
                    let problem = Diagnostic(written.mark, message)
                    if !errors.invalid.contains(problem) { errors.invalid.append(problem) }
                }
            }
        }
        return profile
    }

    /// The shape with the last time before the run at which it was as late as it says.
    func resolved(_ shape: LoadShape) throws(AmountProblem) -> LoadShape {
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
            time.instant = rules.lastTime(showing: time.sinceMidnight / second, notAfter: begin / second) * second
            return time
        }
    }

    /// How far in its period each of these loads begins.
    func findings(_ profile: Profile) -> [Finding] {
        var found: [Finding] = []
        var start: Nanoseconds = 0
        var told: Set<String> = []
        for phase in profile.phases {
            defer { start += phase.length }
            for load in phase.loads where load.shape.isOnClock && told.insert(phase.title).inserted {
                var since: Nanoseconds?
                _ = load.shape.mapTimes { time in
                    since = since ?? time.instant.map { begin + start - $0 }
                    return time
                }
                guard let since else { continue }
                let minute = 60 * Nanoseconds.second
                found.append(
                    Finding(
                        code: "shape_on_clock", severity: .note, stressor: load.stressor,
                        message: "phase '\(phase.name)': \(HumanUnits.duration(max(minute, since / minute * minute))) "
                            + "after that time of day, where the load begins now; it is settled when it does"))
            }
        }
        return found
    }
}
