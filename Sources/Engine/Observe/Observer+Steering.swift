// SPDX-License-Identifier: Apache-2.0

internal import LinuxSystem
internal import LoadModel

// What a run is told from outside while it goes on, and the lease that somebody must renew.
extension Observer {
    /// How far ahead a change lies: two wakes of a rate and the time to resolve it, so that no lane is beyond it yet.
    static let lead: Nanoseconds = 50 * .millisecond

    /// What is polled for orders.
    var steeringDescriptors: [Int32] { options.steering?.descriptors ?? [] }

    /// Whether targets may change while the load is on.
    var isLive: Bool {
        options.retargeter != nil || plan.phases.contains { !$0.until.isEmpty }
            || plan.stressors.contains { !$0.floating.isEmpty }
    }

    /// Begins the lease anew.
    func renewLease() {
        guard let lease = options.lease else { return }
        leaseEnd = world.monotonic + lease
        for session in sessions { session.extendLease(to: leaseEnd) }
    }

    /// The longest run whose processes the kernel's timer ends in time: beyond that the timer is renewed, and a host
    /// whose observer hangs does not carry the load for years.
    private static let longestAlone: Nanoseconds = 30 * 86_400 * .second
    /// For how long a load of such a run goes on that nobody observes.
    private static let ownLease: Nanoseconds = 60 * .second

    /// Moves the kernel's timer on, of a run that is too long for one.
    func keepAlive() {
        guard options.lease == nil, plan.length > Self.longestAlone || plan.isUntilStopped else { return }
        let now = world.monotonic
        guard leaseEnd - now < Self.ownLease / 2 else { return }
        leaseEnd = now + Self.ownLease
        for session in sessions { session.extendLease(to: leaseEnd) }
    }

    /// The lease, where it has run out.
    var expiredLease: LeaseExpiry? {
        guard let lease = options.lease, leaseEnd > 0, world.monotonic >= leaseEnd else { return nil }
        return LeaseExpiry(length: lease)
    }

    /// Takes the orders that come before the load begins: it can be stopped and its lease renewed.
    func attend() throws(ObserverFailure) {
        keeper?.beat()
        keepAlive()
        if let signal = signals.next() { throw .interrupted(signal) }
        while let order = options.steering?.next() {
            if order.stops { throw .interrupted(Self.stopSignal) }
            if order.loads.isEmpty, order.pauses == nil {
                options.steering?.answer(renew(order))
            } else {
                options.steering?.answer(
                    OrderRefusal(.conflict, "the load has not begun yet; send the change again once it has"))
            }
        }
        if let expiredLease { throw .leaseExpired(expiredLease) }
    }

    /// Takes the orders that have come; whether the run is to end.
    func takeOrders() -> Bool {
        while let order = options.steering?.next() {
            if order.stops {
                if takeStop(Self.stopSignal) { continue }
                interruptedBy = Self.stopSignal
                return true
            }
            do throws(OrderRefusal) {
                if let refusal = renew(order) { throw refusal }
                try apply(order)
                options.steering?.answer(nil)
            } catch {
                options.steering?.answer(error)
            }
        }
        return false
    }

    /// A stop is what SIGTERM is.
    private static let stopSignal: Int32 = 15

    private func renew(_ order: RunOrder) -> OrderRefusal? {
        guard order.renews else { return nil }
        guard options.lease != nil else { return OrderRefusal(.conflict, "the run has no lease to renew") }
        renewLease()
        return nil
    }

