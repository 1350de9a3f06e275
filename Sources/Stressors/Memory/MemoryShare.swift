// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import LoadModel
internal import Synchronization

/// What others have of a total of memory, and what that leaves for the lanes to hold; one for all lanes of a process.
///
/// Others are what the kernel shows in use less what the lanes hold. While a lane takes or gives back, what it holds is
/// known only to lie within a range, and so are others: the last figure stands as long as it lies within theirs.
final class MemoryShare: Sendable {
    /// How often others are looked at: 12 µs each.
    private static let calmLook: Nanoseconds = 20 * .millisecond
    /// And while they take or give back: 200 MiB come within some 50 ms.
    private static let livelyLook: Nanoseconds = 5 * .millisecond
    private static let lively: Nanoseconds = 250 * .millisecond

    private struct State {
        /// What each lane holds, between two bounds while it moves.
        var held: [ClosedRange<Int64>]
        var others: Int64
        var lastLook: Nanoseconds = .min
        var lastChange: Nanoseconds = 0
        /// What all lanes are to hold.
        var aim: Int64 = 0
        var isTold = false
    }

    private let state: Mutex<State>
    private let used: @Sendable () -> Int64?
    private let resident: @Sendable () -> Int64?
    private let tell: @Sendable (String, String) -> Void

    /// Looks at others, while no lane holds anything.
    ///
    /// - Parameters:
    ///   - used: what is in use of the base; called by one thread at a time.
    ///   - resident: what the process has resident, asked where memory can be paged out: a page that is out is not in
    ///     use, and counting it as held would have more taken for each that the kernel pages out.
    init(
        lanes: Int, used: @escaping @Sendable () -> Int64?, resident: @escaping @Sendable () -> Int64?,
        tell: @escaping @Sendable (String, String) -> Void
    ) {
        state = Mutex(State(held: Array(repeating: 0...0, count: lanes), others: used() ?? 0))
        self.used = used
        self.resident = resident
        self.tell = tell
    }

    /// What all lanes together hold while others change by less than this: 1 MiB, or a thousandth of the target.
    static func deadBand(of total: Int64) -> Int64 { min(1 << 20, total / 1000) }

    /// What all lanes together must hold for the base's use to be `total`; the same for all lanes.
    func holdings(for total: Int64, at now: Nanoseconds) -> Int64 {
        var excess: Int64?
        let aim = state.withLock { state in
            guard total > 0 else {
                state.aim = 0
                return Int64(0)
            }
            if state.lastLook == .min || now - state.lastLook >= Self.pause(state, at: now) { look(&state, at: now) }
            // A process that was moved out of the group finds its own part missing there, and would make up for it
            // again and again.
            let wanted = min(2 * total, max(0, total - state.others))
            if abs(wanted - state.aim) > Self.deadBand(of: total) || wanted == 0 { state.aim = wanted }
            if state.others > total, !state.isTold {
                state.isTold = true
                excess = state.others
            }
            return state.aim
        }
        if let excess {
            let (held, wanted) = HumanUnits.amounts(Double(excess), Double(total), .bytes)
            tell(
                "others_exceed_target",
                "others hold \(held), more than the target of \(wanted); nothing is held until they give back")
        }
        return aim
    }

    /// What the lanes were last told to hold.
    var aim: Int64 { state.withLock { $0.aim } }

    /// When to look again.
    func nextLook(after now: Nanoseconds) -> Nanoseconds { state.withLock { now + Self.pause($0, at: now) } }

    /// Says that a lane will hold something within `range` until ``settle(_:at:)``.
    func move(_ lane: Int, within range: ClosedRange<Int64>) { state.withLock { $0.held[lane] = range } }

    /// Says that a lane holds `held` and is not moving.
    func settle(_ lane: Int, at held: Int64) { state.withLock { $0.held[lane] = held...held } }

    private static func pause(_ state: State, at now: Nanoseconds) -> Nanoseconds {
        now - state.lastChange < lively && state.lastChange > 0 ? livelyLook : calmLook
    }

    /// With the lock held, so that no lane begins or ends a move between the two figures.
    private func look(_ state: inout State, at now: Nanoseconds) {
        guard let used = used() else { return }
        state.lastLook = now
        var least = state.held.reduce(0) { $0 + $1.lowerBound }
        var most = state.held.reduce(0) { $0 + $1.upperBound }
        if let resident = resident() {
            least = min(least, resident)
            most = min(most, resident)
        }
        let others = min(max(state.others, used - most), used - least)
        if abs(others - state.others) > 1 << 20 { state.lastChange = now }
        state.others = others
    }
}
