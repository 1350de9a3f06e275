// SPDX-License-Identifier: Apache-2.0

/// Amounts, times and errors as people read them.
public enum HumanUnits {
    /// A unit chosen for a whole column, with the decimals that are worth showing.
    public struct Scale: Hashable, Sendable {
        /// What an amount is divided by.
        public let divisor: Double
        /// The unit's text, such as `MiB`.
        public let suffix: String
        /// The unit's text behind a 1, such as `handle`.
        let singular: String
        /// Decimals that are shown.
        public internal(set) var places: Int

        init(_ suffix: String, _ divisor: Double = 1, one singular: String? = nil, places: Int = 0) {
            self.divisor = divisor
            self.suffix = suffix
            self.singular = singular ?? suffix
            self.places = places
        }

        /// The number without its unit.
        public func number(_ value: Double) -> String {
            value.isFinite ? NumberText.text(value / divisor, places: places) : value.description
        }

        /// The number with its unit.
        public func amount(_ value: Double) -> String { "\(number(value)) \(suffix)" }

        /// The scale with as many more decimals as it takes to tell `values` apart, as long as none has more than
        /// ``HumanUnits/digits``.
        public func telling(apart values: [Double]) -> Scale {
            var scale = self
            let distinct = Set(values).count
            while scale.places < scale.room(values), Set(values.map(scale.number)).count < distinct {
                scale.places += 1
            }
            return scale
        }

        /// The decimals that ``HumanUnits/digits`` leave to the greatest of `values`.
        fileprivate func room(_ values: [Double]) -> Int {
            var room = HumanUnits.digits - 1
            var rest = (values.map(\.magnitude).max() ?? 0) / divisor
            while rest >= 10, room > 0 {
                rest /= 10
                room -= 1
            }
            return room
        }
    }

    /// The most digits that people are shown of a measured figure; counts of handles and inodes are shown whole.
    public static let digits = 6

    /// The scale in which amounts up to `greatest` are easiest to read.
    public static func scale(for unit: Unit, covering greatest: Double) -> Scale {
        let scales = unit.description.scales
        var scale = scales.last { greatest >= $0.divisor } ?? scales[0]
        scale.places = min(scale.places, scale.room([greatest]))
        return scale
    }

    /// An amount with its unit, such as `512.0 MiB`.
    public static func amount(_ value: Double, _ unit: Unit) -> String {
        scale(for: unit, covering: value.magnitude).amount(value)
    }

    /// Bytes with a unit, such as `512.0 MiB`.
    public static func bytes(_ count: some BinaryInteger) -> String { amount(Double(count), .bytes) }

    /// Two amounts that stand side by side, with the decimals that tell them apart: `64.02 MiB` and `64.00 MiB`.
    ///
    /// They are in one unit, unless one is a thousand times the other.
    public static func amounts(_ a: Double, _ b: Double, _ unit: Unit) -> (String, String) {
        let (small, great) = (min(a.magnitude, b.magnitude), max(a.magnitude, b.magnitude))
        if small * 1000 <= great, small != great { return (amount(a, unit), amount(b, unit)) }
        let scale = scale(for: unit, covering: max(a.magnitude, b.magnitude)).telling(apart: [a, b])
        return (scale.amount(a), scale.amount(b))
    }

    /// An amount that is allowed, zeros at its end left out, such as `0.02 cores` or `512 KiB`.
    public static func allowance(_ value: Double, _ unit: Unit) -> String {
        let scale = scale(for: unit, covering: value.magnitude)
        // Two digits at least: less than the scale shows is still something.
        var places = scale.places
        var rest = value.magnitude / scale.divisor
        for _ in 0..<places { rest *= 10 }
        while rest > 0, rest < 10, places < 9 {
            rest *= 10
            places += 1
        }
        return named(NumberText.text(value / scale.divisor, places: places, trimming: true), scale)
    }

    /// An amount that a plan resolved, zeros at its end left out, bytes in full as well:
    /// `1 GiB (1073741824 bytes)`.
    public static func exactAmount(_ value: Double, _ unit: Unit) -> String {
        let scale = scale(for: unit, covering: value.magnitude)
        let text = named(NumberText.text(value / scale.divisor, places: max(3, scale.places), trimming: true), scale)
        guard unit.description.isGivenInFull, scale.divisor > 1 else { return text }
        return "\(text) (\(NumberText.text(value, places: 0)) \(unit.description.words))"
    }

    /// A number with its unit, which is singular behind a 1.
    private static func named(_ number: String, _ scale: Scale) -> String {
        "\(number) \(number == "1" ? scale.singular : scale.suffix)"
    }

    /// A length of time in a profile's notation, such as `2m30s` or `250ms`.
    public static func duration(_ time: Nanoseconds) -> String {
        if time < 0 { return "-" + duration(-time) }
        if time == 0 { return "0s" }
        if time < .second { return NumberText.text(Double(time) / 1e6, places: 6, trimming: true) + "ms" }
        let (minutes, rest) = time.quotientAndRemainder(dividingBy: 60 * .second)
        var text = ""
        if minutes >= 60 { text += "\(minutes / 60)h" }
        if minutes % 60 > 0 { text += "\(minutes % 60)m" }
        if rest > 0 { text += NumberText.text(rest.seconds, places: 9, trimming: true) + "s" }
        return text
    }

    /// A length of time on a running clock, whole seconds: `0:07`, `12:34`, `1:02:03`.
    public static func clock(_ time: Nanoseconds) -> String {
        let seconds = max(0, time) / .second
        func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let tail = two(seconds % 60)
        return seconds < 3600
            ? "\(seconds / 60):\(tail)" : "\(seconds / 3600):\(two(seconds / 60 % 60)):\(tail)"
    }

    /// A measured time, such as `0.012 s`.
    public static func seconds(_ seconds: Double) -> String {
        let places = seconds.magnitude < 1000 ? 3 : seconds.magnitude < 100_000 ? 1 : 0
        return NumberText.text(seconds, places: places) + " s"
    }

    /// A share, such as `12.3%`.
    public static func percent(_ ratio: Double, places: Int = 1) -> String {
        NumberText.text(ratio * 100, places: places) + "%"
    }

    /// An error beside its target, with a sign.
    ///
    /// Of cores it is in points of the base (`-0.02pp`), which is how a CPU load and its tolerance are thought of; of
    /// anything else in percent of the target (`+0.10%`), or in the unit itself where the target is 0.
    public static func error(_ error: Double, target: Double, unit: Unit, capacity: Double) -> String {
        let text =
            if unit.description.isInPoints, capacity > 0 {
                NumberText.text(error / capacity * 100, places: 2) + "pp"
            } else if !unit.description.isInPoints, target > 0 {
                percent(error / target, places: 2)
            } else {
                amount(error, unit)
            }
        // What rounds to nothing has no direction.
        let isShown = text.utf8.contains { (UInt8(ascii: "1")...UInt8(ascii: "9")).contains($0) }
        return error > 0 && isShown ? "+" + text : text
    }

    /// The size of an error, without a sign.
    package static func errorSize(_ error: Double, target: Double, unit: Unit, capacity: Double) -> String {
        let text = Self.error(error.magnitude, target: target, unit: unit, capacity: capacity)
        return text.hasPrefix("+") ? String(text.dropFirst()) : text
    }
}
