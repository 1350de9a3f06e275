// SPDX-License-Identifier: Apache-2.0

import LoadModel

/// How one stressor's figures are shown throughout a run.
struct ProgressColumn: Sendable {
    let name: String
    let unit: Unit
    let capacity: Double
    let tolerance: ToleranceLimit
    /// The greatest target of the run: the height of a sparkline.
    let peak: Double
    /// One scale for the whole run, so that figures keep their place and can be compared.
    let scale: HumanUnits.Scale
    /// Cells that the greatest figure takes.
    let numberWidth: Int
    private let curve: Curve
    private let drive: Drive

    init(_ stressor: PlannedStressor) {
        name = printable(stressor.name)
        unit = stressor.unit
        capacity = stressor.capacity
        tolerance = stressor.tolerance
        curve = stressor.curve
        drive = stressor.drive
        peak = stressor.curve.peak.isFinite ? stressor.curve.peak : stressor.unit.description.usualPeak
        let scale = HumanUnits.scale(for: stressor.unit, covering: peak)
        self.scale = scale
        numberWidth = scale.number(peak).utf8.count
    }

    func isOnTarget(_ reading: Reading) -> Bool {
        guard let error = reading.error, let target = reading.wanted else { return reading.achieved != nil }
        return error.magnitude <= tolerance.allowed(at: target)
    }

    /// The least and most of what was there in the sample's time, such as `8-5000`.
    ///
    /// A pulse comes and goes between two samples. `nil` where the figures at both ends tell as much.
    func band(_ reading: Reading, of sample: Sample, to dash: String) -> String? {
        guard let achieved = reading.achievedSpread else { return nil }
        let target = reading.targetSpread ?? achieved
        // What the reader has seen: the line before, and this one.
        let start = sample.elapsed - sample.interval
        let ends = [
            start > 0 ? curve.value(at: start - 1) : 0, curve.value(at: max(0, sample.elapsed - 1)),
            reading.wanted ?? peak, reading.achieved ?? 0,
        ].filter(\.isFinite)
        guard let least = ends.min(), let most = ends.max() else { return nil }
        let beyond = max(
            least - min(achieved.least, target.least), max(achieved.most, target.most) - most)
        // A look can cut a burst of a rate.
        let noise = max(2 * tolerance.allowed(at: target.most), peak * (drive == .rate ? 0.1 : 0.01))
        guard beyond > noise else { return nil }
        return scale.number(achieved.least) + dash + scale.number(achieved.most)
    }

    func padded(_ value: Double?, none: String) -> String {
        let text = value.map(scale.number) ?? none
        return String(repeating: " ", count: max(0, numberWidth - cellWidth(of: text))) + text
    }
}
