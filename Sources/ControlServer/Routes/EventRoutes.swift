// SPDX-License-Identifier: Apache-2.0

#if Server
internal import Exert
internal import HTTPTypes
internal import HummingbirdCore
internal import NIOCore
internal import Synchronization

/// `/v1/runs/ID/events`: the lines of the experiment log, as NDJSON or as server-sent events.
struct EventRoutes: Sendable {
    let store: RunStore
    /// How many may follow at a time: whoever wants to stop a run must find a connection.
    let limit: Int
    private let following = Followers()

    init(store: RunStore, limit: Int) {
        self.store = store
        self.limit = limit
    }

    private final class Followers: Sendable {
        let count = Atomic(0)
    }

    var routes: [Route] { [Route("/v1/runs/*/events", [(.get, events)])] }

    /// How events are written.
    private enum Form: String {
        case lines = "application/x-ndjson"
        case serverSent = "text/event-stream"
    }

    @Sendable private func events(_ call: Call) async throws(Problem) -> Response {
        try call.query.allow(["after", "follow"])
        let stored = try await store.run(call.parameters[0])
        let log = stored.run.log
        let isAsked = call.headers[.accept]?.lowercased().contains(Form.serverSent.rawValue) == true
        let form: Form = isAsked ? .serverSent : .lines
        let follows = try flag("follow", in: call.query) ?? true
        let position = try position(call)
        if let position, case .gone(let oldest) = log.batch(after: position) {
            throw Problem(
                .gone, "events up to \(oldest - 1) are no longer kept; 'after=\(oldest - 1)' asks for those that are")
        }
        // Who names no place gets what there is.
        let start = position ?? log.firstNumber - 1
        if form == .serverSent, case .finished = log.batch(after: start) {
            // Browsers come back when a stream ends, unless they are told that it is over.
            return Response(status: .noContent)
        }
        let headers: HTTPFields = [.contentType: form.rawValue]
        guard follows else {
            var bytes: [UInt8] = []
            var number = start
            while case .events(let events) = log.batch(after: number) {
                for event in events { Self.append(event, as: form, to: &bytes) }
                number = events.last?.number ?? number
            }
            return Response(status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
        }
        if call.isHead { return Response(status: .ok, headers: headers) }
        guard following.count.load(ordering: .relaxed) < limit else {
            throw Problem(.notReady, "\(limit) callers follow runs, and no more may", headers: [.retryAfter: "5"])
        }
        let stream = call.stream
        let body = ResponseBody { [following] writer in
            following.count.add(1, ordering: .relaxed)
            defer { following.count.subtract(1, ordering: .relaxed) }
            // A caller that hangs up is not followed any further, even where the run has nothing to say.
            try await stream.consumeWithCancellationOnInboundClose { _ in
                try await Self.follow(log, from: start, as: form, to: &writer)
            }
            try await writer.finish(nil)
        }
        return Response(status: .ok, headers: headers, body: body)
    }

    private func position(_ call: Call) throws(Problem) -> Int? {
        let inQuery = try number(call.query.value("after"))
        // What a browser knows of its place when it comes back is newer than the address that it was given.
        return try number(call.headers[.lastEventID]) ?? inQuery
    }

    private func number(_ text: String?) throws(Problem) -> Int? {
        guard let text else { return nil }
        // What JSON's numbers hold exactly; no run gets there.
        guard let number = Int(text), (0..<(1 << 53)).contains(number), text.utf8.first != UInt8(ascii: "+") else {
            throw Problem(.malformed, "'after' and 'Last-Event-ID' are the number of an event, 0 for all")
        }
        return number
    }

    private func flag(_ name: String, in query: Query) throws(Problem) -> Bool? {
        switch try query.value(name) {
        case .none: return nil
        case "true": return true
        case "false": return false
        default: throw Problem(.malformed, "'\(name)' is true or false")
        }
    }

    private static func follow(
        _ log: RunLog, from start: Int, as form: Form, to writer: inout any ResponseBodyWriter
    ) async throws {
        var number = start
        while !Task.isCancelled {
            var bytes: [UInt8] = []
            switch await log.next(after: number, limit: 64) {
            case .events(let events):
                for event in events { append(event, as: form, to: &bytes) }
                number = events.last?.number ?? number
            case .idle:
                // A comment shows proxies and browsers that the stream lives.
                if form == .serverSent { bytes = Array(": no news\n\n".utf8) }
            case .gone, .finished:
                // One that was too slow is told so when it asks for the next number.
                return
            }
            if !bytes.isEmpty { try await writer.write(ByteBuffer(bytes: bytes)) }
        }
    }

    private static func append(_ event: RunEvent, as form: Form, to bytes: inout [UInt8]) {
        switch form {
        case .lines: bytes += event.line
        case .serverSent:
            bytes += "id: \(event.number)\nevent: \(event.name)\ndata: ".utf8
            bytes += event.line
            bytes.append(0x0A)
        }
    }
}
#endif
