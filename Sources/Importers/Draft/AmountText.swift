// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// Amounts as a profile writes them, exactly.
enum AmountText {
    private static let units: [(size: Int64, name: String)] = [
        (1 << 40, "TiB"), (1_000_000_000_000, "TB"), (1 << 30, "GiB"), (1_000_000_000, "GB"), (1 << 20, "MiB"),
        (1_000_000, "MB"), (1 << 10, "KiB"), (1000, "kB"),
    ]

    /// Bytes in the unit in which they are whole and take the fewest digits.
    static func bytes(_ count: Int64) -> String {
        let whole = units.filter { count > 0 && count.isMultiple(of: $0.size) }.map { "\(count / $0.size)\($0.name)" }
        return whole.min { $0.utf8.count < $1.utf8.count } ?? "\(count)B"
    }

    /// A number with at most nine decimals, zeros at its end left out.
    static func number(_ value: Double) -> String { NumberText.text(value, places: 9, trimming: true) }

    /// A percentage.
    static func percent(_ value: Double) -> String { number(value) + "%" }

    /// Cores from hundredths of them.
    static func cores(hundredths: Int64) -> String {
        let text = NumberText.text(Double(hundredths) / 100, places: 2, trimming: true)
        return text == "1" ? "1 core" : "\(text) cores"
    }

    /// A length of time.
    static func duration(_ length: Nanoseconds) -> String { HumanUnits.duration(length) }
}
