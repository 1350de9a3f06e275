// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import LoadModel

// Operations that come at times that are drawn.
extension DiskPlanner {
    /// How operations are drawn, and how many of them; `nil` where they come evenly.
    mutating func arrivals(_ sizes: SizeMix) throws(PlanProblem) -> DrawnArrivals? {
        guard DiskOptions.isDrawn(settings) else { return nil }
        guard curve.peak.isFinite else {
            throw .invalid(
                setting: "arrivals",
                "arrivals are drawn around a rate, and 'max' has none; write a rate, or arrivals: even")
        }
        func count(_ operations: Double) -> String { NumberText.text(operations, places: 0) }
        let work = request.unit == .operationsPerSecond ? 1 : sizes.mean
        let asked = curve.area(until: curve.length) * request.unit.workPerArea / work
        guard asked <= DrawnArrivals.limit else {
            throw .invalid(
                setting: "arrivals",
                "\(count(asked)) operations are more than can be drawn for one run, "
                    + "\(count(DrawnArrivals.limit)); lower the rate, or make the run shorter")
        }
        // The profile's seed is made to fit where it was shared out.
        let seed = settings.integer("seed").map { UInt64(clamping: $0) } ?? request.seed
        let arrivals = DrawnArrivals(seed: seed, work: work)
        var row = ArrivalRow(seed: seed)
        findings.append(
            Finding(
                code: "arrivals_drawn", severity: .note,
                message:
                    "operations come at times that are drawn from seed \(seed): \(row.count(until: asked)) of them "
                    + "are due, where the loads ask for \(count(asked)) in the mean. What is drawn is what is "
                    + "judged; the same seed draws the same"))
        return arrivals
    }
}
