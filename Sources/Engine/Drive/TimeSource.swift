// SPDX-License-Identifier: Apache-2.0

public import LoadModel

/// What a lane knows of time; tests put a virtual one in its place.
public protocol TimeSource: Sendable {
    /// Nanoseconds since the run's start.
    var now: Nanoseconds { get }
    /// Whether the run is to end.
    var isStopping: Bool { get }
    /// Sleeps until `time` (since the run's start); returns early, and `false`, when the run is to end.
    func wait(until time: Nanoseconds) -> Bool
}
