// SPDX-License-Identifier: Apache-2.0

#if Server
internal import HTTPTypes
internal import HummingbirdCore
internal import Synchronization

/// Whether the server still takes work.
final class Readiness: Sendable {
    private let isClosing = Atomic(false)

    var isReady: Bool { !isClosing.load(ordering: .relaxed) }

    func close() { isClosing.store(true, ordering: .relaxed) }
}

/// `/healthz` and `/readyz`.
struct HealthRoutes: Sendable {
    let readiness: Readiness

    var routes: [Route] { [Route("/healthz", [(.get, health)]), Route("/readyz", [(.get, ready)])] }

    private static let ok = Array(#"{"status":"ok"}"#.utf8) + [0x0A]

    @Sendable private func health(_ call: Call) async throws(Problem) -> Response { .document(Self.ok) }

    @Sendable private func ready(_ call: Call) async throws(Problem) -> Response {
        guard readiness.isReady else {
            throw Problem(.notReady, "the server stops its runs and ends", headers: [.retryAfter: "5"])
        }
        return .document(Self.ok)
    }
}
#endif
