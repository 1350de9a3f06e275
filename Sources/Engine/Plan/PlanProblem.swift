// SPDX-License-Identifier: Apache-2.0

public import LoadModel

/// Why a profile cannot be planned on this host.
public enum PlanProblem: Error, Sendable {
    /// The profile asks for something that makes no sense here; the key of the setting, where it is one.
    case invalid(setting: String?, String)
    /// This host, kernel or user cannot do it.
    case unsupported(String)
}

/// All that stands in the way of a plan.
public struct PlanErrors: Error, Sendable {
    /// What is wrong with the profile, with places.
    public var invalid: [Diagnostic]
    /// What this host cannot do, one sentence each.
    public var unsupported: [String]

    /// Adds what this host cannot do, once: a phase that is repeated asks for the same each time.
    mutating func add(_ sentence: String) {
        if !unsupported.contains(sentence) { unsupported.append(sentence) }
    }
}
