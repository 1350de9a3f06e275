// SPDX-License-Identifier: Apache-2.0

/// What somebody who runs a profile changes of it, as written on the command line.
public struct ProfileChanges: Sendable {
    /// Values of parameters, each `NAME=VALUE`.
    public var parameters: [String] = []
    /// Changes of phases, each `PHASE.for=TIME`, `PHASE.STRESSOR=LOAD` or `PHASE.STRESSOR.start=TIME`.
    public var phases: [String] = []
    /// Settings, each `STRESSOR.KEY=VALUE`.
    public var settings: [String] = []
    /// How long the phase lasts, of a profile that has one.
    public var length: String?
    /// What all lengths of phases and times of loads are multiplied with.
    public var timeScale: String?

    /// Creates no change.
    public init() {}

    /// Each change as a flag has it, but for values of parameters.
    var flags: [String] {
        (length.map { ["--for \($0)"] } ?? []) + phases.map { "--phase \($0)" } + settings.map { "--set \($0)" }
            + (timeScale.map { ["--scale-time \($0)"] } ?? [])
    }

    /// The most changes that are taken.
    static let limit = 1000
}
