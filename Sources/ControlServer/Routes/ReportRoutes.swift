// SPDX-License-Identifier: Apache-2.0

#if Server
internal import Exert
internal import HTTPTypes
internal import HummingbirdCore

/// `/v1/runs/ID/report`: what `exert run` would have printed at the end.
struct ReportRoutes: Sendable {
    let store: RunStore

    var routes: [Route] { [Route("/v1/runs/*/report", [(.get, report)])] }

    @Sendable private func report(_ call: Call) async throws(Problem) -> Response {
        try call.query.allow([])
        let stored = try await store.run(call.parameters[0])
        guard let result = stored.run.status.result else {
            throw Problem(.conflict, "the run goes on; its report is there when it has ended")
        }
        let accept = call.headers[.accept]
        let wantsText =
            Accept.quality(of: "text/plain", in: accept) > Accept.quality(of: "application/json", in: accept)
        if wantsText { return .document(Array(result.text.utf8), "text/plain; charset=utf-8") }
        guard !result.json.isEmpty else {
            throw Problem(
                .conflict, "the load never began, so there is no report: \(result.reason ?? "no reason told")")
        }
        return .document(Array(result.json.utf8))
    }
}
#endif
