// SPDX-License-Identifier: Apache-2.0

#if Server
internal import HTTPTypes

/// Who may call.
struct AccessRules: Sendable {
    private let token: [UInt8]?
    /// Whether callers are told apart from web pages by `Host` and `Origin`: anybody's page can have a browser call a
    /// loopback address, but cannot say that it is of that address.
    private let watchesOrigin: Bool
    /// What pages of this server's own are reached by.
    private let scheme: String

    /// Paths that need no token: they tell nothing, and change nothing.
    private static let open: Set<String> = ["/", "/healthz", "/readyz", "/openapi.json"]

    init(_ options: ServerOptions) {
        token = options.token.map { Array($0.utf8) }
        scheme = options.tls == nil ? "http" : "https"
        if case .tcp = options.address { watchesOrigin = options.token == nil } else { watchesOrigin = false }
    }

    func check(path: String, authority: String?, headers: HTTPFields) throws(Problem) {
        // The first one became the authority: RFC 9112, 3.2.
        guard authority != nil, headers[values: .host].isEmpty else {
            throw Problem(.malformed, "a request has one Host field")
        }
        if let token, !Self.open.contains(path) {
            guard let given = Self.bearer(headers[.authorization]) else {
                throw Self.unauthorized("send 'Authorization: Bearer TOKEN' with the server's token")
            }
            guard Self.isSame(given, token) else { throw Self.unauthorized("the token is not the server's") }
        }
        if watchesOrigin {
            try Self.checkOrigin(authority, headers[values: .origin], scheme: scheme)
            // An image or a link of a page elsewhere brings no Origin, but the browser says where it comes from: W3C
            // Fetch Metadata. The page itself may be linked to.
            let site = headers[values: .fetchSite]
            guard path == "/" || site.allSatisfy({ ["same-origin", "none"].contains($0) }) else {
                throw Problem(.forbidden, "a page of another site may not call this server; it has no token")
            }
        }
    }

    private static func unauthorized(_ detail: String) -> Problem {
        Problem(.unauthorized, detail, headers: [.wwwAuthenticate: "Bearer"])
    }

    private static func bearer(_ field: String?) -> [UInt8]? {
        guard let field, field.utf8.count > 7, field.prefix(7).lowercased() == "bearer " else { return nil }
        return Array(field.dropFirst(7).trimmed.utf8)
    }

    /// Compares in a time that depends on what was given, and on nothing else.
    static func isSame(_ given: [UInt8], _ token: [UInt8]) -> Bool {
        var difference = UInt(bitPattern: given.count ^ token.count)
        for index in given.indices { difference |= UInt(given[index] ^ token[index % token.count]) }
        return difference == 0
    }

    static func checkOrigin(
        _ authority: String?, _ origins: [String], scheme: String
    ) throws(Problem) {
        guard let authority = authority?.lowercased(), let host = host(of: authority),
            LoopbackName.isLoopback(host.name)
        else {
            throw Problem(
                .forbidden,
                "without a token only 'Host: localhost', 127.0.0.1 or [::1] is answered, so that no web page can call; "
                    + "start the server with a token to call it by another name")
        }
        for origin in origins {
            guard origin.lowercased() == "\(scheme)://\(authority)" else {
                throw Problem(.forbidden, "a page of '\(origin)' may not call this server; it has no token")
            }
        }
    }

    /// The parts of `HOST`, `HOST:PORT` or `[IPV6]:PORT`; `nil` where there is anything else in it.
    static func host(of authority: String) -> (name: String, port: UInt16?)? {
        let bytes = Array(authority.utf8)
        let isBracketed = bytes.first == UInt8(ascii: "[")
        let end = bytes.firstIndex(of: UInt8(ascii: isBracketed ? "]" : ":")) ?? (isBracketed ? nil : bytes.count)
        guard let end, bytes.allSatisfy({ (0x21...0x7E).contains($0) }) else { return nil }
        let rest = bytes[(isBracketed ? end + 1 : end)...]
        let port = rest.dropFirst()
        guard rest.isEmpty || rest.first == UInt8(ascii: ":"), port.allSatisfy({ (0x30...0x39).contains($0) }),
            port.isEmpty == rest.isEmpty, port.isEmpty || UInt16(String(decoding: port, as: UTF8.self)) != nil
        else { return nil }
        let name = String(decoding: bytes[(isBracketed ? 1 : 0)..<end], as: UTF8.self)
        return (name, UInt16(String(decoding: port, as: UTF8.self)))
    }
}
#endif
