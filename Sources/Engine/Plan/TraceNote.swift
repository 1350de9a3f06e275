// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// Tells how traces were read, and where they are longer or shorter than their phases.
enum TraceNote {
    /// More loads than this are not told one by one.
    private static let most = 8

    static func findings(_ profile: Profile) -> [Finding] {
        var found: [Finding] = []
        var told: Set<String> = []
        // What is repeated is told of once.
        for phase in profile.phases where told.insert(phase.title).inserted {
            for load in phase.loads {
                found += findings(load.shape, length: phase.length, in: phase.name).map { finding in
                    var finding = finding
                    finding.stressor = load.stressor
                    return finding
                }
                if found.count >= 2 * most { return found }
            }
        }
        return found
    }

    /// What is to be told of one load of a phase, or of what is left of one.
    static func findings(_ shape: LoadShape, length: Nanoseconds, in phase: String? = nil) -> [Finding] {
        if case .placed(let shape, _, let own) = shape {
            return shape.traces.flatMap { findings($0, length: own, in: phase, isPlaced: true) }
        }
        return shape.traces.flatMap { findings($0, length: length, in: phase, isPlaced: false) }
    }

    private static func findings(
        _ trace: Trace, length: Nanoseconds, in phase: String?, isPlaced: Bool
    ) -> [Finding] {
        let place = phase.map { "phase '\($0)': " } ?? ""
        var found: [Finding] = []
        if !trace.title.isEmpty {
            let join = trace.isStepped ? "steps" : "lines"
            found.append(
                Finding(
                    code: "trace_read", severity: .note,
                    message: "\(place)trace '\(trace.file)': \(trace.title), over \(HumanUnits.duration(trace.length)) "
                        + "in \(join)"))
        }
        let whole = trace.wholeLength
        let lasts =
            "the trace lasts \(HumanUnits.duration(trace.length))"
            + (trace.repeats > 1 && trace.repeats < .max ? ", \(trace.repeats) times" : "")
            + ", \(isPlaced ? "its place in the phase" : "the phase") \(HumanUnits.duration(length))"
        // Of one that is repeated until the phase ends, once is all of it.
        if (trace.repeats == .max ? trace.length : whole) > length {
            found.append(
                Finding(
                    code: "trace_length",
                    message: "\(place)\(lasts): the rest is left out; write 'for: trace', or take all of it in less "
                        + "time with 'stretch to phase'"))
        } else if length - whole > trace.interval {
            // One row stands for as long as the one before it.
            found.append(
                Finding(
                    code: "trace_length",
                    message: "\(place)\(lasts): its last amount is held for the rest; shorten the phase, or write "
                        + "'repeat' or 'stretch to phase' behind the trace"))
        }
        return found
    }
}
