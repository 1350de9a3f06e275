// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LinuxSystem
internal import LoadModel

/// What all askers of one HTTP probe share: where they ask, what they send, what is good.
final class HTTPService {
    let address: SocketAddress
    let request: [UInt8]
    let isHead: Bool
    let keepsConnection: Bool
    /// Whether the request may be sent twice: RFC 9110, 9.2.2.
    let isRepeatable: Bool
    private let question: HTTPQuestion
    /// Whether the body is Prometheus's answer to a query of one number.
    private let readsNumber: Bool

    /// What encrypts its connections; `nil` where nothing does.
    let tls: (any TLSClient)?

    init(_ question: HTTPQuestion, query: String? = nil, tls: (any TLSProvider)?) throws(ProbeProblem) {
        if question.security == .none {
            self.tls = nil
        } else if let tls {
            var name = question.serverName ?? question.host
            if question.serverName == nil, case .host(let host, _) = question.endpoint { name = host }
            self.tls = try tls.client(name: name, security: question.security)
        } else {
            throw .withoutTLS
        }
        self.question = question
        readsNumber = query != nil
        address = try SocketAddress.chosen(question.endpoint)
        isHead = question.method == "HEAD"
        keepsConnection = question.keepsConnection
        isRepeatable = ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"].contains(question.method)
        request = try Self.text(question, query: query)
    }

    private static func text(_ question: HTTPQuestion, query: String?) throws(ProbeProblem) -> [UInt8] {
        var path = question.path
        if let query {
            if path.hasSuffix("/") { path.removeLast() }
            if !path.hasSuffix("/api/v1/query") { path += "/api/v1/query" }
            path += "?query=" + escaped(query)
        }
        guard path.hasPrefix("/"), isPlain(path), !path.contains(" ") else {
            throw ProbeProblem("'\(path)' is no path of a URL: it begins with a slash and has no blanks")
        }
        guard isToken(question.method), isPlain(question.host), !question.host.isEmpty else {
            throw ProbeProblem("'\(question.method)' and '\(question.host)' are no method and no host")
        }
        var lines = ["\(question.method) \(path) HTTP/1.1", "Host: \(question.host)"]
        var names: Set<String> = []
        for header in question.headers {
            let value = try value(of: header)
            guard isToken(header.name), isPlain(value) else {
                throw ProbeProblem("the header '\(header.name)' cannot be sent: it has control characters")
            }
            names.insert(header.name.lowercased())
            if header.name.lowercased() == "host" {
                lines[1] = "Host: \(value)"
            } else {
                lines.append("\(header.name): \(value)")
            }
        }
        if !names.contains("user-agent") { lines.append("User-Agent: exert") }
        if !names.contains("accept") { lines.append("Accept: */*") }
        if !question.keepsConnection { lines.append("Connection: close") }
        if let body = question.body { lines.append("Content-Length: \(body.utf8.count)") }
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n" + (question.body ?? "")).utf8)
    }

    /// A header's value; what is wrong with it is said without it.
    private static func value(of header: HTTPQuestion.Header) throws(ProbeProblem) -> String {
        switch header.value {
        case .text(let text): return text
        case .environment(let name):
            guard let value = getenv(name) else {
                throw ProbeProblem("the header '\(header.name)' wants the environment's \(name), which is not set")
            }
            return String(cString: value)
        case .file(let path):
            do {
                let bytes = try SmallFile.bytes(path, limit: 64 << 10)
                return String(decoding: bytes.prefix { $0 != 0x0A && $0 != 0x0D }, as: UTF8.self)
            } catch {
                throw ProbeProblem("the header '\(header.name)' wants the first line of \(path): \(error)")
            }
        }
    }

    /// Whether it holds nothing that could end a line.
    private static func isPlain(_ text: String) -> Bool { text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F } }

    private static func isToken(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { isalnum(Int32($0)) != 0 || Array("!#$%&'*+-.^_`|~".utf8).contains($0) }
    }

    /// Percent-encoded, as in a query: RFC 3986, 2.3.
    private static func escaped(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            if isalnum(Int32(byte)) != 0 || Array("-._~".utf8).contains(byte) {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// What a complete answer comes to.
    func judge(_ reader: HTTPReader) -> Reply {
        guard question.goodStatus.contains(where: { $0.contains(reader.status) }) else {
            return Reply(.status, note: "status \(reader.status)")
        }
        if let text = question.bodyContains, !text.isEmpty, !Self.contains(reader.body, Array(text.utf8)) {
            return Reply(.body)
        }
        guard question.json != nil || readsNumber else { return Reply(.good) }
        guard let tree = JSONTree(reader.body) else { return Reply(.body, note: "the body is no JSON text") }
        if let condition = question.json, !tree.meets(condition) { return Reply(.body) }
        guard readsNumber else { return Reply(.good) }
        guard let value = Self.number(tree) else { return Reply(.body, note: "the query does not come to one number") }
        return Reply(.good, value: value)
    }

    /// The one number of an answer of Prometheus: a scalar, or a vector of one element.
    private static func number(_ tree: JSONTree) -> Double? {
        let data: [JSONCondition.Step] = [.name("data"), .name("result")]
        let sample: [JSONCondition.Step]
        switch tree[[.name("data"), .name("resultType")]] {
        case .string("scalar"): sample = data + [.index(1)]
        case .string("vector"):
            guard case .array(let elements) = tree[data], elements.count == 1 else { return nil }
            sample = data + [.index(0), .name("value"), .index(1)]
        default: return nil
        }
        guard case .string(let text) = tree[sample], let value = Double(text), value.isFinite else { return nil }
        return value
    }

    /// Whether `bytes` hold `part`.
    static func contains(_ bytes: [UInt8], _ part: [UInt8]) -> Bool {
        guard let first = part.first else { return true }
        return bytes.withUnsafeBufferPointer { all in
            guard all.count >= part.count else { return false }
            return (0...(all.count - part.count)).contains { start in
                all[start] == first && all[start..<(start + part.count)].elementsEqual(part)
            }
        }
    }
}
