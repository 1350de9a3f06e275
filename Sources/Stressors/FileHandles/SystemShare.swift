// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import LinuxSystem
internal import LoadModel

/// One process's view of the system's table of open files: how many others have open, and how many more may be taken.
///
/// Belongs to one lane; not shared between threads.
final class SystemShare {
    /// How often others are looked at while they change what they hold.
    private static let shortestLook: Nanoseconds = .millisecond
    /// And while they do not.
    private static let longestLook: Nanoseconds = 20 * .millisecond
    /// How long after a change the next one is expected.
    private static let attention: Nanoseconds = 250 * .millisecond
    /// How long a moving lane may keep the others from an exact look.
    private static let patience: Nanoseconds = 100 * .millisecond

    private let table = SystemFileTable()
    private let keepFree: Int64
    private let mode: LoadMode
    private let gauges: [Gauge]
    /// Open files of everybody else.
    private var others: Int64 = 0
    private var lastLook: Nanoseconds = 0
    private var lastExact: Nanoseconds = 0
    private var lastSeen: Int64 = 0
    private var lastChange: Nanoseconds = 0
    private var pause: Nanoseconds
    private let shortest: Nanoseconds
    /// By how much the kernel's count may be off: before 6.18 some tens for each processor.
    private let inexactness: Int64

    init(keepFree: Int64, context: StressorContext) {
        self.keepFree = keepFree
        mode = context.mode
        gauges = context.gauges
        // Many processes do not all look a thousand times a second.
        shortest = Self.shortestLook * Int64(max(1, gauges.count / 4))
        pause = shortest
        let online = SmallFile.text("/sys/devices/system/cpu/online").flatMap(CPUList.parse)
        inexactness = 64 * Int64(max(1, online?.count ?? 1))
    }

    static let refusal = StressorFailure.refused(
        "the system's table of open files is down to 'keep-free'", because: .refusal)

    /// Open files of the whole system; `nil` where that cannot be read.
    var used: Int64? { table?.read()?.used }

    /// What all lanes together must hold for the system's count to be `total`.
    func holdings(for total: Int64) -> Int64 {
        guard mode == .total else { return total }
        look()
        return max(0, total - others)
    }

    /// Counts what others have open: the system's count less what the lanes hold.
    ///
    /// Exact only while no lane is opening or closing; what was seen last stands meanwhile.
    private func look() {
        let now = Clocks.monotonic
        // Others that never rest must not keep the lane from sleeping.
        guard now - lastLook >= shortest else { return }
        let before = held
        guard let used else { return }
        lastLook = now
        let isStill = !gauges.contains { $0.isMoving } && before == held
        guard isStill || now - lastExact > Self.patience else { return }
        others = used - before
        lastExact = now
    }

    private var held: Int64 { gauges.reduce(0) { $0 + $1.claimed } }

    /// When to look again: soon while others come and go.
    func nextLook(at now: Nanoseconds) -> Nanoseconds {
        guard mode == .total else { return .max }
        if others != lastSeen { lastChange = now }
        lastSeen = others
        pause = now - lastChange < Self.attention ? shortest : min(Self.longestLook, pause * 2)
        return now + max(shortest, pause)
    }

    /// How many of `wanted` may be opened with `keep-free` left; the lanes divide what is left, so that all together do
    /// not pass it.
    func grant(_ wanted: Int64) throws(StressorFailure) -> Int64 {
        guard let reading = table?.read() else { return wanted }
        let room = reading.free - keepFree
        if room >= wanted * Int64(gauges.count) { return wanted }
        let granted = min(wanted, max(min(1, room), room / Int64(gauges.count)))
        guard granted > 0 else { throw Self.refusal }
        return granted
    }

    /// By how many `keep-free` has been passed: whoever has `CAP_SYS_ADMIN` is not stopped by the kernel.
    var excess: Int64 {
        guard let reading = table?.read() else { return 0 }
        return max(0, keepFree - reading.free)
    }

    /// Whether the system's count is down by `held` since it was `before`.
    ///
    /// Others open files meanwhile: a hundredth is allowed for.
    func hasReleased(_ held: Int64, from before: Int64) -> Bool {
        guard let used else { return true }
        return before - used >= held - held / 100 - inexactness
    }
}
