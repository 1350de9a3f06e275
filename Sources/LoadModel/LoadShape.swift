// SPDX-License-Identifier: Apache-2.0

/// The shape of a load over one phase, as the profile writes it.
public indirect enum LoadShape: Hashable, Sendable {
    /// `80%` or `hold 80%`: one amount for the whole phase.
    case hold(Amount)
    /// `ramp [from A] to B [in T]`: a straight line, then B is held; from where the stressor stood, over the whole
    /// phase, unless said otherwise.
    case ramp(from: Amount?, to: Amount, over: Nanoseconds?)
    /// `steps A, B, C every T`: a staircase; the last step is held.
    case steps([Amount], every: Nanoseconds)
    /// `sine A to B every T [offset 90deg]`: begins at A, is at B after half of T; the offset is where it begins.
    case sine(from: Amount, to: Amount, every: Nanoseconds, offset: Nanoseconds = 0)
    /// `pulse A for T every U [offset 90deg]`: A for T, then nothing until U has passed.
    case pulse(Amount, width: Nanoseconds, every: Nanoseconds, offset: Nanoseconds = 0)
    /// `sawtooth A to B every T [offset 90deg]`: a straight line from A to B, then A again at once.
    case sawtooth(from: Amount, to: Amount, every: Nanoseconds, offset: Nanoseconds = 0)
    /// `random A to B every T`: a new amount, uniformly between A and B, every T; the same for the same seed.
    case random(from: Amount, to: Amount, every: Nanoseconds)
    /// `bursts A for T to U rest V to W`: A for a time that is drawn, then nothing for another one, again and again;
    /// the same for the same seed.
    case bursts(Amount, lengths: ClosedRange<Nanoseconds>, rests: ClosedRange<Nanoseconds>)
    /// `trace FILE [clauses]`: the file's points joined by lines or steps; the last one is held.
    case trace(Trace)
    /// `curve [from A,] B in T, C for T, hold T`: one segment after the other, then the last amount is held; from where
    /// the stressor stood unless said otherwise.
    case curve(from: Amount?, [Segment])
    /// `A + B`: all of them on top of one another.
    case sum([LoadShape])
    /// `noise A every T`, in a sum: a new amount, uniformly between A less and A more, every T; the same for the same
    /// seed.
    case noise(Amount, every: Nanoseconds)
    /// `sine A to B every T starting at 14:00 ZONE`: a period of a periodic shape begins at a time of day.
    case onClock(LoadShape, DayTime)
    /// `{ load: A, start: T, for: T }`: a shape from `start` on, for `length`, and nothing before and after it.
    case placed(LoadShape, start: Nanoseconds, length: Nanoseconds)

    /// A segment of a `curve`.
    public enum Segment: Hashable, Sendable {
        /// `A in T`: a straight line to an amount.
        case line(Amount, Nanoseconds)
        /// `A for T`: an amount at once.
        case step(Amount, Nanoseconds)
        /// `hold T`: what there is goes on.
        case hold(Nanoseconds)

        /// How long it lasts.
        public var length: Nanoseconds {
            switch self {
            case .line(_, let length), .step(_, let length), .hold(let length): length
            }
        }

        /// The amount that it names.
        public var amount: Amount? {
            switch self {
            case .line(let amount, _), .step(let amount, _): amount
            case .hold: nil
            }
        }
    }
}

extension LoadShape {
    /// Whether it begins where the stressor stands.
    public var isContinued: Bool {
        switch self {
        case .ramp(nil, _, _), .curve(nil, _): true
        case .placed(let shape, start: 0, _): shape.isContinued
        default: false
        }
    }

    /// The traces in it.
    public var traces: [Trace] {
        switch self {
        case .trace(let trace): [trace]
        case .sum(let shapes): shapes.flatMap(\.traces)
        case .placed(let shape, _, _), .onClock(let shape, _): shape.traces
        default: []
        }
    }
}

/// The points of a recorded load.
public struct Trace: Hashable, Sendable {
    /// One row of the file.
    public struct Point: Hashable, Sendable {
        /// Time since the phase began.
        public var at: Nanoseconds
        /// The amount at that time.
        public var amount: Amount
        /// Creates a point.
        public init(at: Nanoseconds, amount: Amount) {
            self.at = at
            self.amount = amount
        }
    }
    /// Where the points came from, as written in the profile.
    public var file: String
    /// The points, their times ascending; two at one time make a step.
    public var points: [Point]
    /// Whether each amount is held until the next point, instead of a line between the two.
    public var isStepped = false
    /// How long it lasts: until its last point, or until the end of its last step.
    public var length: Nanoseconds
    /// How far apart its last points are; 0 where that is not known.
    public var interval: Nanoseconds = 0
    /// How often it is run through; `Int.max` for as long as the phase lasts.
    public var repeats = 1
    /// How the file was read, for people; empty where nothing is to be said.
    public var title = ""
    /// Creates a trace that lasts until its last point.
    public init(file: String, points: [Point]) {
        self.file = file
        self.points = points
        length = points.last?.at ?? 0
    }

    /// How long it is followed, with its repetitions.
    public var wholeLength: Nanoseconds {
        let (whole, isOver) = length.multipliedReportingOverflow(by: Nanoseconds(repeats))
        return isOver ? .max : whole
    }
}

extension LoadShape {
    /// Every amount that the shape names, in the order of writing; of a trace, the amounts of its points.
    public var amounts: [Amount] {
        switch self {
        case .hold(let amount), .pulse(let amount, _, _, _), .noise(let amount, _), .bursts(let amount, _, _): [amount]
        case .ramp(let from, let to, _): from.map { [$0, to] } ?? [to]
        case .steps(let amounts, _): amounts
        case .sine(let from, let to, _, _), .sawtooth(let from, let to, _, _), .random(let from, let to, _):
            [from, to]
        case .trace(let trace): trace.points.map(\.amount)
        case .curve(let from, let segments): (from.map { [$0] } ?? []) + segments.compactMap(\.amount)
        case .sum(let shapes): shapes.flatMap(\.amounts)
        case .placed(let shape, _, _), .onClock(let shape, _): shape.amounts
        }
    }
}
