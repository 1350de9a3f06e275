// SPDX-License-Identifier: Apache-2.0

internal import LinuxSystem
internal import LoadModel
internal import Synchronization
internal import SystemPackage

/// When the kernel kills this process, whatever happens: some time after the run's end, or after the lease's where that
/// comes first.
///
/// The observer releases when a lease runs out; this is for an observer that cannot.
final class KillDeadline: Sendable {
    /// How long after the lease's end the kernel timer fires.
    static let leaseGrace: Nanoseconds = 2 * .second
    /// How often a lease is looked at, in ms.
    static let leaseInterval: Int32 = 250

    private let pages: RunPages
    private let runEnd = Atomic<Int64>(.max)
    private let leaseSeen = Atomic<Int64>(0)

    init(_ pages: RunPages) { self.pages = pages }

    /// How long the main thread may sleep, in ms; -1 is for ever.
    var patience: Int32 { pages.leaseEnd == 0 ? -1 : Self.leaseInterval }

    /// Sets the timer for `length` from now, or for the lease's end.
    func arm(after length: Nanoseconds) throws(Errno) {
        runEnd.store(Clocks.monotonic + length, ordering: .relaxed)
        try arm()
    }

    /// Sets the timer anew where the lease has been renewed.
    func follow() {
        if pages.leaseEnd != leaseSeen.load(ordering: .relaxed) { try? arm() }
    }

    private func arm() throws(Errno) {
        let lease = pages.leaseEnd
        leaseSeen.store(lease, ordering: .relaxed)
        let end = runEnd.load(ordering: .relaxed)
        let first = lease == 0 ? end : min(end, lease + Self.leaseGrace)
        try CurrentProcess.armKillTimer(after: max(1, first - Clocks.monotonic))
    }
}
