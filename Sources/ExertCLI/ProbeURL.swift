// SPDX-License-Identifier: Apache-2.0

import LoadModel

/// What stands on the command line of `exert probe`.
enum ProbeURL {
    /// The question that a URL stands for; `nil` where it is none.
    static func question(_ url: String) -> ProbeQuestion? {
        if let rest = url.dropping("http://") { return http(rest, port: 80, security: .none) }
        if let rest = url.dropping("https://") { return http(rest, port: 443, security: .verified(authorities: nil)) }
        if let rest = url.dropping("unix:") {
            // The path within the service begins behind the last ":/".
            guard rest.hasPrefix("/") else { return nil }
            let colon = rest.indices.last { rest[$0] == ":" && rest[$0...].hasPrefix(":/") }
            let socket = colon.map { rest[..<$0] } ?? rest
            var question = HTTPQuestion(endpoint: .unix(path: String(socket)), host: "localhost")
            if let colon { question.path = String(rest[rest.index(after: colon)...]) }
            return .http(question)
        }
        if let rest = url.dropping("tcp://") {
            return endpoint(rest, port: nil).map { .tcp(endpoint: $0, send: nil, expect: nil) }
        }
        if let name = url.dropping("dns:"), !name.isEmpty { return .dns(name: String(name), expect: nil) }
        return nil
    }

    private static func http(_ rest: Substring, port: UInt16, security: HTTPQuestion.Security) -> ProbeQuestion? {
        let host = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        let path = rest[host.endIndex...].prefix { $0 != "#" }
        // Names and passwords in a URL would be in every log.
        guard !host.contains("@"), let endpoint = endpoint(host, port: port) else { return nil }
        var question = HTTPQuestion(endpoint: endpoint, host: String(host))
        question.security = security
        question.path = path.hasPrefix("/") ? String(path) : "/" + path
        return .http(question)
    }

    /// `HOST:PORT`, `HOST` or `[IPV6]:PORT`.
    private static func endpoint(_ text: Substring, port standard: UInt16?) -> ProbeEndpoint? {
        var host = text
        var rest = Substring()
        if text.hasPrefix("[") {
            guard let close = text.firstIndex(of: "]") else { return nil }
            host = text[text.index(after: text.startIndex)..<close]
            rest = text[text.index(after: close)...]
        } else if let colon = text.lastIndex(of: ":") {
            host = text[..<colon]
            rest = text[colon...]
        }
        guard !host.isEmpty, text.hasPrefix("[") || !host.contains(":") else { return nil }
        if rest.isEmpty { return standard.map { .host(String(host), port: $0) } }
        guard rest.hasPrefix(":"), let port = UInt16(rest.dropFirst()), port > 0 else { return nil }
        return .host(String(host), port: port)
    }

    /// `200-299,404`.
    static func statusCodes(_ text: String) -> [ClosedRange<Int>]? {
        let ranges = text.split(separator: ",", omittingEmptySubsequences: false).map { part -> ClosedRange<Int>? in
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
            guard (1...2).contains(ends.count), let low = ends[0], let high = ends[ends.count - 1], low <= high,
                low >= 100, high <= 599
            else { return nil }
            return low...high
        }
        return ranges.contains(nil) ? nil : ranges.compactMap { $0 }
    }

    /// `NAME: VALUE`, `NAME: env:VARIABLE` or `NAME: file:PATH`.
    static func header(_ text: String) -> HTTPQuestion.Header? {
        guard let colon = text.firstIndex(of: ":"), colon > text.startIndex else { return nil }
        let value = text[text.index(after: colon)...].drop { $0 == " " }
        let name = String(text[..<colon])
        if let variable = String(value).dropping("env:") {
            return .init(name: name, value: .environment(String(variable)))
        }
        if let path = String(value).dropping("file:") { return .init(name: name, value: .file(String(path))) }
        return .init(name: name, value: .text(String(value)))
    }
}

extension String {
    /// What stands behind `prefix`; `nil` where it does not begin with that.
    fileprivate func dropping(_ prefix: String) -> Substring? { hasPrefix(prefix) ? dropFirst(prefix.count) : nil }
}
