// SPDX-License-Identifier: Apache-2.0

#if Server
internal import Exert
internal import HTTPTypes

/// Makes a run's request of what was posted: a profile in YAML or JSON, or an object that wraps one or has loads.
struct RunRequestReader {
    let options: ServerOptions

    static let parameters = ["lease", "interval", "label", "start_at"]
    private static let members = ["profile", "load", "set", "for", "lease", "interval", "labels", "start_at"]
    private static let yaml: Set<String> = ["application/yaml", "text/yaml", "application/x-yaml", "text/x-yaml"]

    /// What may stand in the query or in the object, which precedes.
    private struct RunOptions {
        var lease: String?
        var interval: String?
        var startAt: String?
        var labels: [String: String] = [:]
    }

    func request(_ call: Call) throws(Problem) -> RunRequest {
        try call.query.allow(Self.parameters)
        let inQuery = try optionsInQuery(call.query)
        var request: RunRequest
        switch call.mediaType {
        case "application/json":
            let members = try JSONValue.object(in: call.body)
            if members["phases"] != nil {
                request = try profile(call.body)
                apply(inQuery, to: &request)
            } else {
                request = try wrapped(JSONObject(members), inQuery)
            }
        case let type where Self.yaml.contains(type):
            request = try profile(call.body)
            apply(inQuery, to: &request)
        case let type:
            throw Problem(
                .unsupportedMediaType,
                "a run is posted as application/yaml or application/json, not as '\(type)'",
                headers: [.accept: "application/yaml, application/json"])
        }
        request.traceparent = call.headers[HTTPField.Name.traceparent]
        request.rules = options.rules
        return request
    }

    private func profile(_ body: [UInt8]) throws(Problem) -> RunRequest {
        guard let text = String(validating: body, as: UTF8.self) else {
            throw Problem(.malformed, "the profile is not UTF-8")
        }
        return RunRequest(profile: text)
    }

    private func wrapped(_ object: consuming JSONObject, _ inQuery: RunOptions) throws(Problem) -> RunRequest {
        var object = object
        let profile = try object.string("profile")
        let (load, within) = try object.loads("load").map { ($0.load ?? [:], $0.within) } ?? ([:], [:])
        var set = try object.strings("set") ?? [:]
        for (kind, time) in within { set["\(kind).within"] = time }
        let length = try object.string("for")
        var run = inQuery
        run.lease = try object.string("lease") ?? run.lease
        run.interval = try object.string("interval") ?? run.interval
        run.startAt = try object.string("start_at") ?? run.startAt
        run.labels.merge(try object.strings("labels") ?? [:]) { $1 }
        try object.end(known: Self.members)
        var request: RunRequest
        if let profile {
            guard load.isEmpty, set.isEmpty, length == nil else {
                throw Problem(.malformed, "give 'profile', or 'load' with 'for', not both")
            }
            request = RunRequest(profile: profile)
        } else {
            guard !load.isEmpty, let length else {
                throw Problem(
                    .malformed,
                    #"give 'profile' with the text of one, or 'load' with 'for', such as "#
                        + #"{"load":{"cpu":"50%"},"for":"30s"}"#)
            }
            request = RunRequest(load: load, for: length, set: set)
        }
        apply(run, to: &request)
        return request
    }

    private func apply(_ run: RunOptions, to request: inout RunRequest) {
        let lease = run.lease ?? options.lease
        request.lease = lease == "none" ? nil : lease
        request.interval = run.interval
        request.startAt = run.startAt
        request.labels = run.labels
    }

    private func optionsInQuery(_ query: Query) throws(Problem) -> RunOptions {
        var run = RunOptions()
        run.lease = try query.value("lease")
        run.interval = try query.value("interval")
        // A plus sign that nobody escaped arrives as a blank; an instant has none.
        run.startAt = try query.value("start_at").map { String($0.map { $0 == " " ? "+" : $0 }) }
        for label in query.values("label") {
            guard let sign = label.unicodeScalars.firstIndex(of: "=") else {
                throw Problem(.malformed, "the label '\(label)' has no '='; write label=name=value")
            }
            let name = String(label[..<sign])
            let value = String(label[label.unicodeScalars.index(after: sign)...])
            guard run.labels.updateValue(value, forKey: name) == nil else {
                throw Problem(.malformed, "the label '\(name)' is given twice")
            }
        }
        return run
    }
}

extension HTTPField.Name {
    /// A name that is known to be one.
    private static func known(_ name: String) -> HTTPField.Name { HTTPField.Name(name) ?? .cookie }

    static let host = known("Host")
    static let fetchSite = known("Sec-Fetch-Site")
    static let traceparent = known("traceparent")
    static let idempotencyKey = known("Idempotency-Key")
    static let idempotencyReplayed = known("Idempotency-Replayed")
    static let lastEventID = known("Last-Event-ID")
}
#endif
