// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

@testable import Profiles

struct ProbeNotationTests {
    static let phases = """
        phases:
          - { name: steady, for: 1m }
          - { name: squeeze, for: 2m, load: { cpu: 50% } }
          - { name: recover, for: 1m }

        """

    /// A profile that has everything once.
    static let whole =
        phases + """
            probes:
              checkout:
                http: https://localhost:8443/cart?a=1#top
                every: 50ms
                timeout: 2s
                good: status 200-299, 404 and body contains "a and b" and json .items.0."x y".state != -1.5 and in 300ms
                headers: { Authorization: env:TOKEN, X-Key: file:key.txt, Accept: text/plain }
                verify: false
                server-name: shop.example.com
                connection: new
              trust: { http: "https://localhost/", ca: ca.pem }
              post:  { http: "http://[::1]:80/", body: hello, method: put, good: [in 10ms, "200, 301-302"] }
              short: unix:/run/app.sock:/healthz
              pg:    { tcp: "localhost:5432", send: PING, expect: PONG, good: in 5ms }
              sock:  { tcp: unix:/run/pg.sock }
              name:  { dns: db.example.com, expect: 10.0.0.1 }
              lag:   { command: [/usr/bin/app, --lag, 3], value: seconds, every: 5s, timeout: 3s }
              up:    { command: ["true"] }
              rpc:   { grpc: "localhost:50051", service: shop.Cart }
              total: { prometheus: "http://localhost:9090", query: sum(up), value: bytes }
              daemon: { pid: 1234 }
              nginx: { unit: nginx.service }
            objectives:
              - checkout 99% good before
              - checkout 99.9 % good seconds during squeeze, from settled over 10s
              - checkout p95 < 300ms during "squeeze"
              - checkout p99.9<=before+20% after
              - checkout p50 <= before - 5 % during load
              - checkout recovers within 30s
              - post within 2m of squeeze
              - post within 1m
              - lag p95 <= 5s always
              - lag mean < 1m30s
              - total mean >= 64 MiB after

            """

