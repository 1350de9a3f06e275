// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

extension LoadShape {
    /// Refuses a sum that would come to less than nothing, or to more than all there is though its parts are shares.
    func checkSums(_ length: Nanoseconds, seed: UInt64, _ manifest: Manifest, _ base: Base) throws(AmountProblem) {
        switch self {
        case .onClock(let shape, _): try shape.checkSums(length, seed: seed, manifest, base)
        case .placed(let shape, _, let own): try shape.checkSums(own, seed: seed, manifest, base)
        case .sum(let shapes): try Self.check(shapes, length, seed: seed, manifest, base)
        default: return
        }
    }

    private static func check(
        _ shapes: [LoadShape], _ length: Nanoseconds, seed: UInt64, _ manifest: Manifest, _ base: Base
    ) throws(AmountProblem) {
        let resolver = AmountResolver(base: base)
        func curve(_ shape: LoadShape) throws(AmountProblem) -> Curve {
            var curve = Curve()
            _ = try curve.append(length, shape, from: 0, seed: seed) { (amount) throws(AmountProblem) in
                try resolver.value(of: amount)
            }
            return curve
        }
        var (least, noise) = (0.0, 0.0)
        for shape in shapes {
            switch shape {
            case .noise(let amount, _): noise += try resolver.value(of: amount)
            // Whatever is drawn.
            case .random(let from, let to, _): least += min(try resolver.value(of: from), try resolver.value(of: to))
            default: least += try curve(shape).extremes(from: 0, to: length).lowerBound
            }
        }
        guard noise <= least * (1 + 1e-9) else {
            throw AmountProblem(
                message: "the noise takes more away than there is at the least, which would be a load below 0; "
                    + "raise what it is added to, or lower the noise")
        }
        let sum = LoadShape.sum(shapes)
        guard base.capacity.isFinite, sum.amounts.allSatisfy({ $0.kind == .percent }) else { return }
        let most = manifest.mostPercent / 100 * base.capacity
        let peak = try curve(sum).peak
        guard peak <= most * (1 + 1e-9) else {
            let percent = NumberText.text(peak / base.capacity * 100, places: 1, trimming: true)
            throw AmountProblem(
                message: "the sum comes to \(percent) %, and percent of a limit cannot exceed "
                    + "\(Int(manifest.mostPercent)); lower one part, or write amounts to ask for more than there is")
        }
    }
}
