// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Engine
internal import LinuxSystem
internal import LoadModel

/// One thread that goes through its buffer from start to end, again and again; its work is bytes of payload.
///
/// What it writes tells which pass wrote it, so that anybody who looks at the buffer can count what was done:
/// word 0 of line `l` is ``stamp(pass:line:)``, and passes count from 1.
struct StreamWorker: Working, ~Copyable {
    /// Bytes between two looks at the clock and the control word: 25 to 100 µs.
    private static let chunkLines = (512 << 10) / lineBytes
    private static let lineBytes = Int(CLINUX_STREAM_LINE)

    private let buffer: StreamBuffer
    private let access: MemoryAccess
    private let control: ControlWord
    private let gauge: Gauge
    /// Lines that one pass goes through.
    private let lines: Int
    private var line = 0
    private var pass: UInt64 = 1
    private var total: Int64 = 0
    /// The exclusive or of all words that were read.
    private(set) var checksum: UInt64 = 0

    init(_ buffer: consuming StreamBuffer, access: MemoryAccess, control: ControlWord, gauge: Gauge) {
        lines = buffer.count / access.payloadPerLine
        self.buffer = buffer
        self.access = access
        self.control = control
        self.gauge = gauge
    }

    /// The first word that pass `pass` writes to line `line` of the buffer.
    static func stamp(pass: UInt64, line: Int) -> UInt64 {
        pass &* 0xA076_1D64_78BD_642F &+ UInt64(line) &* CLINUX_STREAM_LINE_STEP
    }

    mutating func work(_ due: Int64) throws(StressorFailure) -> Int64 { try work(due, for: Pacer.period) }

    mutating func work(_ due: Int64, for limit: Nanoseconds) throws(StressorFailure) -> Int64 {
        let before = total
        // Back after one period at the latest: the target may be another by then.
        let end = Clocks.monotonic + min(limit, Pacer.period)
        var left = due / Int64(access.payloadPerLine)
        while left > 0 {
            let count = min(Int(min(left, Int64(Self.chunkLines))), lines - line)
            move(count)
            left -= Int64(count)
            total += Int64(count * access.payloadPerLine)
            // At each chunk, or whoever looks during a burst would see none of it.
            gauge.claimed = total
            if control.state == .stop || Clocks.monotonic >= end { break }
        }
        return total - before
    }

    private mutating func move(_ count: Int) {
        let address = buffer.base + line * Self.lineBytes
        let length = count * Self.lineBytes
        let first = Self.stamp(pass: pass, line: line)
        switch access {
        case .read: checksum ^= CLinux_stream_read(address, length)
        case .write: CLinux_stream_write(address, length, first)
        case .writeNonTemporal: CLinux_stream_write_nt(address, length, first)
        case .copy: CLinux_stream_copy(address + lines * Self.lineBytes, address, length)
        }
        line += count
        if line == lines {
            line = 0
            pass += 1
        }
    }

    /// Hands out the bytes that the worker goes through, for who wants to count.
    func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try body(UnsafeRawBufferPointer(start: buffer.base, count: buffer.count))
    }
}
