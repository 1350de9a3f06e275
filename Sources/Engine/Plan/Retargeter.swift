// SPDX-License-Identifier: Apache-2.0

public import LoadModel

/// A profile resolved against this host, with what is needed to resolve other loads of it later.
public struct PreparedRun: Sendable {
    /// What is to be run.
    public var plan: Plan
    /// What each stressor was planned from, by name.
    let bases: [String: PlanBasis]
}

/// What a stressor was planned from.
struct PlanBasis: Sendable {
    var type: any Stressor.Type
    var request: LoadRequest
    var base: Base
    /// See ``Preparation/overrides``.
    var overrides: [Metric: String]
}

/// Resolves new loads of a run that goes on by the rules, and against the bases, of its plan.
public struct Retargeter: Sendable {
    /// Reads a load: its text, the stressor's name and kind, and how long it lasts.
    public typealias Reader =
        @Sendable (String, String, Manifest, Nanoseconds) throws(ProfileErrors) -> LoadShape

    /// Reads how long the way may take: its text, and the stressor's name.
    public typealias WithinReader = @Sendable (String, String) throws(ProfileErrors) -> Nanoseconds

    private let run: PreparedRun
    private let read: Reader
    private let readWithin: WithinReader

    /// Creates the retargeter of a run.
    public init(_ run: PreparedRun, read: @escaping Reader, readWithin: @escaping WithinReader) {
        self.run = run
        self.read = read
        self.readWithin = readWithin
    }

    /// A load that is to be followed from now on.
    struct Change {
        var curve: Curve
        /// How long the way may take, where the order says.
        var within: Nanoseconds?
        /// The least that the load leaves, in the unit; 0 where it leaves nothing.
        var leastLeft: Int64
        /// See ``Preparation/overrides``.
        var overrides: [Metric: String]
        var findings: [Finding]
    }

    /// The curve of a stressor with another load from `start` until the phase's end, and what is worth telling of it.
    ///
    /// - Parameters:
    ///   - within: how long the way may take, as it is written.
    ///   - curve: the target as it is.
    ///   - phase: the end of the present phase, since the run's start.
    ///   - begin: when the load began, in nanoseconds since the Unix epoch.
    func change(
        _ text: String, within: String? = nil, of stressor: PlannedStressor, instead curve: Curve,
        from start: Nanoseconds, until phaseEnd: Nanoseconds, begin: Nanoseconds
    ) throws(OrderRefusal) -> Change {
        guard let basis = run.bases[stressor.name] else {
            throw OrderRefusal(.invalid, "the run has no stressor '\(stressor.name)'")
        }
        var shape: LoadShape
        var length: Nanoseconds?
        do throws(ProfileErrors) {
            shape = try read(text, stressor.name, basis.type.manifest, phaseEnd - start)
            if let within { length = try readWithin(within, stressor.name) }
        } catch {
            throw OrderRefusal(.invalid, error.diagnostics[0].message, diagnostics: error.diagnostics)
        }
        try checkAmounts(shape, text, stressor, basis)
        var changed = curve.prefix(until: start)
        let seed = run.plan.seed &+ UInt64(truncatingIfNeeded: start)
        let resolver = AmountResolver(base: basis.base)
        do throws(AmountProblem) {
            shape = try ClockPlan(begin).resolved(shape, at: begin + start).begun(at: begin + start)
            try shape.refuseUnlimitedSlope(from: curve.value(at: start), basis.base)
            try shape.checkSums(phaseEnd - start, seed: seed, basis.type.manifest, basis.base)
            _ = try changed.append(phaseEnd - start, shape, from: curve.value(at: start), seed: seed) {
                (amount) throws(AmountProblem) in try resolver.value(of: amount)
            }
        } catch {
            throw OrderRefusal(.invalid, "'\(text)' for '\(stressor.name)': \(error.message)")
        }
        changed.append(curve, from: phaseEnd)
        var request = basis.request
        request.left = shape.left
        let now = curve.value(at: start)
        if stressor.drive == .level, stressor.mode == .add, now.isFinite { request.held = now }
        let preparation = try preflight(changed, stressor, basis.type, request, basis.base)
        var findings = preparation.findings
        if let length, let cut = WithinNote.finding(length, changed, from: start, to: phaseEnd) { findings.append(cut) }
        findings += TraceNote.findings(shape, length: phaseEnd - start)
        findings = findings.map { finding in
            var finding = finding
            finding.stressor = stressor.name
            return finding
        }
        return Change(
            curve: changed, within: length, leastLeft: preparation.leastLeft, overrides: preparation.overrides,
            findings: findings)
    }

