// SPDX-License-Identifier: Apache-2.0

#if Server
internal import Exert
internal import HTTPTypes
internal import HummingbirdCore
internal import NIOCore

/// What every request passes on its way to a route, and every response on its way back.
struct Responder: Sendable {
    let routes: [Route]
    let access: AccessRules
    let counts: RequestCounts

    /// The largest body that is read, in bytes.
    static let bodyLimit = 1 << 20

    /// Answers a request.
    ///
    /// - Throws: what goes wrong while the body is read; then there is nobody to answer.
    ///
    /// - Parameter goOn: tells a caller who waits for it that the body is wanted.
    func respond(to request: Request, goOn: () async throws -> Void) async throws -> Response {
        var response: Response
        do {
            response = try await answer(request, goOn)
        } catch let problem as Problem {
            response = problem.response
        }
        counts.add(method: request.method, code: response.status.code)
        Self.secure(&response.headers)
        guard request.method == .head else { return response }
        // A stream's length is not known, and its headers are all that is asked for.
        return response.createHeadResponse()
    }

    private func answer(_ request: Request, _ goOn: () async throws -> Void) async throws -> Response {
        let target = request.head.path ?? "/"
        // By scalars: a question mark and what combines with it would be one character.
        let path = Substring(target.unicodeScalars.prefix { $0 != "?" && $0 != "#" })
        try access.check(path: String(path), authority: request.head.authority, headers: request.headers)
        guard let segments = Self.segments(path) else {
            throw Problem(.malformed, "the path '\(path)' has escapes that mean nothing")
        }
        let isHead = request.method == .head
        let method = isHead ? .get : request.method
        let (route, parameters) = try find(segments, String(path))
        guard let handler = route.handlers.first(where: { $0.method == method }) else {
            throw Problem(
                .methodNotAllowed, "'\(path)' has \(route.allowed), not \(request.method.rawValue)",
                headers: [.allow: route.allowed])
        }
        let behind = target.unicodeScalars[path.endIndex...]
        let text = behind.first == "?" ? behind.dropFirst().prefix { $0 != "#" } : nil
        guard let query = Query(text.map { Substring($0) }) else {
            throw Problem(.malformed, "the query has escapes that mean nothing")
        }
        let call = Call(
            method: method, isHead: isHead, headers: request.headers, parameters: parameters, query: query,
            body: method == .post || method == .patch ? try await body(of: request, goOn) : [], stream: request.body)
        return try await handler.handle(call)
    }

    private func find(_ segments: [String], _ path: String) throws(Problem) -> (Route, [String]) {
        for route in routes {
            if let parameters = route.match(segments) { return (route, parameters) }
        }
        throw Problem(.notFound, "there is nothing at '\(path)'; see /openapi.json for what there is")
    }

    private static func segments(_ path: Substring) -> [String]? {
        guard path.utf8.first == UInt8(ascii: "/") else { return [] }
        var segments: [String] = []
        for part in path.utf8.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            guard let segment = Query.decoded(part) else { return nil }
            segments.append(segment)
        }
        return segments
    }

    private func body(of request: Request, _ goOn: () async throws -> Void) async throws -> [UInt8] {
        let tooLarge = Problem(.tooLarge, "a body may have \(Self.bodyLimit) bytes")
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > Self.bodyLimit { throw tooLarge }
        // RFC 9110, 10.1.1: whoever says so waits, curl for a second.
        if let expectation = request.headers[.expect] {
            guard expectation.lowercased() == "100-continue" else {
                throw Problem(.expectationFailed, "'Expect' may be 100-continue")
            }
            try await goOn()
        }
        var bytes: [UInt8] = []
        for try await buffer in request.body {
            bytes.append(contentsOf: buffer.readableBytesView)
            if bytes.count > Self.bodyLimit { throw tooLarge }
        }
        return bytes
    }

    /// Nothing of ours is to be guessed at, kept, or run where it was not meant to be.
    static func secure(_ headers: inout HTTPFields) {
        headers[.xContentTypeOptions] = "nosniff"
        headers[.cacheControl] = "no-store"
        if headers[.contentSecurityPolicy] == nil {
            headers[.contentSecurityPolicy] = "default-src 'none'; frame-ancestors 'none'"
        }
    }
}
#endif
