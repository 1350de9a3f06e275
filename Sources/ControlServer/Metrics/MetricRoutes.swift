// SPDX-License-Identifier: Apache-2.0

#if Server
internal import Exert
internal import HTTPTypes
internal import HummingbirdCore

/// `/metrics`.
struct MetricRoutes: Sendable {
    let store: RunStore
    let counts: RequestCounts
    let version: String
    private let process = ProcessFigures()

    init(store: RunStore, counts: RequestCounts, version: String) {
        self.store = store
        self.counts = counts
        self.version = version
    }

    var routes: [Route] { [Route("/metrics", [(.get, metrics)])] }

    @Sendable private func metrics(_ call: Call) async throws(Problem) -> Response {
        var metrics = PrometheusWriter()
        metrics.metric("exert_build_info", .gauge, "The version of exert.", [([("version", version)], 1)])
        let statuses = await store.all.map { (outline: $0.run.outline, status: $0.run.status) }
        let totals = await store.totals
        metrics.metric(
            "exert_runs", .gauge, "Runs that the server holds, by state.",
            RunStatus.State.allCases.map { state in
                ([("state", state.rawValue)], Double(statuses.count { $0.status.state == state }))
            })
        metrics.metric(
            "exert_runs_total", .counter, "Runs that have ended, by verdict.",
            (RunResult.Verdict.allCases.map(\.rawValue) + ["none"]).map { verdict in
                ([("verdict", verdict)], Double(totals.verdicts[verdict] ?? 0))
            })
        metrics.metric(
            "exert_guard_trips_total", .counter, "Guards that ended a run.", Double(totals.guardTrips))
        let active = statuses.filter { $0.status.state != .ended }
        RunMetrics(active.map { .init(outline: $0.outline, status: $0.status) }).write(to: &metrics)
        metrics.metric(
            "exert_http_requests_total", .counter, "Requests that were answered, by method and code.",
            counts.all.map { ([("method", $0.key.method), ("code", "\($0.key.code)")], Double($0.count)) })
        process.write(to: &metrics)
        return .document(Array(metrics.text.utf8), PrometheusWriter.mediaType)
    }
}
#endif