    /// One stressor's figures are in one unit and speak of one thing.
    private func checkAmounts(
        _ shape: LoadShape, _ text: String, _ stressor: PlannedStressor, _ basis: PlanBasis
    ) throws(OrderRefusal) {
        let manifest = basis.type.manifest
        var request = basis.request
        request.amounts = Set(shape.amounts.map(\.kind))
        for amount in shape.amounts {
            guard let unit = manifest.unit(of: amount), unit != stressor.unit else { continue }
            throw OrderRefusal(
                .invalid,
                "'\(text)' for '\(stressor.name)' is in \(unit.rawValue), and the run began with "
                    + "\(stressor.unit.rawValue); give it in that unit")
        }
        if let message = shape.problemBeyondAll(request.settings) {
            throw OrderRefusal(.invalid, "'\(text)' for '\(stressor.name)': \(message)")
        }
        do throws(PlanProblem) {
            guard try basis.type.base(request).mode == stressor.mode else {
                throw PlanProblem.invalid(
                    setting: nil,
                    "it speaks of another whole than the load that the run began with (mode: "
                        + "\(stressor.mode.rawValue)); set 'mode', or write the load as the profile does")
            }
        } catch {
            throw OrderRefusal(error, "'\(text)' for '\(stressor.name)'")
        }
    }

    /// The stressor's own look for what will not work.
    private func preflight(
        _ curve: Curve, _ stressor: PlannedStressor, _ type: any Stressor.Type, _ request: LoadRequest, _ base: Base
    ) throws(OrderRefusal) -> Preparation {
        let preparation: Preparation
        do throws(PlanProblem) {
            preparation = try type.prepare(request, base: base, curve: curve)
        } catch {
            throw OrderRefusal(error, stressor.name)
        }
        guard preparation.processes <= stressor.processes else {
            throw OrderRefusal(
                .invalid,
                "\(stressor.name) would need \(preparation.processes) processes and the run began with "
                    + "\(stressor.processes); begin with a load that needs as many")
        }
        return preparation
    }
}

extension OrderRefusal {
    fileprivate init(_ problem: PlanProblem, _ subject: String) {
        switch problem {
        case .invalid(_, let message): self.init(.invalid, "\(subject): \(message)")
        case .unsupported(let message): self.init(.unsupported, "\(subject): \(message)")
        }
    }
}

extension Manifest {
    /// The unit that an amount is in; `nil` where it fits any.
    func unit(of amount: Amount) -> Unit? {
        var amount = amount
        if case .leave(let inner) = amount { amount = inner }
        return units[amount.kind] ?? (amount.kind == .max ? nil : unit)
    }
}

extension LoadShape {
    /// What it leaves, as it is written.
    var left: [Amount] { amounts.compactMap { if case .leave(let rest) = $0 { rest } else { nil } } }

    /// Why it cannot be asked for that it goes above 100 percent; `nil` where it does not, or may.
    func problemBeyondAll(_ settings: Settings) -> String? {
        let isBeyond = amounts.contains { if case .percent(let percent) = $0 { percent > 100 } else { false } }
        guard isBeyond, !settings.flag("beyond-limit") else { return nil }
        return "percent of a limit cannot exceed 100 without 'beyond-limit: true', which goes through the limit of a "
            + "control group on purpose; write an amount to ask for more than there is"
    }

    /// As much as there is has no figure, so nothing can slope to it or from it.
    func refuseUnlimitedSlope(from last: Double, _ base: Base) throws(AmountProblem) {
        if last.isInfinite {
            switch self {
            case .ramp(nil, _, _), .placed(.ramp(nil, _, _), start: 0, _):
                throw AmountProblem(message: "it would ramp from 'max', which has no figure; write 'ramp from A to B'")
            case .curve(nil, let segments), .placed(.curve(nil, let segments), start: 0, _):
                // What is held is, and where it jumps nothing slopes.
                if case .line = segments.first(where: { $0.amount != nil }) {
                    throw AmountProblem(
                        message: "it would slope from 'max', which has no figure; write 'curve from A, …'")
                }
            default: break
            }
        }
        guard base.free.isInfinite, amounts.contains(.max) else { return }
        switch self {
        case .hold, .pulse, .bursts, .steps: return
        case .trace(let trace) where trace.isStepped: return
        case .trace(let trace):
            for (point, next) in zip(trace.points, trace.points.dropFirst())
            where point.at < next.at && (point.amount == .max) != (next.amount == .max) {
                throw AmountProblem(
                    message: "'max' has no figure, so the trace can only jump to it and from it, and not slope as from "
                        + "\(point.at.seconds) s to \(next.at.seconds) s; write two rows of one time where it begins "
                        + "and where it ends")
            }
        case .placed(let shape, let start, _):
            try shape.refuseUnlimitedSlope(from: start > 0 ? 0 : last, base)
        case .sum:
            throw AmountProblem(message: "'max' has no figure here, so nothing can be added to it; write an amount")
        case .onClock(let shape, _): try shape.refuseUnlimitedSlope(from: last, base)
        case .ramp, .sine, .sawtooth, .random, .curve, .noise:
            throw AmountProblem(
                message: "'max' has no figure here, so it can only be held, pulsed or a step; write an amount, such as "
                    + "'1GB/s'")
        }
    }
}
