// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Synchronization
import Testing

@testable import Engine
@testable import Stressors

/// A base of which a script says what is in use.
private final class ScriptedBase: Sendable {
    let used: Mutex<Int64?>
    let resident = Mutex<Int64?>(nil)
    let looks = Atomic<Int>(0)
    let told = Mutex<[String]>([])

    init(used: Int64?) { self.used = Mutex(used) }

    func share(lanes: Int = 1) -> MemoryShare {
        MemoryShare(
            lanes: lanes,
            used: { [self] in
                looks.add(1, ordering: .relaxed)
                return used.withLock { $0 }
            },
            resident: { [self] in resident.withLock { $0 } },
            tell: { [self] code, _ in told.withLock { $0.append(code) } })
    }

    func set(_ bytes: Int64?) { used.withLock { $0 = bytes } }
}

/// What others have of a total of memory, and what is left to hold.
struct MemoryShareTests {
    private let mib: Int64 = 1 << 20
    private let base = ScriptedBase(used: 100 << 20)
    private let total: Int64 = 800 << 20

    @Test func whatOthersHaveIsNotHeld() {
        let share = base.share()
        #expect(share.holdings(for: total, at: 0) == 700 * mib)
        #expect(share.holdings(for: 0, at: 0) == 0)
        #expect(share.aim == 0)
    }

    @Test func othersAreFollowedBothWays() {
        let share = base.share()
        _ = share.holdings(for: total, at: 0)
        share.settle(0, at: 700 * mib)
        base.set(1000 * mib)
        #expect(share.holdings(for: total, at: .second) == 500 * mib, "others grew by 200")
        share.settle(0, at: 500 * mib)
        base.set(550 * mib)
        #expect(share.holdings(for: total, at: 2 * .second) == 750 * mib, "others have 50 left")
    }

    @Test func littleChangesAreNotFollowed() {
        let share = base.share()
        _ = share.holdings(for: total, at: 0)
        share.settle(0, at: 700 * mib)
        base.set(total + MemoryShare.deadBand(of: total))
        #expect(share.holdings(for: total, at: .second) == 700 * mib)
        base.set(total + MemoryShare.deadBand(of: total) + 4096)
        #expect(share.holdings(for: total, at: 2 * .second) < 700 * mib)
        #expect(MemoryShare.deadBand(of: 1 << 40) == mib)
    }

    @Test func allLanesAreToldTheSameBetweenTwoLooks() {
        let share = base.share(lanes: 4)
        let before = base.looks.load(ordering: .relaxed)
        let first = share.holdings(for: total, at: 0)
        base.set(700 * mib)
        for _ in 0..<3 { #expect(share.holdings(for: total, at: .millisecond) == first) }
        #expect(base.looks.load(ordering: .relaxed) == before + 1)
        #expect(share.holdings(for: total, at: 30 * .millisecond) == 100 * mib)
    }

    @Test func whatALaneTakesIsNotOthers() {
        let share = base.share(lanes: 2)
        _ = share.holdings(for: total, at: 0)
        share.move(0, within: 0...(64 * mib))
        // Half of the move has come: others may be anything from 68 to 132 MiB, and 100 is as likely as before.
        base.set(132 * mib)
        #expect(share.holdings(for: total, at: .second) == 700 * mib)
        // More is in use than the move explains.
        base.set(200 * mib)
        #expect(share.holdings(for: total, at: 2 * .second) == (800 - 136) * mib)
        share.settle(0, at: 64 * mib)
        #expect(share.holdings(for: total, at: 3 * .second) == (800 - 136) * mib)
        base.set(164 * mib)
        #expect(share.holdings(for: total, at: 4 * .second) == 700 * mib)
    }

    @Test func othersBeyondTheTotalAreToldOnceAndNothingIsHeld() {
        let share = base.share()
        base.set(900 * mib)
        #expect(share.holdings(for: total, at: 0) == 0)
        base.set(950 * mib)
        #expect(share.holdings(for: total, at: .second) == 0)
        #expect(base.told.withLock { $0 } == ["others_exceed_target"])
        base.set(600 * mib)
        #expect(share.holdings(for: total, at: 2 * .second) == 200 * mib)
    }

    @Test func pagesThatAreOutAreNotTakenForOthersThatGave() {
        let share = base.share()
        _ = share.holdings(for: total, at: 0)
        share.settle(0, at: 700 * mib)
        // 300 MiB of what is held were paged out: the base's use fell, and nobody gave anything back.
        base.resident.withLock { $0 = 400 * mib }
        base.set(500 * mib)
        #expect(share.holdings(for: total, at: .second) == 700 * mib)
    }

    @Test func aBaseThatCannotBeReadKeepsItsLastFigure() {
        let share = base.share()
        base.set(nil)
        #expect(share.holdings(for: total, at: 0) == 700 * mib)
    }

    @Test func othersThatGaveBackOfTheStartAreMadeUpFor() {
        let base = ScriptedBase(used: 0)
        let share = base.share()
        _ = share.holdings(for: total, at: 0)
        base.set(-50 * mib)
        #expect(share.holdings(for: total, at: .second) == 850 * mib)
    }

    @Test func looksComeOftenerWhileOthersMove() {
        let share = base.share()
        _ = share.holdings(for: total, at: 0)
        let calm = share.nextLook(after: .second) - .second
        base.set(150 * mib)
        _ = share.holdings(for: total, at: .second)
        let lively = share.nextLook(after: .second) - .second
        #expect(lively < calm)
        #expect(share.nextLook(after: 2 * .second) - 2 * .second == calm)
    }
}