    private func apply(_ order: RunOrder) throws(OrderRefusal) {
        guard !order.loads.isEmpty || order.pauses != nil else { return }
        guard let retargeter = options.retargeter else {
            throw OrderRefusal(.conflict, "the targets of this run cannot be changed")
        }
        let time = now + Self.lead
        guard time < plan.length else { throw OrderRefusal(.conflict, "the run is ending") }
        let index = plan.phaseIndex(at: time)
        let phaseEnd = plan.phases[index].start + plan.phases[index].length
        var intended = sessions.map(\.intended)
        var changes: [RunChange] = []
        // The others go on undisturbed, and are judged without a pause.
        var touched: Set<Int> = []
        var found: [Finding] = []
        var overrides: [Metric: String] = [:]
        var ordered: [(at: Int, within: Nanoseconds?, leastLeft: Int64)] = []
        for (name, text) in order.loads.sorted(by: { $0.key < $1.key }) {
            guard let at = plan.stressors.firstIndex(where: { $0.name == name }) else {
                let names = plan.stressors.map(\.name).joined(separator: ", ")
                throw OrderRefusal(.invalid, "the run has no stressor '\(name)'; it has: \(names)")
            }
            let new = try retargeter.change(
                text, within: order.within[name], of: plan.stressors[at], instead: intended[at], from: time,
                until: phaseEnd, begin: startWall)
            intended[at] = new.curve
            touched.insert(at)
            found += new.findings
            overrides.merge(new.overrides) { first, _ in first }
            ordered.append((at, new.within, new.leastLeft))
            changes.append(RunChange(.load(stressor: name, text: text), from: time, within: new.within))
        }
        if let stranger = order.within.keys.filter({ order.loads[$0] == nil }).min() {
            throw OrderRefusal(.invalid, "'within' of '\(stranger)' has no load; it is the way to a new one")
        }
        let pauses = order.pauses ?? isPaused
        if pauses != isPaused {
            changes.append(RunChange(pauses ? .paused : .resumed, from: time))
            touched.formUnion(sessions.indices)
        }
        let live = touched.sorted().map { at in
            var curve = sessions[at].curve.prefix(until: time)
            if pauses { curve.appendRelease(plan.length - time) } else { curve.append(intended[at], from: time) }
            return (at: at, curve: condensed(curve, before: time))
        }
        // All or none.
        for (at, curve) in live { try sessions[at].checkRoom(for: curve) }
        for (at, within, leastLeft) in ordered {
            sessions[at].revisions.append((time, within))
            if index == phase { ledgers[at].revise(within: within, from: time) }
            // Before the target, which may go there: else the processes would refuse it.
            if leastLeft > 0 { sessions[at].keepLess(leastLeft) }
        }
        for (at, curve) in live {
            let session = sessions[at]
            try session.retarget(curve, intended: intended[at], from: time)
            if index == phase { ledgers[at].retarget(session.curve, from: time) }
        }
        isPaused = pauses
        for change in changes { note(change) }
        for finding in found where !findings.contains(finding) { note(finding) }
        for aside in guards.stepAside(overrides) {
            note(
                Finding(
                    code: "guard_aside", severity: .note,
                    message: "the guard '\(aside.text)', which is on by default, is off from now on: \(aside.reason)"))
        }
    }

    /// A target that is changed at `time`, in detail only of late; the phase that is judged keeps its area.
    func condensed(_ curve: Curve, before time: Nanoseconds) -> Curve {
        curve.condensed(before: time - StressorSession.memory, keeping: plan.phases[phase].start)
    }

    /// Changes the targets that follow what 100 % is, where that has changed.
    func followBases() {
        let time = now + Self.lead
        guard time < plan.length else { return }
        for (at, session) in sessions.enumerated() where session.baseFactor != 1 {
            let factor = session.baseFactor
            session.baseFactor = 1
            session.baseScale *= factor
            let curve = condensed(session.curve.scaled(by: factor, from: time), before: time)
            let intended = session.intended.scaled(by: factor, from: time)
            // Where there is no room for it now, the finding that tells of the change stands alone.
            guard (try? session.retarget(curve, intended: intended, from: time)) != nil else { continue }
            if plan.phaseIndex(at: time) == phase { ledgers[at].retarget(session.curve, from: time) }
        }
    }

    private func note(_ change: RunChange) {
        self.changes.append(change)
        emit(.changed(change))
    }
}
