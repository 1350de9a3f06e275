// SPDX-License-Identifier: Apache-2.0

#if Server
internal import Exert
internal import HTTPTypes
internal import HummingbirdCore
internal import NIOCore
internal import Reporting

/// Why a request was not carried out, as RFC 9457 says it.
struct Problem: Error {
    /// What kind of problem it is; the raw value ends its type's URI.
    enum Kind: String {
        case malformed
        case unauthorized
        case forbidden
        case notFound = "not-found"
        case methodNotAllowed = "method-not-allowed"
        case conflict
        case gone
        case tooLarge = "too-large"
        case unsupportedMediaType = "unsupported-media-type"
        case expectationFailed = "expectation-failed"
        case invalidProfile = "invalid-profile"
        case unsupportedHere = "unsupported-here"
        case idempotencyMismatch = "idempotency-mismatch"
        case tooManyRuns = "too-many-runs"
        case `internal`
        case notReady = "not-ready"

        var status: HTTPResponse.Status {
            switch self {
            case .malformed: .badRequest
            case .unauthorized: .unauthorized
            case .forbidden: .forbidden
            case .notFound: .notFound
            case .methodNotAllowed: .methodNotAllowed
            case .conflict: .conflict
            case .gone: .gone
            case .tooLarge: .contentTooLarge
            case .unsupportedMediaType: .unsupportedMediaType
            case .expectationFailed: .expectationFailed
            case .invalidProfile, .unsupportedHere, .idempotencyMismatch: .unprocessableContent
            case .tooManyRuns: .tooManyRequests
            case .internal: .internalServerError
            case .notReady: .serviceUnavailable
            }
        }

        var title: String {
            switch self {
            case .malformed: "The request is malformed"
            case .unauthorized: "A bearer token is needed"
            case .forbidden: "This is not allowed"
            case .notFound: "There is no such resource"
            case .methodNotAllowed: "The resource does not have this method"
            case .conflict: "The run's state does not allow this"
            case .gone: "The events are no longer kept"
            case .tooLarge: "The request is too large"
            case .expectationFailed: "The expectation cannot be met"
            case .unsupportedMediaType: "The media type is not supported"
            case .invalidProfile: "The profile is not valid"
            case .unsupportedHere: "This host cannot do it"
            case .idempotencyMismatch: "The idempotency key belongs to another request"
            case .tooManyRuns: "There are too many runs"
            case .internal: "Something broke"
            case .notReady: "The server does not take this now"
            }
        }
    }

    var kind: Kind
    var detail: String
    var diagnostics: [Refusal.Diagnostic] = []
    var headers: HTTPFields = [:]

    init(_ kind: Kind, _ detail: String, diagnostics: [Refusal.Diagnostic] = [], headers: HTTPFields = [:]) {
        self.kind = kind
        self.detail = detail
        self.diagnostics = diagnostics
        self.headers = headers
    }

    /// What an observer refused.
    init(_ refusal: Refusal) {
        let kind: Kind =
            switch refusal.kind {
            case .invalid: .invalidProfile
            case .unsupported: .unsupportedHere
            case .forbidden: .forbidden
            case .conflict: .conflict
            case .internal: .internal
            }
        self.init(kind, refusal.message, diagnostics: refusal.diagnostics)
    }

    /// The document.
    var body: [UInt8] {
        var json = JSONWriter(.compact, capacity: 512)
        json.beginObject()
        json.key("type")
        json.string("https://exert.dev/problems/\(kind.rawValue)")
        json.key("title")
        json.string(kind.title)
        json.key("status")
        json.integer(kind.status.code)
        json.key("detail")
        json.string(detail)
        if !diagnostics.isEmpty {
            json.key("diagnostics")
            json.beginArray()
            for diagnostic in diagnostics {
                json.beginObject()
                json.key("line")
                json.integer(diagnostic.line)
                json.key("column")
                json.integer(diagnostic.column)
                json.key("message")
                json.string(diagnostic.message)
                json.endObject()
            }
            json.endArray()
        }
        json.endObject()
        json.endLine()
        return json.bytes
    }

    static let mediaType = "application/problem+json"

    var response: Response {
        var headers = headers
        headers[.contentType] = Self.mediaType
        return Response(status: kind.status, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: body)))
    }
}
#endif
