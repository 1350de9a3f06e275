// SPDX-License-Identifier: Apache-2.0

#if Server
/// The query of a request's target, decoded as forms are.
struct Query: Sendable {
    private(set) var items: [(name: String, value: String)] = []

    /// Reads what stands behind the question mark; `nil` where its escapes are wrong.
    ///
    /// Split by bytes: a sign and what combines with it would be one character.
    init?(_ text: Substring?) {
        for item in (text ?? "").utf8.split(separator: UInt8(ascii: "&")) {
            let parts = item.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Self.decoded(parts[0], isForm: true),
                let value = Self.decoded(parts.count > 1 ? parts[1] : ""[...].utf8, isForm: true)
            else { return nil }
            items.append((name, value))
        }
    }

    /// All values of a parameter.
    func values(_ name: String) -> [String] { items.filter { $0.name == name }.map(\.value) }

    /// The value of a parameter that may be given once.
    func value(_ name: String) throws(Problem) -> String? {
        let values = values(name)
        if values.count > 1 { throw Problem(.malformed, "the query has '\(name)' more than once") }
        return values.first
    }

    /// Refuses parameters that nobody reads, as a misspelt one would be.
    func allow(_ names: [String]) throws(Problem) {
        guard let stranger = items.first(where: { !names.contains($0.name) }) else { return }
        let known = names.isEmpty ? "it takes none" : "there are: \(names.joined(separator: ", "))"
        throw Problem(.malformed, "the query has an unknown parameter '\(stranger.name)'; \(known)")
    }

    /// Text without its percent escapes; `nil` where they are wrong or the result is not UTF-8.
    static func decoded(_ text: Substring.UTF8View, isForm: Bool = false) -> String? {
        var bytes: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst().flatMap(hexadecimal), let low = rest.popFirst().flatMap(hexadecimal)
                else { return nil }
                bytes.append(high << 4 | low)
            case UInt8(ascii: "+") where isForm: bytes.append(0x20)
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func hexadecimal(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
#endif
