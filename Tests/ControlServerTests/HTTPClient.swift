// SPDX-License-Identifier: Apache-2.0

#if Server
import Foundation

/// A client of HTTP/1.1 that shows what is on the wire, bounded in time.
final class HTTPClient {
    struct Response {
        var code: Int
        var headers: [(name: String, value: String)]
        var body: [UInt8]

        var text: String { String(decoding: body, as: UTF8.self) }

        subscript(name: String) -> String? {
            headers.first { $0.name.lowercased() == name.lowercased() }?.value
        }

        /// The body as a JSON object.
        func json() throws -> [String: Any] {
            let value = try JSONSerialization.jsonObject(with: Data(body))
            guard let object = value as? [String: Any] else { throw Failure(message: "no object: \(text)") }
            return object
        }
    }

    struct Failure: Error, CustomStringConvertible {
        var message: String
        var description: String { message }
    }

    /// Where a server listens.
    enum Address {
        case port(UInt16)
        case path(String)
    }

    private let descriptor: Int32
    private var received: [UInt8] = []

    init(_ address: Address, limit: Double = 20) throws {
        let family = if case .port = address { AF_INET } else { AF_UNIX }
        descriptor = socket(family, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
        var time = timeval(tv_sec: Int(limit), tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        let result: Int32
        switch address {
        case .port(let port):
            var internet = sockaddr_in()
            internet.sin_family = sa_family_t(AF_INET)
            internet.sin_port = port.bigEndian
            internet.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            result = Self.connect(descriptor, internet)
        case .path(let path):
            var local = sockaddr_un()
            local.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &local.sun_path) { $0.copyBytes(from: path.utf8) }
            result = Self.connect(descriptor, local)
        }
        guard result == 0 else { throw Failure(message: "cannot connect: \(errno)") }
    }

    deinit { close(descriptor) }

    private static func connect<Address>(_ descriptor: Int32, _ address: Address) -> Int32 {
        withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Foundation.connect(descriptor, $0, socklen_t(MemoryLayout<Address>.size))
            }
        }
    }

    func send(_ text: String) {
        _ = text.withCString { Foundation.send(descriptor, $0, strlen($0), Int32(MSG_NOSIGNAL)) }
    }

    /// Sends a request and reads its whole response.
    func call(
        _ method: String, _ path: String, headers: [String: String] = [:], body: String? = nil
    ) throws -> Response {
        request(method, path, headers: headers, body: body)
        return try response(isHead: method == "HEAD")
    }

    func request(_ method: String, _ path: String, headers: [String: String] = [:], body: String? = nil) {
        var text = "\(method) \(path) HTTP/1.1\r\n"
        for (name, value) in ["Host": "localhost"].merging(headers, uniquingKeysWith: { $1 }) {
            text += "\(name): \(value)\r\n"
        }
        if let body { text += "Content-Length: \(body.utf8.count)\r\n" }
        send(text + "\r\n" + (body ?? ""))
    }

    func response(isHead: Bool = false) throws -> Response {
        var response = try head()
        if isHead || response.code == 204 { return response }
        if response["Transfer-Encoding"]?.lowercased() == "chunked" {
            while let chunk = try chunk() { response.body += chunk }
        } else {
            response.body = try take(Int(response["Content-Length"] ?? "0") ?? 0)
        }
        return response
    }

    /// Reads a response up to its body.
    func head() throws -> Response {
        let status = try line()
        let parts = status.split(separator: " ")
        guard parts.count >= 2, parts[0] == "HTTP/1.1", let code = Int(parts[1]) else {
            throw Failure(message: "no response: '\(status)'")
        }
        var response = Response(code: code, headers: [], body: [])
        while true {
            let line = try line()
            guard let colon = line.firstIndex(of: ":") else { return response }
            let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            response.headers.append((String(line[..<colon]), value))
        }
    }

    /// Reads a chunk of a body that is sent in such; `nil` behind the last one.
    func chunk() throws -> [UInt8]? {
        let size = try line()
        guard let count = Int(size, radix: 16) else { throw Failure(message: "no chunk: '\(size)'") }
        let bytes = try take(count)
        _ = try line()
        return count > 0 ? bytes : nil
    }

    /// Whether the server closed the connection.
    func isClosed() -> Bool {
        var byte: UInt8 = 0
        return received.isEmpty && recv(descriptor, &byte, 1, 0) <= 0
    }

    private func line() throws -> String {
        while true {
            if let end = received.firstIndex(of: 0x0A) {
                let line = received[..<end].filter { $0 != 0x0D }
                received.removeSubrange(...end)
                return String(decoding: line, as: UTF8.self)
            }
            try receive()
        }
    }

    private func take(_ count: Int) throws -> [UInt8] {
        while received.count < count { try receive() }
        defer { received.removeFirst(count) }
        return Array(received[..<count])
    }

    private func receive() throws {
        var chunk = [UInt8](repeating: 0, count: 65536)
        let count = recv(descriptor, &chunk, chunk.count, 0)
        guard count > 0 else { throw Failure(message: count == 0 ? "the server hung up" : "no answer in time") }
        received += chunk[..<count]
    }
}
#endif
