// SPDX-License-Identifier: Apache-2.0

import LoadModel

/// Reads where a probe asks: URLs, hosts with ports, Unix sockets.
enum ProbeURL {
    /// Whether a text says it all, and of which kind it is then; the rest stands behind the prefix.
    static func kind(of text: Phrase) -> (kind: ProbeKind, rest: Phrase)? {
        let lowercased = text.text.lowercased()
        for kind in ProbeKind.allCases {
            for prefix in kind.description.prefixes where lowercased.hasPrefix(prefix) {
                let isPart = kind.description.isPrefixPart
                return (kind, isPart ? text : text.dropping(to: text.offset + prefix.unicodeScalars.count))
            }
        }
        return nil
    }

    /// `http://HOST[:PORT]/PATH`, `https://…` or `unix:/SOCKET:/PATH`.
    static func http(_ text: Phrase) throws(NotationError) -> HTTPQuestion {
        guard !text.hasSpace else {
            throw NotationError(text.offset, "\(Wording.quote(text.text)) has a space; a URL has none, write '%20'")
        }
        let lowercased = text.text.lowercased()
        if lowercased.hasPrefix("unix:") { return try overSocket(text.dropping(to: text.offset + 5)) }
        for (scheme, port, security) in [
            ("http://", 80, HTTPQuestion.Security.none), ("https://", 443, .verified(authorities: nil)),
        ] as [(String, UInt16, HTTPQuestion.Security)] where lowercased.hasPrefix(scheme) {
            let rest = text.dropping(to: text.offset + scheme.utf8.count)
            let end = rest.firstOffset { "/?#".unicodeScalars.contains($0) } ?? rest.end
            let authority = rest.slice(rest.offset, end)
            // Names and passwords in a URL would be in every log.
            guard authority.firstOffset(where: { $0 == "@" }) == nil else {
                throw NotationError(
                    authority.offset,
                    "a URL with a name or a password would be in every log; write a header such as "
                        + "'Authorization: env:TOKEN'")
            }
            var question = HTTPQuestion(
                endpoint: try endpoint(authority, standardPort: port), host: authority.text)
            question.security = security
            question.path = path(rest.dropping(to: end))
            return question
        }
        throw NotationError(text.offset, "\(Wording.quote(text.text)) is not a URL; \(taking(.http))")
    }

    private static func path(_ phrase: Phrase) -> String {
        // What stands behind '#' is for whoever shows the page: RFC 3986, 3.5.
        let hash = phrase.firstOffset { $0 == "#" } ?? phrase.end
        let path = phrase.slice(phrase.offset, hash).text
        return path.hasPrefix("/") ? path : "/" + path
    }

    private static func overSocket(_ text: Phrase) throws(NotationError) -> HTTPQuestion {
        guard text.first == "/" else {
            throw NotationError(text.offset, "the path of a Unix socket begins with '/', as in 'unix:/run/app.sock:/'")
        }
        // The path within the service begins behind the last ":/".
        var colon: Int?
        for offset in text.offset..<text.end where text[offset] == ":" && text[offset + 1] == "/" { colon = offset }
        var question = HTTPQuestion(
            endpoint: try socket(text.slice(text.offset, colon ?? text.end)), host: "localhost")
        if let colon { question.path = path(text.dropping(to: colon + 1)) }
        return question
    }

    /// `HOST:PORT`, `[IPV6]:PORT` or `unix:/SOCKET`.
    static func endpoint(_ text: Phrase, standardPort: UInt16? = nil) throws(NotationError) -> ProbeEndpoint {
        let whole = Wording.quote(text.text)
        if text.text.hasPrefix("unix:") { return try socket(text.dropping(to: text.offset + 5)) }
        let example =
            standardPort == nil ? "'localhost:5432', '[::1]:5432' or 'unix:/run/app.sock'" : "'localhost:8080'"
        guard !text.hasSpace, !text.isEmpty, !text.text.contains("/") else {
            throw NotationError(text.offset, "\(whole) is not a host with its port; write it such as \(example)")
        }
        var host = text
        var rest = text.dropping(to: text.end)
        if text.first == "[" {
            guard let close = text.firstOffset(where: { $0 == "]" }) else {
                throw NotationError(text.offset, "\(whole) has no closing bracket; write it such as '[::1]:8080'")
            }
            host = text.slice(text.offset + 1, close)
            rest = text.dropping(to: close + 1)
        } else if let colon = text.firstOffset(where: { $0 == ":" }) {
            guard text.firstOffset(from: colon + 1, where: { $0 == ":" }) == nil else {
                throw NotationError(
                    text.offset, "\(whole) has more than one colon; write an IPv6 address in brackets, '[::1]:8080'")
            }
            host = text.slice(text.offset, colon)
            rest = text.dropping(to: colon)
        }
        guard !host.isEmpty else {
            throw NotationError(text.offset, "\(whole) has no host; write it such as \(example)")
        }
        if rest.isEmpty {
            guard let standardPort else {
                throw NotationError(text.offset, "\(whole) has no port; write it such as \(example)")
            }
            return .host(host.text, port: standardPort)
        }
        let digits = rest.dropping(to: rest.offset + 1)
        guard rest.first == ":", digits.isAllDigits, let port = UInt16(digits.text), port > 0 else {
            throw NotationError(
                rest.offset, "\(Wording.quote(digits.text)) is not a port; it is a number from 1 to 65535")
        }
        return .host(host.text, port: port)
    }

    private static func socket(_ path: Phrase) throws(NotationError) -> ProbeEndpoint {
        guard path.first == "/" else {
            throw NotationError(path.offset, "the path of a Unix socket begins with '/', as in 'unix:/run/app.sock'")
        }
        // `sun_path`, with the 0 at its end: unix(7).
        guard path.text.utf8.count <= 107 else {
            throw NotationError(path.offset, "the path of a Unix socket has 107 bytes at most; this one is longer")
        }
        return .unix(path: path.text)
    }

    /// What a kind takes, with an example.
    static func taking(_ kind: ProbeKind) -> String {
        let prefixes = kind.description.prefixes
        switch kind.description.target {
        case .url where kind == .http:
            return "it begins with \(Wording.either(prefixes.map { "'\($0)'" })), as in '\(kind.description.example)'"
        default:
            return "'\(kind.rawValue)' takes \(kind.description.target.words) such as '\(kind.description.example)'"
        }
    }
}
