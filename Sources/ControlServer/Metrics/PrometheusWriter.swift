// SPDX-License-Identifier: Apache-2.0

#if Server
/// Writes the Prometheus text format, version 0.0.4.
struct PrometheusWriter {
    static let mediaType = "text/plain; version=0.0.4; charset=utf-8"

    enum Kind: String {
        case counter, gauge
    }

    typealias Labels = [(name: String, value: String)]

    private(set) var text = ""

    /// Writes a metric with all its series; one without series is left out.
    mutating func metric(
        _ name: String, _ kind: Kind, _ help: String, _ series: [(labels: Labels, value: Double)]
    ) {
        if series.isEmpty { return }
        text += "# HELP \(name) \(Self.escaped(help, quotes: false))\n# TYPE \(name) \(kind.rawValue)\n"
        for one in series {
            text += name
            if !one.labels.isEmpty {
                let labels = one.labels.map { "\($0.name)=\"\(Self.escaped($0.value, quotes: true))\"" }
                text += "{\(labels.joined(separator: ","))}"
            }
            text += " \(Self.text(of: one.value))\n"
        }
    }

    /// Writes a metric of one series without labels, unless there is no value.
    mutating func metric(_ name: String, _ kind: Kind, _ help: String, _ value: Double?) {
        metric(name, kind, help, value.map { [([], $0)] } ?? [])
    }

    private static func text(of value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        // Whole numbers as such: up to 2^53 a Double is that very integer.
        return value == value.rounded() && value.magnitude <= 0x1p53 ? "\(Int64(value))" : "\(value)"
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var escaped = ""
        for character in text.unicodeScalars {
            switch character {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }
}
#endif
