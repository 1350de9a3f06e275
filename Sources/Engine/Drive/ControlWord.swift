// SPDX-License-Identifier: Apache-2.0

internal import LinuxSystem
public import Synchronization

/// The word by which the observer starts and stops a stressor process; a futex in shared memory.
public struct ControlWord: @unchecked Sendable {
    // Unchecked: an atomic in memory that stays mapped for the life of the process.

    /// The states, in order.
    public enum State: UInt32, Sendable {
        case preparing = 0, go = 1, stop = 2
    }

    /// The word itself, for C loops that look at it.
    public let word: UnsafeMutablePointer<Atomic<UInt32>>

    init(at base: UnsafeMutableRawPointer) { word = base.assumingMemoryBound(to: Atomic<UInt32>.self) }

    /// The state, which the observer sets.
    public var state: State {
        get { State(rawValue: word.pointee.load(ordering: .acquiring)) ?? .stop }
        nonmutating set {
            word.pointee.store(newValue.rawValue, ordering: .releasing)
            Futex.wakeAll(word)
        }
    }

    /// Wakes all who sleep on the word, so that they look for what has changed.
    func wake() { Futex.wakeAll(word) }

    /// Sleeps while the state is `state`, until `deadline` (ns, `CLOCK_MONOTONIC`) at the longest.
    public func sleep(while state: State, until deadline: Int64) {
        Futex.wait(word, while: state.rawValue, until: deadline)
    }
}
