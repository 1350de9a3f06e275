// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes

/// Who may call.
struct AccessRules: Sendable {
    private let token: [UInt8]?
    /// Whether callers are told apart from web pages by `Host` and `Origin`: anybody's page can have a browser call a
    /// loopback address, but cannot say that it is of that address.
    private let watchesOrigin: Bool

    /// Paths that need no token: they tell nothing, and change nothing.
    private static let open: Set<String> = ["/", "/healthz", "/readyz", "/openapi.json"]

    init(_ options: ServerOptions) {
        token = options.token.map { Array($0.utf8) }
        if case .tcp = options.address { watchesOrigin = options.token == nil } else { watchesOrigin = false }
    }

    func check(path: String, authority: String?, headers: HTTPFields) throws(Problem) {
        if let token, !Self.open.contains(path) {
            guard let given = Self.bearer(headers[.authorization]) else {
                throw Self.unauthorized("send 'Authorization: Bearer TOKEN' with the server's token")
            }
            guard Self.isSame(given, token) else { throw Self.unauthorized("the token is not the server's") }
        }
        if watchesOrigin { try Self.checkOrigin(authority, headers[values: .origin]) }
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

    static func checkOrigin(_ authority: String?, _ origins: [String]) throws(Problem) {
        guard let authority = authority?.lowercased(), LoopbackName.isLoopback(host(of: authority)) else {
            throw Problem(
                .forbidden,
                "without a token only 'Host: localhost', 127.0.0.1 or [::1] is answered, so that no web page can call; "
                    + "start the server with a token to call it by another name")
        }
        for origin in origins {
            guard let scheme = origin.firstRange(of: "://"), origin[scheme.upperBound...].lowercased() == authority
            else {
                throw Problem(.forbidden, "a page of '\(origin)' may not call this server; it has no token")
            }
        }
    }

    private static func host(of authority: String) -> String {
        if authority.hasPrefix("[") { return String(authority.dropFirst().prefix { $0 != "]" }) }
        return String(authority.prefix { $0 != ":" })
    }
}
