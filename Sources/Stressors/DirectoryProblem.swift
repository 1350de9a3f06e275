// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import LinuxSystem

extension FileSystemFacts.Problem {
    /// The same as a problem of a plan: what is not there is the profile's fault, what is refused is this host's.
    var planProblem: PlanProblem {
        switch self {
        case .missing(let words): .invalid(setting: "directory", words)
        case .refused(let words): .unsupported(words)
        }
    }
}
