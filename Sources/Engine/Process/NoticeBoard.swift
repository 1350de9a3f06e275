// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// A few short messages from a stressor's processes to the observer, in shared memory.
///
/// Each slot is written once: claimed by whoever comes first, readable when its state says so.
struct NoticeBoard: @unchecked Sendable {
    // Unchecked: the states are atomics, and the bytes are read only after their slot's state says that they are there.

    static let byteCount = slotCount * slotSize
    private static let slotCount = 8
    private static let slotSize = 512
    private static let textOffset = 16

    private enum State: Int64 { case empty, claimed, posted }

    private let base: UnsafeMutableRawPointer

    init(at base: UnsafeMutableRawPointer) { self.base = base }

    private func cell(_ slot: Int, _ index: Int) -> UnsafeMutablePointer<Atomic<Int64>> {
        (base + slot * Self.slotSize + index * 8).assumingMemoryBound(to: Atomic<Int64>.self)
    }

    /// Posts a message, unless its code is there already or the board is full.
    func post(_ code: String, _ message: String) {
        guard !notices(after: 0).contains(where: { $0.code == code }) else { return }
        let bytes = Array("\(code)\t\(message)".utf8.prefix(Self.slotSize - Self.textOffset))
        for slot in 0..<Self.slotCount {
            let (isMine, _) = cell(slot, 0).pointee.compareExchange(
                expected: State.empty.rawValue, desired: State.claimed.rawValue, ordering: .acquiringAndReleasing)
            guard isMine else { continue }
            bytes.withUnsafeBytes {
                (base + slot * Self.slotSize + Self.textOffset).copyMemory(from: $0.baseAddress!, byteCount: $0.count)
            }
            cell(slot, 1).pointee.store(Int64(bytes.count), ordering: .relaxed)
            cell(slot, 0).pointee.store(State.posted.rawValue, ordering: .releasing)
            return
        }
    }

    /// The messages in order, without the first `count` of them.
    func notices(after count: Int) -> [(code: String, message: String)] {
        var notices: [(code: String, message: String)] = []
        for slot in count..<max(count, Self.slotCount) {
            guard cell(slot, 0).pointee.load(ordering: .acquiring) == State.posted.rawValue else { break }
            let size = Int(cell(slot, 1).pointee.load(ordering: .relaxed))
            guard (1...Self.slotSize - Self.textOffset).contains(size) else { break }
            let bytes = UnsafeRawBufferPointer(
                start: base + slot * Self.slotSize + Self.textOffset, count: size)
            let parts = String(decoding: bytes, as: UTF8.self).split(separator: "\t", maxSplits: 1)
            guard parts.count == 2 else { break }
            notices.append((String(parts[0]), String(parts[1])))
        }
        return notices
    }
}
