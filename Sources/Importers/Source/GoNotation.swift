// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// Times and sizes as programs in Go write them.
enum GoNotation {
    private static let units: [String: Double] = [
        "ns": 1, "us": 1e3, "µs": 1e3, "μs": 1e3, "ms": 1e6, "s": 1e9, "m": 60e9, "h": 3600e9,
    ]

    /// A duration as `time.ParseDuration` reads it, such as `1h30m` or `1.5s`; `nil` of anything else, of negative ones
    /// and of more than a year.
    static func duration(_ text: String) -> Nanoseconds? {
        if text == "0" { return 0 }
        var rest = text
        var total = 0.0
        repeat {
            guard let (value, behind) = NumberPrefix.decimal(rest) else { return nil }
            let unit = behind.prefix { !$0.isNumber && $0 != "." }
            guard let factor = units[String(unit)] else { return nil }
            total += value * factor
            rest = String(behind.dropFirst(unit.count))
        } while !rest.isEmpty
        return total <= 365 * 86_400e9 ? Nanoseconds(total.rounded()) : nil
    }

    private static let sizes: [String: Double] = {
        var sizes = ["": 1.0, "b": 1]
        for (power, letter) in zip(1..., ["k", "m", "g", "t", "p", "e"]) {
            let exponent = Double(power)
            var (decimal, binary) = (1.0, 1.0)
            for _ in 0..<Int(exponent) {
                decimal *= 1000
                binary *= 1024
            }
            (sizes[letter], sizes[letter + "b"]) = (decimal, decimal)
            (sizes[letter + "i"], sizes[letter + "ib"]) = (binary, binary)
        }
        return sizes
    }()

    /// Bytes as `go-humanize` reads them: `MB` and `M` are decimal, `MiB` and `Mi` binary, letters of either case;
    /// `nil` of anything else and of more than 2^62.
    static func bytes(_ text: String) -> Int64? {
        let plain = text.filter { $0 != "," }
        guard let (value, behind) = NumberPrefix.decimal(plain) else { return nil }
        let unit = behind.lowercased().filter { $0 != " " }
        guard let factor = sizes[unit], value * factor <= 0x1p62 else { return nil }
        return Int64(value * factor)
    }
}
