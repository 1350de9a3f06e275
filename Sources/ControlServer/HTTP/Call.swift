// SPDX-License-Identifier: Apache-2.0

#if Server
internal import HTTPTypes
internal import HummingbirdCore
internal import NIOCore

/// A request on its way to the route that answers it.
struct Call: Sendable {
    /// The method; HEAD arrives as GET.
    var method: HTTPRequest.Method
    /// Whether nobody will read the body of the response.
    var isHead: Bool
    var headers: HTTPFields
    /// What stands in the path for each `*` of the route's pattern, percent-decoded.
    var parameters: [String] = []
    var query: Query
    /// The whole body; empty for methods without one.
    var body: [UInt8]
    /// What is left of the connection, for responses that last.
    var stream: RequestBody

    /// The media type of the body in lower case, without its parameters; empty where none is told.
    var mediaType: String {
        let value = headers[.contentType] ?? ""
        return value.prefix { $0 != ";" }.trimmed.lowercased()
    }
}

extension StringProtocol {
    /// Without blanks at both ends.
    var trimmed: String {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        guard let first = firstIndex(where: { !isBlank($0) }), let last = lastIndex(where: { !isBlank($0) }) else {
            return ""
        }
        return String(self[first...last])
    }
}

/// Something that answers the calls of one path.
struct Route: Sendable {
    typealias Handler = @Sendable (Call) async throws(Problem) -> Response

    /// The path's segments; `*` is any one.
    var pattern: [String]
    /// The handlers by method.
    var handlers: [(method: HTTPRequest.Method, handle: Handler)]

    init(_ path: String, _ handlers: [(HTTPRequest.Method, Handler)]) {
        pattern = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map(String.init)
        self.handlers = handlers.map { (method: $0.0, handle: $0.1) }
    }

    /// What stands for the stars; `nil` where the path is another.
    func match(_ segments: [String]) -> [String]? {
        guard segments.count == pattern.count else { return nil }
        var parameters: [String] = []
        for (segment, part) in zip(segments, pattern) {
            if part == "*" {
                parameters.append(segment)
            } else if part != segment {
                return nil
            }
        }
        return parameters
    }

    /// The methods that the path has, for `Allow`.
    var allowed: String {
        let methods = handlers.flatMap { $0.method == .get ? ["GET", "HEAD"] : [$0.method.rawValue] }
        return methods.joined(separator: ", ")
    }
}

extension Response {
    /// A whole document.
    static func document(
        _ bytes: [UInt8], _ mediaType: String = "application/json", status: HTTPResponse.Status = .ok,
        headers: HTTPFields = [:]
    ) -> Response {
        document(ByteBuffer(bytes: bytes), mediaType, status: status, headers: headers)
    }

    /// A whole document that is kept for all who ask for it.
    static func document(
        _ bytes: ByteBuffer, _ mediaType: String = "application/json", status: HTTPResponse.Status = .ok,
        headers: HTTPFields = [:]
    ) -> Response {
        var headers = headers
        headers[.contentType] = mediaType
        return Response(status: status, headers: headers, body: .init(byteBuffer: bytes))
    }
}
#endif
