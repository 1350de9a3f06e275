// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// The exit codes that do not come from a run's verdict; those are `RunRecord.exitCode`.
enum ExitStatus {
    /// Something broke that is not the profile's or the host's fault.
    static let internalError = ExitCode(1)
    /// Ended by a guard or a lease.
    static let aborted = ExitCode(3)
    /// It cannot be done on this host.
    static let unsupported = ExitCode(4)
    /// The system under test did not do what was wanted of it.
    static let objectiveMissed = ExitCode(6)
    /// Bad usage or a bad profile.
    static let usage = ExitCode(64)
    /// What was to be imported is not, or not exactly (`EX_DATAERR` of sysexits.h).
    static let inexact = ExitCode(65)
}
