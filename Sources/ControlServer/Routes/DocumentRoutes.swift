// SPDX-License-Identifier: Apache-2.0

#if Server
internal import HTTPTypes
internal import HummingbirdCore
internal import NIOCore
internal import Reporting

/// `/` and `/openapi.json`: documents that are part of the binary.
struct DocumentRoutes: Sendable {
    /// The page in the pieces between its scripts, each of which gets the response's nonce.
    private let pieces: [String]
    private let description: ByteBuffer

    init() {
        let page = Self.filled(PackageResources.page_html, ["{/*units*/}": UnitTable.json])
        pieces = page.split(separator: "<script", omittingEmptySubsequences: false).map(String.init)
        description = ByteBuffer(
            string: Self.filled(PackageResources.openapi_json, ["\"{units}\"": UnitTable.members]))
    }

    /// A document with what is declared elsewhere put in its places.
    private static func filled(_ document: [UInt8], _ places: [String: String]) -> String {
        places.reduce(String(decoding: document, as: UTF8.self)) { text, place in
            text.split(separator: place.key, omittingEmptySubsequences: false).joined(separator: place.value)
        }
    }

    var routes: [Route] { [Route("/", [(.get, page)]), Route("/openapi.json", [(.get, openAPI)])] }

    @Sendable private func page(_ call: Call) async throws(Problem) -> Response {
        // Only what is part of the page runs: a name in a log that says it is a script is none.
        let nonce = String(UInt64.random(in: 0...UInt64.max), radix: 36) + String(UInt64.random(in: 0...UInt64.max))
        let html = pieces.joined(separator: "<script nonce=\"\(nonce)\"")
        let policy =
            "default-src 'none'; script-src 'nonce-\(nonce)'; style-src 'unsafe-inline'; img-src 'self' data:; "
            + "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        return .document(Array(html.utf8), "text/html; charset=utf-8", headers: [.contentSecurityPolicy: policy])
    }

    @Sendable private func openAPI(_ call: Call) async throws(Problem) -> Response { .document(description) }
}
#endif
