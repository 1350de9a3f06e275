// SPDX-License-Identifier: Apache-2.0

/// The unit in which a stressor's target and achieved figures are given.
///
/// The raw value is the word used in the log.
public enum Unit: String, Codable, Sendable, CaseIterable {
    /// CPU-seconds per second: 1.5 is one and a half processors kept busy.
    case cores
    /// Bytes held.
    case bytes
    /// Open file handles held.
    case handles
    /// Inodes held: files that exist, whatever their size.
    case inodes
    /// Processes and threads, each of which has a number in the kernel's table of tasks.
    case processes
    /// Bytes moved per second.
    case bytesPerSecond = "bytes_per_second"
    /// Operations done per second.
    case operationsPerSecond = "operations_per_second"
}

/// What a stressor does with its unit.
public enum Drive: String, Codable, Sendable {
    /// It holds an amount.
    case level
    /// It does work per second.
    case rate
}

/// Whether a level is put on top of what is there, or is the total that is brought about.
public enum LoadMode: String, Codable, Sendable, CaseIterable {
    /// The target is what the stressor holds, on top of everything else.
    case add
    /// The target is the base's total use; the stressor holds what others leave of it, and follows them both ways.
    case total
}

/// A quantity as a profile writes it, before its base is known.
public indirect enum Amount: Hashable, Sendable {
    /// Percent of the stressor's base, 0 through 100.
    case percent(Double)
    /// Processors.
    case cores(Double)
    /// Bytes.
    case bytes(Double)
    /// A plain count, such as file handles.
    case count(Double)
    /// Bytes per second.
    case bytesPerSecond(Double)
    /// Operations per second.
    case operationsPerSecond(Double)
    /// All that the base offers.
    case max
    /// All that is free but this much.
    case leave(Amount)
}

/// The kinds of amount that a stressor takes as a target.
public enum AmountKind: String, Sendable, CaseIterable {
    case percent, cores, bytes, count, bytesPerSecond, operationsPerSecond, max, leave
}

extension Amount {
    /// Which kind of amount this is; for `leave`, ``AmountKind/leave``.
    public var kind: AmountKind {
        switch self {
        case .percent: .percent
        case .cores: .cores
        case .bytes: .bytes
        case .count: .count
        case .bytesPerSecond: .bytesPerSecond
        case .operationsPerSecond: .operationsPerSecond
        case .max: .max
        case .leave: .leave
        }
    }
    /// The figure of an amount that says it itself; `nil` of percent, `max` and `leave`, which need a base.
    public var number: Double? {
        switch self {
        case .cores(let value), .bytes(let value), .count(let value), .bytesPerSecond(let value),
            .operationsPerSecond(let value):
            value
        case .percent, .max, .leave: nil
        }
    }

    /// What is written before its unit, percent included; `nil` of `max` and `leave`.
    public var figure: Double? { if case .percent(let value) = self { value } else { number } }
}
