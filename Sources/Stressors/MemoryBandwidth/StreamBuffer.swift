// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Engine
internal import LinuxSystem
internal import LoadModel
internal import SystemPackage

/// One worker's memory: resident and filled before the load begins, so that no page fault is part of it.
struct StreamBuffer: ~Copyable {
    /// The most that is populated between two looks at the headroom.
    private static let chunk = 32 << 20

    /// The first byte, at the start of a cache line.
    let base: UnsafeMutableRawPointer
    /// The length in bytes, whole small pages.
    let count: Int
    private let reservation: AnonymousReservation

    /// Reserves `count` bytes; nothing is touched yet, so that where they will lie can still be said.
    init(count: Int, pages: AnonymousReservation.Pages) throws(StressorFailure) {
        let whole = count / AnonymousReservation.pageSize * AnonymousReservation.pageSize
        do {
            reservation = try AnonymousReservation(count: whole, pages: pages)
        } catch {
            throw .impossible(CommitLimit.words(reserving: whole, error))
        }
        base = reservation.base
        self.count = whole
    }

    /// Says on which memory node the bytes will lie.
    func place(on node: Int) throws(Errno) { try reservation.place(on: [node], .bind) }

    /// Makes the bytes resident and fills them with random content.
    ///
    /// Pages that nobody has written are all the same zero page, which the caches hold: reading them is no load.
    ///
    /// - Parameter progress: called with the bytes that are ready.
    func fill(seed: UInt64, headroom: Headroom, progress: (Int) -> Void) throws(StressorFailure) {
        let tile = RandomTile(seed: seed)
        var ready = 0
        while ready < count {
            let granted: Int
            do throws(StressorFailure) {
                granted = try headroom.grant(
                    min(Self.chunk, count - ready), unit: AnonymousReservation.pageSize)
            } catch {
                throw tooLarge(ready, because: "less than the headroom is left")
            }
            defer { headroom.settle(granted) }
            do {
                try reservation.populate(ready..<ready + granted)
            } catch {
                throw tooLarge(ready, because: "\(error)")
            }
            let firstStamp = seed << 32 + UInt64(ready / AnonymousReservation.pageSize)
            reservation.fill(ready..<ready + granted, from: tile, firstStamp: firstStamp)
            ready += granted
            progress(ready)
        }
    }

    private func tooLarge(_ ready: Int, because reason: String) -> StressorFailure {
        .impossible(
            "of a buffer of \(HumanUnits.bytes(count)) \(HumanUnits.bytes(ready)) could be taken (\(reason)); make "
                + "'buffer' smaller, or free memory first")
    }
}
