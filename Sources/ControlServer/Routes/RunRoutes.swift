// SPDX-License-Identifier: Apache-2.0

#if Server
internal import Exert
internal import HTTPTypes
internal import HummingbirdCore

/// `/v1/runs`, `/v1/runs/ID`, its lease, and `/v1/stop`.
struct RunRoutes: Sendable {
    let store: RunStore
    let reader: RunRequestReader

    /// The most runs that a list may ask for.
    private static let listLimit = 1000

    var routes: [Route] {
        [
            Route("/v1/runs", [(.get, list), (.post, start)]),
            Route("/v1/runs/*", [(.get, show), (.patch, change), (.delete, stop)]),
            Route("/v1/runs/*/renew", [(.post, renew)]),
            Route("/v1/stop", [(.post, stopAll)]),
        ]
    }

    @Sendable private func start(_ call: Call) async throws(Problem) -> Response {
        let request = try reader.request(call)
        let (stored, isReplayed) = try await store.start(request, key: try key(of: call))
        var headers: HTTPFields = [.location: "/v1/runs/\(stored.id)"]
        if isReplayed { headers[.idempotencyReplayed] = "true" }
        return .document(RunDocument.bytes(stored), status: .created, headers: headers)
    }

    private func key(of call: Call) throws(Problem) -> IdempotencyKey? {
        let names = call.headers[values: .idempotencyKey]
        guard let name = names.first else { return nil }
        guard names.count == 1, (1...255).contains(name.utf8.count),
            name.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { throw Problem(.malformed, "an Idempotency-Key is one value of 1 to 255 visible ASCII characters") }
        let query = call.query.items.flatMap { [Array($0.name.utf8), Array($0.value.utf8)] }
        return IdempotencyKey(
            name: name, fingerprint: .init([Array(call.mediaType.utf8), call.body] + query))
    }

    @Sendable private func list(_ call: Call) async throws(Problem) -> Response {
        try call.query.allow(["state", "limit"])
        var runs = await Array(store.all.reversed())
        if let text = try call.query.value("state") {
            guard let state = RunStatus.State(rawValue: text) else {
                let known = RunStatus.State.allCases.map(\.rawValue).joined(separator: ", ")
                throw Problem(.malformed, "'state' is one of \(known)")
            }
            runs = runs.filter { $0.run.status.state == state }
        }
        if let text = try call.query.value("limit") {
            guard let limit = Int(text), (1...Self.listLimit).contains(limit) else {
                throw Problem(.malformed, "'limit' is a whole number from 1 to \(Self.listLimit)")
            }
            runs = Array(runs.prefix(limit))
        }
        return .document(RunDocument.bytes(list: runs))
    }

    @Sendable private func show(_ call: Call) async throws(Problem) -> Response {
        try call.query.allow([])
        return .document(RunDocument.bytes(try await store.run(call.parameters[0])))
    }

    @Sendable private func change(_ call: Call) async throws(Problem) -> Response {
        try call.query.allow([])
        let stored = try await store.run(call.parameters[0])
        guard ["application/json", "application/merge-patch+json"].contains(call.mediaType) else {
            throw Problem(
                .unsupportedMediaType,
                "a change is application/json or application/merge-patch+json, not '\(call.mediaType)'",
                headers: [.accept: "application/json, application/merge-patch+json"])
        }
        var object = JSONObject(try JSONValue.object(in: call.body))
        let (load, within) = try object.loads("load") ?? (nil, [:])
        let word = try object.string("state")
        try object.end(known: ["load", "state"])
        let isPaused: Bool? =
            switch word {
            case .none: nil
            case "paused": true
            case "running": false
            default: throw Problem(.malformed, "'state' is 'paused' or 'running'; DELETE ends a run")
            }
        guard load?.isEmpty == false || isPaused != nil else {
            throw Problem(.malformed, #"give 'load', such as {"load":{"cpu":"40%"}}, or 'state', or both"#)
        }
        try await attempt { () throws(Refusal) in
            try await stored.run.change(
                load: load?.isEmpty == true ? nil : load, within: within.isEmpty ? nil : within, isPaused: isPaused)
        }
        return .document(RunDocument.bytes(stored))
    }

    @Sendable private func renew(_ call: Call) async throws(Problem) -> Response {
        try call.query.allow([])
        let stored = try await store.run(call.parameters[0])
        guard stored.run.outline.leaseSeconds != nil else {
            throw Problem(.conflict, "the run has no lease; give it one with 'lease' when it is started")
        }
        try await attempt { () throws(Refusal) in try await stored.run.renew() }
        return .document(RunDocument.bytes(stored))
    }

    @Sendable private func stop(_ call: Call) async throws(Problem) -> Response {
        try call.query.allow([])
        let stored = try await store.run(call.parameters[0])
        await stored.run.stop()
        return .document(RunDocument.bytes(stored))
    }

    @Sendable private func stopAll(_ call: Call) async throws(Problem) -> Response {
        try call.query.allow([])
        return .document(RunDocument.bytes(list: await store.stopAll()))
    }

    private func attempt(_ body: () async throws(Refusal) -> Void) async throws(Problem) {
        do { try await body() } catch { throw Problem(error) }
    }
}
#endif
