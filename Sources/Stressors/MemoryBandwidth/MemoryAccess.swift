// SPDX-License-Identifier: Apache-2.0

internal import CLinux

/// What a memory-bandwidth worker does with its buffer.
enum MemoryAccess: String, CaseIterable, Sendable {
    /// Loads.
    case read
    /// Plain stores; a cache that allocates on writes reads each line first, which nobody asked for.
    case write
    /// Non-temporal stores, which go past the caches.
    case writeNonTemporal = "write-nt"
    /// Plain loads from one half of the buffer and plain stores to the other.
    case copy

    /// Bytes asked for at each line of 64 bytes, as STREAM counts: what is read and what is written.
    var payloadPerLine: Int { self == .copy ? 2 * Int(CLINUX_STREAM_LINE) : Int(CLINUX_STREAM_LINE) }

    /// How much the memory moves for that payload, by estimate and for people.
    var traffic: String {
        switch self {
        case .read: "loads, estimated memory traffic equal to the payload"
        case .write: "plain stores, estimated memory traffic 2 times the payload (each line is read before)"
        case .writeNonTemporal: "non-temporal stores, estimated memory traffic equal to the payload"
        case .copy: "bytes read and written, estimated memory traffic 1.5 times the payload (read before written)"
        }
    }
}
