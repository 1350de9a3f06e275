// SPDX-License-Identifier: Apache-2.0

public import LoadModel

/// When the probes of a plan are due: `start + offset + n · every`, whatever happened before.
public enum ProbeSchedule {
    /// The rate at which a CPU load is turned on and off, in Hz.
    public static let loadRate: Int64 = 101

    /// How long after the start each of the probes is due for the first time, in ns.
    ///
    /// The first at once, each other one by a golden section of its own period later than the one before: however many
    /// there are, no two of one period are due at the same time, and they spread evenly over it.
    ///
    /// - Parameter host: the host's number in a fleet, whose hosts ask at different times, too.
    public static func offsets(_ plans: [ProbePlan], host: Int = 0) -> [Nanoseconds] {
        plans.enumerated().map { index, plan in
            let turns = Double(index) * 0.618_033_988_749_894_9 + Double(host) * 0.414_213_562_373_095
            return Nanoseconds((turns - turns.rounded(.down)) * Double(plan.every))
        }
    }

    /// Whether a probe of this period always meets the load in the same part of its period, as every whole second does:
    /// it sees the processor always taken, or never.
    public static func beatsWithLoad(every: Nanoseconds) -> Bool {
        guard every > 0 else { return false }
        // Within a hundredth of a period it takes a hundred probes to see all of it.
        let rest = (every % .second) * loadRate % .second
        return min(rest, .second - rest) < .second / 100
    }

    /// How many times `plan` is due from `start` and before `end`.
    public static func count(_ plan: ProbePlan, first: Nanoseconds, end: Nanoseconds) -> Int64 {
        end <= first ? 0 : (end - first - 1) / max(1, plan.every) + 1
    }
}

/// Why a probe cannot be asked here, before the start; the text is for people.
public struct ProbeProblem: Error, Hashable, Sendable, CustomStringConvertible {
    /// The sentence.
    public var description: String

    /// Creates a problem.
    public init(_ description: String) { self.description = description }

    /// A build without TLS is asked for https.
    public static let withoutTLS = ProbeProblem(
        "https cannot be asked for: this build of exert has no TLS (the package's trait 'TLS'); probe a plain port or "
            + "a Unix socket")
}
