// SPDX-License-Identifier: Apache-2.0

internal import CLinux
public import SystemPackage

/// `RLIMIT_NOFILE`: one more than the highest descriptor that a process may open.
public struct OpenFileLimit: Hashable, Sendable {
    /// What applies now; `UInt64.max` where there is no limit.
    public var soft: UInt64
    /// What the soft limit may be raised to.
    public var hard: UInt64

    /// The limit of a process; 0 is this one.
    ///
    /// The corresponding C function is `prlimit`.
    public static func of(processID: Int32) throws(Errno) -> OpenFileLimit {
        var limit = OpenFileLimit(soft: 0, hard: 0)
        _ = try check(CLinux_open_file_limit(processID, &limit.soft, &limit.hard))
        return limit
    }

    /// Sets the soft limit of a process (0 is this one) and leaves the hard one.
    public static func setSoft(_ soft: UInt64, ofProcess processID: Int32) throws(Errno) {
        _ = try check(CLinux_set_open_file_limit(processID, soft))
    }
}
