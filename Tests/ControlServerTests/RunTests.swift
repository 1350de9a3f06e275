// SPDX-License-Identifier: Apache-2.0

#if Server
import Foundation
import Testing

/// All that starts servers and runs, one after the other: two loads at a time would be each other's noise.
@Suite(.serialized)
struct Servers {}

extension Servers {
    /// Runs from their start to their end.
    @Suite(.serialized)
    struct Runs {
        private let server: ServerProcess

        init() throws { server = try ServerProcess(["--max-runs", "2"]) }

        @Test func `a run is started, shown, followed and stopped`() throws {
            let posted = try server.call(
                "POST", "/v1/runs?interval=100ms&label=team=a%20b&lease=30s",
                headers: ["Content-Type": "application/yaml; charset=utf-8", "traceparent": Self.traceparent],
                body: "name: short\nphases:\n  - { name: hold, for: 60s, load: { memory: 64MiB } }\n")
            #expect(posted.code == 201 && posted["Content-Type"] == "application/json", "\(posted.text)")
            let id = try #require(try posted.json()["id"] as? String)
            #expect(posted["Location"] == "/v1/runs/\(id)")

            #expect(try eventually { try achieved(id) >= 67_108_864 })
            let run = try server.run(id)
            #expect(run["state"] as? String == "running" && run["profile"] as? String == "short")
            #expect(run["labels"] as? [String: String] == ["team": "a b"])
            #expect((run["phase"] as? [String: Any])?["name"] as? String == "hold")
            #expect((run["lease"] as? [String: Any])?["length_s"] as? Double == 30)
            #expect(run["verdict"] is NSNull && run["ended_at"] is NSNull && run["length_s"] as? Double == 60)

            // The description names every member of a stressor's figures, and none that is not there.
            let document = try server.call("GET", "/openapi.json").json()
            let schema = try #require(Self.member(document, "components", "schemas", "Run", "properties", "stressors"))
            let described = try #require(Self.member(schema, "additionalProperties"))
            let figures = try #require(Self.member(run, "stressors", "memory"))
            let required = Set(try #require(described["required"] as? [String]))
            #expect(required.contains("achieved_max") && required.isSubset(of: figures.keys), "\(figures)")
            #expect(Set(figures.keys).isSubset(of: Self.member(described, "properties").map { Set($0.keys) } ?? []))

            #expect(try server.call("GET", "/v1/runs/\(id)/report").code == 409)
            let list = try server.call("GET", "/v1/runs?state=running&limit=1").json()["runs"] as? [[String: Any]]
            #expect(list?.map { $0["id"] as? String } == [id])

            let stopped = try server.call("DELETE", "/v1/runs/\(id)")
            #expect(stopped.code == 200)
            let end = try stopped.json()
            #expect(end["state"] as? String == "ended" && end["verdict"] as? String == "aborted")
            #expect(end["reason"] as? String == "stopped" && end["exit_code"] as? Int == 143)
            #expect(try server.call("DELETE", "/v1/runs/\(id)").body == stopped.body)

            let log = try server.call("GET", "/v1/runs/\(id)/events")
            #expect(log["Content-Type"] == "application/x-ndjson")
            let lines = try log.text.split(separator: "\n").map {
                try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
            }
            #expect(lines.first?["event"] as? String == "run_started")
            #expect(lines.first?["traceparent"] as? String == Self.traceparent)
            #expect(lines.last?["event"] as? String == "run_ended")

            let report = try server.call("GET", "/v1/runs/\(id)/report")
            #expect(report.code == 200 && (try? report.json()) != nil)
            let text = try server.call("GET", "/v1/runs/\(id)/report", headers: ["Accept": "text/plain"])
            #expect(text["Content-Type"] == "text/plain; charset=utf-8" && text.text.contains("aborted"))
        }

        private static func member(_ object: [String: Any], _ path: String...) -> [String: Any]? {
            path.reduce(object as [String: Any]?) { $0?[$1] as? [String: Any] }
        }

        private static let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

        private func achieved(_ id: String) throws -> Double {
            let stressors = try server.run(id)["stressors"] as? [String: [String: Any]]
            return stressors?["memory"]?["achieved"] as? Double ?? -1
        }

        @Test func `events are sent to browsers, and go on where they were left`() throws {
            let id = try server.start(#"{"load":{"memory":"64MiB"},"for":"2s","interval":"200ms"}"#)
            let client = try server.client()
            client.request("GET", "/v1/runs/\(id)/events", headers: ["Accept": "text/event-stream"])
            #expect(try client.head()["Content-Type"] == "text/event-stream")
            var text = ""
            while let chunk = try client.chunk() { text += String(decoding: chunk, as: UTF8.self) }
            let events = text.split(separator: "\n\n").map { $0.split(separator: "\n") }
            #expect(events.count > 8)
            #expect(events.enumerated().allSatisfy { $1.first == "id: \($0 + 1)" && $1.count == 3 })
            #expect(events.first?[1] == "event: run_started" && events.last?[1] == "event: run_ended")
            #expect(events.allSatisfy { $0[2].hasPrefix("data: {\"schema\":\"exert-log/1\"") })

            let left = events.count - 3
            let rest = try server.call(
                "GET", "/v1/runs/\(id)/events?after=1",
                headers: ["Accept": "text/event-stream", "Last-Event-ID": "\(left)"])
            #expect(rest.text.split(separator: "\n\n").first?.hasPrefix("id: \(left + 1)\n") == true)
            // A browser that is told this does not come back.
            let over = try server.call(
                "GET", "/v1/runs/\(id)/events",
                headers: ["Accept": "text/event-stream", "Last-Event-ID": "\(events.count)"])
            #expect(over.code == 204)
            let lines = try server.call("GET", "/v1/runs/\(id)/events?after=\(left)&follow=false")
            #expect(lines.text.split(separator: "\n").count == 3)
            // On a machine that is busy a target may be missed, which is no matter here.
            #expect(["met", "not_met"].contains(try server.run(id)["verdict"] as? String))
        }

        @Test func `a run that goes on takes other loads, a pause and renewals`() throws {
            let id = try server.start(
                #"{"load":{"memory":"64MiB"},"for":"60s","interval":"100ms","lease":"20s","labels":{"a":"b"}}"#)
            #expect(try eventually { try achieved(id) >= 67_108_864 })
            #expect(try change(id, #"{"load":{"memory":"128MiB"}}"#).code == 200)
            #expect(try eventually { try achieved(id) >= 134_217_728 })
            #expect(try change(id, #"{"load":{"memory":{"load":"100MiB","within":"5s"}}}"#).code == 200)
            #expect(try eventually { try achieved(id) < 134_217_728 })
            #expect(try change(id, #"{"load":{"memory":{"load":"100MiB","within":"soon"}}}"#).code == 422)
            let paused = try change(id, #"{"state":"paused"}"#)
            #expect(try paused.json()["state"] as? String == "paused")
            #expect(try eventually { try achieved(id) < 67_108_864 })
            #expect(try change(id, #"{"state":"running"}"#).json()["state"] as? String == "running")
            let wrong = try change(id, #"{"load":{"memory":"much"}}"#)
            #expect(wrong.code == 422)
            #expect(try (wrong.json()["diagnostics"] as? [Any])?.isEmpty == false)
            for body in [
                "{}", "[]", "x", #"{"load":{}}"#, #"{"load":{"memory":1}}"#, #"{"load":{"memory":{"within":"1s"}}}"#,
                #"{"load":{"memory":{"load":"1MiB","withn":"1s"}}}"#, #"{"state":"x"}"#, #"{"lod":{}}"#,
            ] {
                #expect(try change(id, body).code == 400, "\(body)")
            }
            let before = try expiry(id)
            #expect(try server.call("POST", "/v1/runs/\(id)/renew").code == 200)
            #expect(try expiry(id) > before)
            let all = try server.call("POST", "/v1/stop").json()["runs"] as? [[String: Any]]
            #expect(all?.map { $0["id"] as? String } == [id] && all?.first?["state"] as? String == "ended")
            #expect(try change(id, #"{"state":"paused"}"#).code == 409)
            #expect(try server.call("GET", "/v1/runs/\(id)/events").text.contains("\"within_s\":5"))
            #expect(try server.call("POST", "/v1/runs/\(id)/renew").code == 409)
        }

        private func change(_ id: String, _ body: String) throws -> HTTPClient.Response {
            try server.call(
                "PATCH", "/v1/runs/\(id)", headers: ["Content-Type": "application/merge-patch+json"], body: body)
        }

        private func expiry(_ id: String) throws -> String {
            try #require((try server.run(id)["lease"] as? [String: Any])?["expires_at"] as? String)
        }

        @Test func `the same key starts one run`() throws {
            let body = #"{"load":{"memory":"1MiB"},"for":"60s"}"#
            func post(_ key: String, _ body: String) throws -> HTTPClient.Response {
                try server.call(
                    "POST", "/v1/runs", headers: ["Content-Type": "application/json", "Idempotency-Key": key],
                    body: body)
            }
            let first = try post("k", body)
            let again = try post("k", body)
            #expect(first.code == 201 && first["Idempotency-Replayed"] == nil)
            #expect(again.code == 201 && again["Idempotency-Replayed"] == "true")
            #expect(try first.json()["id"] as? String == again.json()["id"] as? String)
            let other = try post("k", body + " ")
            #expect(other.code == 422 && other.text.contains("idempotency-mismatch"))
            #expect(try post("a b", body).code == 400)
            // What was refused may be tried again with the same key.
            #expect(try post("l", #"{"load":{"cqu":"1%"},"for":"60s"}"#).code == 422)
            #expect(try post("l", body).code == 201)
            let full = try post("m", body)
            #expect(full.code == 429 && full["Retry-After"] != nil, "\(full.text)")
            _ = try server.call("POST", "/v1/stop")
            #expect(try post("m", body).code == 201)
            #expect(try post("k", body).json()["state"] as? String == "ended")
        }

        @Test func `fifty follow one run`() throws {
            let id = try server.start(#"{"load":{"memory":"64MiB"},"for":"2s","interval":"100ms"}"#)
            let clients = try (0..<50).map { _ in try server.client() }
            for client in clients { client.request("GET", "/v1/runs/\(id)/events") }
            let logs = try clients.map { try $0.response().body }
            #expect(Set(logs).count == 1)
            // On a machine that is busy a target may be missed, which is no matter here.
            #expect(["met", "not_met"].contains(try server.run(id)["verdict"] as? String))
        }

        @Test func `metrics tell of the run that goes on`() throws {
            let id = try server.start(#"{"load":{"memory":"64MiB"},"for":"60s","interval":"100ms"}"#)
            #expect(try eventually { try achieved(id) >= 67_108_864 })
            let metrics = try server.call("GET", "/metrics")
            #expect(metrics["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8")
            let run = "run_id=\"\(id)\""
            for line in [
                "exert_stressor_target_bytes{\(run),stressor=\"memory\",kind=\"memory\"} 67108864",
                "exert_stressor_achieved_bytes{\(run),stressor=\"memory\",kind=\"memory\"} 67108864",
                "exert_stressor_error_ratio{\(run),stressor=\"memory\",kind=\"memory\"} 0",
                "exert_run_info{\(run),profile=\"command-line\"} 1", "exert_runs{state=\"running\"} 1",
                "exert_run_phase{\(run),phase=\"load\",index=\"0\"} 1", "exert_run_length_seconds{\(run)} 60",
            ] { #expect(metrics.text.contains(line + "\n"), "\(line)\n\(metrics.text)") }
            for name in [
                "exert_build_info", "exert_host_cpu_busy_ratio", "exert_http_requests_total", "process_open_fds",
                "process_resident_memory_bytes", "process_cpu_seconds_total", "process_start_time_seconds",
            ] { #expect(metrics.text.contains("\n# TYPE \(name) ") || metrics.text.contains("# TYPE \(name) ")) }
            _ = try server.call("DELETE", "/v1/runs/\(id)")
            let after = try server.call("GET", "/metrics").text
            #expect(after.contains("exert_runs_total{verdict=\"aborted\"} 1\n") && !after.contains(run))
        }
    }
}
#endif