    @Test func readsEveryKind() throws {
        let profile = try TestManifests.profile(Self.whole, file: "dir/p.yaml")
        #expect(
            profile.probes.map(\.name).joined(separator: " ")
                == "checkout trust post short pg sock name lag up rpc total daemon nginx")
        let probes = Dictionary(uniqueKeysWithValues: profile.probes.map { ($0.name, $0) })
        let checkout = try #require(probes["checkout"])
        #expect(checkout.every == 50 * .millisecond && checkout.timeout == 2 * .second)
        #expect(checkout.goodWithin == 300 * .millisecond && checkout.unit == nil)
        #expect(checkout.mark == SourceMark(line: 6, column: 3))
        guard case .http(let http) = checkout.question else {
            Issue.record("\(checkout.question)")
            return
        }
        #expect(http.endpoint == .host("localhost", port: 8443) && http.host == "localhost:8443")
        #expect(http.path == "/cart?a=1" && http.security == .unverified && !http.keepsConnection)
        #expect(http.serverName == "shop.example.com" && checkout.isEncrypted && checkout.isUnverified)
        let trust = try #require(probes["trust"])
        #expect(trust.question.http?.security == .verified(authorities: "dir/ca.pem") && !trust.isUnverified)
        #expect(probes["post"]?.isEncrypted == false)
        #expect(http.goodStatus == [200...299, 404...404] && http.bodyContains == "a and b" && http.method == "GET")
        #expect(
            http.json
                == JSONCondition(
                    path: [.name("items"), .index(0), .name("x y"), .name("state")], comparison: .notEqual,
                    value: .number(-1.5)))
        #expect(
            http.headers == [
                .init(name: "Authorization", value: .environment("TOKEN")),
                .init(name: "X-Key", value: .file("dir/key.txt")), .init(name: "Accept", value: .text("text/plain")),
            ])
        guard case .http(let post) = probes["post"]?.question, case .http(let short) = probes["short"]?.question else {
            Issue.record("no http")
            return
        }
        #expect(post.method == "PUT" && post.endpoint == .host("::1", port: 80) && post.body == "hello")
        #expect(post.goodStatus == [200...200, 301...302] && post.keepsConnection)
        #expect(short.endpoint == .unix(path: "/run/app.sock") && short.path == "/healthz")
        #expect(probes["short"]?.every == 100 * .millisecond && probes["short"]?.timeout == .second)
        #expect(
            probes["pg"]?.question
                == .tcp(endpoint: .host("localhost", port: 5432), send: "PING", expect: "PONG"))
        #expect(probes["pg"]?.goodWithin == 5 * .millisecond)
        #expect(probes["sock"]?.question == .tcp(endpoint: .unix(path: "/run/pg.sock"), send: nil, expect: nil))
        #expect(probes["name"]?.question == .dns(name: "db.example.com", expect: "10.0.0.1"))
        #expect(probes["lag"]?.question == .command(arguments: ["/usr/bin/app", "--lag", "3"], readsNumber: true))
        #expect(probes["lag"]?.unit == .seconds)
        #expect(probes["up"]?.question == .command(arguments: ["true"], readsNumber: false))
        #expect(
            probes["rpc"]?.question == .grpc(endpoint: .host("localhost", port: 50051), service: "shop.Cart"))
        #expect(probes["daemon"]?.question == .process(id: 1234))
        #expect(probes["nginx"]?.question == .unit(name: "nginx.service"))
        guard case .prometheus(let server, let query) = probes["total"]?.question else {
            Issue.record("no prometheus")
            return
        }
        #expect(
            query == "sum(up)" && server.endpoint == .host("localhost", port: 9090) && probes["total"]?.unit == .bytes)
    }

    @Test func readsObjectives() throws {
        let wanted = try TestManifests.profile(Self.whole).objectives.map(\.wanted)
        let atLeast99 = Objective.Limit.fixed(.atLeast, 0.99)
        #expect(wanted[0] == .keeps(.goodProbes, atLeast99, .before, window: nil, fromSettled: false))
        #expect(
            wanted[1]
                == .keeps(
                    .goodSeconds, .fixed(.atLeast, 99.9 / 100), .during("squeeze"), window: 10 * .second,
                    fromSettled: true))
        #expect(
            wanted[2]
                == .keeps(.percentile(0.95), .fixed(.below, 0.3), .during("squeeze"), window: nil, fromSettled: false))
        #expect(
            wanted[3]
                == .keeps(.percentile(99.9 / 100), .ofBefore(.atMost, 1.2), .after, window: nil, fromSettled: false))
        #expect(
            wanted[4]
                == .keeps(.percentile(0.5), .ofBefore(.atMost, 0.95), .duringLoad, window: nil, fromSettled: false))
        #expect(wanted[5] == .recovers(within: 30 * .second))
        #expect(wanted[6] == .becomesGood(within: 120 * .second, of: "squeeze"))
        #expect(wanted[7] == .becomesGood(within: 60 * .second, of: nil))
        #expect(
            wanted[8] == .keeps(.percentile(0.95), .fixed(.atMost, 5), .always, window: nil, fromSettled: false))
        #expect(wanted[9] == .keeps(.mean, .fixed(.below, 90), .duringLoad, window: nil, fromSettled: false))
        #expect(
            wanted[10] == .keeps(.mean, .fixed(.atLeast, 0x1p26), .after, window: nil, fromSettled: false))
    }

    @Test func readsFlags() throws {
        let profile = try ProfileReader.profile(
            loads: ["cpu=50%"],
            settings: [
                "checkout.every=50ms", "checkout.good=status 200", "checkout.headers.X-Key=env:KEY", "cpu.method=simd",
                "checkout.ca=ca.pem", "checkout.verify=true",
            ], length: "30s", probes: ["checkout=https://localhost/", "db=tcp://localhost:5432", "z=dns:a.b"],
            objectives: ["checkout 99% good", "checkout p95 < 300ms during load from settled"],
            manifests: TestManifests.all, readFile: { _ in Array(TestManifests.authorities.utf8) })
        #expect(profile.probes.map(\.name) == ["checkout", "db", "z"])
        #expect(profile.probes[0].every == 50 * .millisecond)
        guard case .http(let http) = profile.probes[0].question else {
            Issue.record("no http")
            return
        }
        #expect(http.security == .verified(authorities: "ca.pem"))
        #expect(http.goodStatus == [200...200] && http.headers == [.init(name: "X-Key", value: .environment("KEY"))])
        #expect(profile.objectives.count == 2)
        #expect(
            profile.objectives[1].wanted
                == .keeps(.percentile(0.95), .fixed(.below, 0.3), .during("load"), window: nil, fromSettled: true))
    }

    @Test func tellsEveryProblemOfTheFlags() {
        do throws(ProfileErrors) {
            _ = try ProfileReader.profile(
                loads: ["cpu=50%"], settings: ["checkout.evry=50ms", "checkout.good=sttus 200", "chekout.every=1s"],
                length: "30s",
                probes: [
                    "checkout=http://localhost/", "checkout=dns:x", "cpu=dns:x", "x=ftp://a", "9=dns:x", "y",
                    "s=http://joe:secret@localhost/",
                ],
                objectives: ["chekout 99% good", "checkout 99% good before", "checkout 99% good after"],
                manifests: TestManifests.all, readFile: { _ in [] })
            Issue.record("no problem")
        } catch {
            let text = error.description
            for part in [
                "'evry' in probe 'checkout'; did you mean 'every'?", "did you mean 'status'?",
                "unknown kind 'chekout'; did you mean 'checkout'?", "there is a probe 'checkout' already",
                "'cpu' is the name of a kind of stressor", "'ftp://a' is nothing that probe 'x' could ask",
                "'9' cannot name a probe", "--probe y: write it as NAME=URL",
                "unknown probe 'chekout'; did you mean 'checkout'?", "'before' needs time without a load",
                "'after' needs time behind the last load", "--probe s: a URL with a name or a password",
            ] { #expect(text.contains(part), "\(part) is not in:\n\(text)") }
            #expect(!text.contains("secret"))
            #expect(error.diagnostics.count == 12, "\(text)")
        }
    }
}
