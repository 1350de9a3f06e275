// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import LinuxSystem
internal import LoadModel
internal import Synchronization

/// The memory limits of this process's groups as they stand, and what must be given back where one was lowered.
///
/// What can be had by that: v1 refuses a limit below what is charged, after it has reclaimed what it could (`EBUSY`,
/// `mem_cgroup_resize_max` in mm/memcontrol.c), and kills nobody; what is left to do is to keep the headroom. v2 sets
/// the limit, reclaims sixteen times and then kills, all within the write (`memory_max_write`): where there is swap
/// that takes as long as paging out does, and what is given back meanwhile saves the process; without swap there is
/// hardly anything to try, and nobody can be fast enough.
final class GroupCeiling: Sendable {
    /// How often the limits are read while none is lowered: one `pread` for each level.
    static let calmLook: Nanoseconds = 100 * .millisecond
    /// And while one is.
    private static let livelyLook: Nanoseconds = 20 * .millisecond

    /// What is left below a limit.
    struct Room {
        var limit: Int64
        var source: String
        /// What the group uses of it.
        var used: Int64
        /// What is left, the reserve taken off.
        var available: Int64
    }

    private struct Level {
        let files: GroupMemory
        let gauge: CgroupMemoryGauge
        /// The limit that the process was planned with.
        let planned: Int64
    }

    private struct State {
        var levels: [Level] = []
        var cap = Int64.max
        var lastLook = Int64.min
        var lowered: Room?
    }

    private let state: Mutex<State>
    private let reserve: @Sendable (Int64) -> Int64

    /// Opens the files of the groups of this process.
    ///
    /// - Parameter reserve: the bytes to leave below a limit of so many.
    init(_ groups: [CgroupView.Group], reserve: @escaping @Sendable (Int64) -> Int64) {
        self.reserve = reserve
        var state = State()
        for group in groups {
            guard let gauge = CgroupMemoryGauge(group) else { continue }
            let files = GroupMemory(group)
            let planned = files.read(at: Clocks.monotonic).most ?? .max
            state.levels.append(Level(files: files, gauge: gauge, planned: planned))
        }
        self.state = Mutex(state)
    }

    /// What is left below the limit that is nearest, its reserve taken off; `nil` where there is no limit.
    var room: Room? {
        state.withLock { state in Self.least(state.levels, reserve) { _, _ in true } }
    }

    private static func least(
        _ levels: [Level], _ reserve: (Int64) -> Int64, where counts: (Level, Int64) -> Bool
    ) -> Room? {
        var least: Room?
        let now = Clocks.monotonic
        for level in levels {
            guard let limit = level.files.read(at: now).most, counts(level, limit), let used = level.gauge.mostUsed
            else {
                continue
            }
            let room = Room(
                limit: limit, source: level.files.source, used: used, available: limit - used - reserve(limit))
            if room.available < least?.available ?? .max { least = room }
        }
        return least
    }

    /// The most that all lanes may hold, of which they hold `held` now; no bound as long as no limit is lower than it
    /// was.
    func cap(holding held: Int64) -> Int64 {
        state.withLock { state in
            let now = Clocks.monotonic
            let pause = state.lowered == nil ? Self.calmLook : Self.livelyLook
            guard now.subtractingSaturating(state.lastLook) >= pause else { return state.cap }
            state.lastLook = now
            state.lowered = Self.least(state.levels, reserve) { level, limit in limit < level.planned }
            state.cap = state.lowered.map { max(0, held + $0.available) } ?? .max
            return state.cap
        }
    }

    /// The limit that was lowered; `nil` where none is.
    var lowered: Room? { state.withLock { $0.lowered } }

    /// When to look again.
    func nextLook(after now: Nanoseconds) -> Nanoseconds {
        state.withLock { state in
            state.levels.isEmpty ? .max : now + (state.lowered == nil ? Self.calmLook : Self.livelyLook)
        }
    }
}
