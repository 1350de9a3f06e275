// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// What users or requests of a curve stand for: its highest point is `peak` of a kind of stressor.
struct CurveScale {
    let kind: String
    /// The number of the peak.
    private let number: Double
    /// What stands behind it, such as `%`.
    private let unit: String
    /// The highest point of the curve.
    private let most: Double
    /// Whether there are whole amounts only, as of handles.
    private let isWhole: Bool

    /// - Throws: what is missing to know it.
    init(_ options: ImportOptions, most: Double, noun: String) throws(ImportErrors) {
        guard let kind = options.kind, let peak = options.peak else {
            throw ImportErrors(problems: [
                Diagnostic(
                    nil,
                    "a curve of \(noun) is no load by itself; say what its highest point of "
                        + "\(AmountText.number(most)) stands for, such as --as cpu --peak 80%")
            ])
        }
        guard let (number, unit) = NumberPrefix.decimal(peak) else {
            throw ImportErrors(problems: [
                Diagnostic(nil, "--peak takes an amount such as '80%' or '2GiB', not '\(PlainLine.text(peak))'")
            ])
        }
        guard most > 0 else {
            throw ImportErrors(problems: [
                Diagnostic(nil, "the curve never rises above 0, so there is nothing to exert")
            ])
        }
        self.kind = kind
        self.number = number
        self.unit = unit
        self.most = most
        isWhole = unit.isEmpty
    }

    /// The amount that a point of the curve stands for.
    func amount(_ level: Double) -> String {
        let value = number * (level / most)
        return (isWhole ? AmountText.number(value.rounded()) : AmountText.number(value)) + unit
    }

    /// The load of a stretch that goes on a straight line from one point to another.
    func line(_ from: Double, _ to: Double, title: String) -> DraftLoad {
        let shape = from == to ? amount(to) : "ramp from \(amount(from)) to \(amount(to))"
        return DraftLoad(kind: kind, title: title, shape: shape)
    }
}
