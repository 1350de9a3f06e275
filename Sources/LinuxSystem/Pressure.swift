// SPDX-License-Identifier: Apache-2.0

/// How long tasks were stalled for want of a resource, in microseconds since the kernel began to count; the `total=`
/// figures of `/proc/pressure/*` and of a v2 group's `*.pressure` (`Documentation/accounting/psi.rst` of the kernel).
///
/// The averages beside them are not read: they decay over 10 s and are refreshed every 2 s, where a difference of two
/// totals is exact over any window.
public struct PressureTotals: Hashable, Sendable {
    /// While at least one task waited; `nil` where the kernel has no such line, as `irq.pressure`.
    public var some: Int64?
    /// While all tasks that were not idle waited; `nil` where the kernel has no such line, as CPU before Linux 5.13.
    public var full: Int64?

    /// Creates totals, in microseconds.
    public init(some: Int64? = nil, full: Int64? = nil) {
        self.some = some
        self.full = full
    }

    /// Parses the text of a pressure file; `nil` where it has neither total.
    public static func parse(_ bytes: ArraySlice<UInt8>) -> PressureTotals? {
        let totals = PressureTotals(some: total(of: "some ", in: bytes), full: total(of: "full ", in: bytes))
        return totals.some == nil && totals.full == nil ? nil : totals
    }

    private static func total(of line: StaticString, in bytes: ArraySlice<UInt8>) -> Int64? {
        var scanner = ByteScanner(bytes)
        guard scanner.seek(line: line), scanner.seek(field: "total="), let value = scanner.nextInteger(), value >= 0
        else { return nil }
        return value
    }
}

/// The pressure on one resource, again and again, from a file that is kept open: 3 µs a look.
public final class PressureGauge {
    private let file: ProcFile

    /// Opens a pressure file, such as `/proc/pressure/memory`; `nil` where it cannot be read, as where the kernel was
    /// started without `psi=1` or the group is of cgroup v1.
    public init?(_ path: String) {
        // A kernel that was built with PSI and started without it has the file, and fails to open it with EOPNOTSUPP.
        guard let file = ProcFile(path, capacity: 512) else { return nil }
        self.file = file
    }

    /// The totals of this moment; `nil` where the file does not tell any more, as that of a group that is gone.
    public func read() -> PressureTotals? { file.read { PressureTotals.parse($0) } }
}
