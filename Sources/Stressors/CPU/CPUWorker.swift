// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Engine
internal import LinuxSystem
internal import LoadModel

/// One burning thread; its work is nanoseconds of its own CPU clock, so that every cost of its own is in the count.
struct CPUWorker: Working, ~Copyable {
    private let burn: OpaquePointer
    private let control: ControlWord
    private var clock: Int64 = 0

    /// Calibrates the method; `nil` without memory.
    init?(method: BurnMethod, seed: UInt64, control: ControlWord) {
        guard let burn = CLinux_burn_create(method.code, seed) else { return nil }
        self.burn = burn
        self.control = control
    }

    deinit { CLinux_burn_destroy(burn) }

    mutating func begin() { clock = Clocks.threadCPU }

    mutating func work(_ due: Int64) throws(StressorFailure) -> Int64 { burn(due, until: .max) }

    mutating func work(_ due: Int64, for limit: Nanoseconds) throws(StressorFailure) -> Int64 {
        burn(due, until: Clocks.monotonic + limit)
    }

    private mutating func burn(_ due: Int64, until end: Nanoseconds) -> Int64 {
        let before = clock
        let word = UnsafeRawPointer(control.word).assumingMemoryBound(to: UInt32.self)
        clock = CLinux_burn_until(burn, before + due, end, word, ControlWord.State.stop.rawValue)
        return clock - before
    }
}
