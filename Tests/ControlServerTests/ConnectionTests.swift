// SPDX-License-Identifier: Apache-2.0

#if Server
import Foundation
import Synchronization
import Testing

@testable import ControlServer

extension Servers {
    /// Callers who say nothing, or say it slowly.
    @Suite(.serialized)
    struct Callers {
        @Test(arguments: ["", "POST /v1/runs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{"])
        func `those who do not finish their request keep nobody from stopping`(beginning: String) throws {
            let server = try ServerProcess()
            let id = try server.start(#"{"load":{"memory":"16MiB"},"for":"60s"}"#)
            let silent = try (0..<400).map { _ in
                let client = try server.client()
                if !beginning.isEmpty { client.send(beginning) }
                return client
            }
            usleep(200_000)
            let begin = Date()
            #expect(try server.call("GET", "/healthz").code == 200)
            #expect(try server.call("POST", "/v1/runs/\(id)/renew").code == 200)
            #expect(Date().timeIntervalSince(begin) < 1)
            #expect(try server.call("POST", "/v1/stop").code == 200)
            #expect(Date().timeIntervalSince(begin) < 2, "the run's own end included")
            #expect(silent.count == 400)
        }

        @Test func `whoever says nothing is hung up on`() throws {
            let server = try ServerProcess()
            let (silent, slow) = (try server.client(), try server.client())
            slow.send("GET /healthz HTTP/1.1\r\nHost: ")
            let begin = Date()
            #expect(silent.isClosed() && slow.isClosed())
            #expect((5..<15).contains(Date().timeIntervalSince(begin)))
        }

        @Test(arguments: ["/openapi.json", "/healthz"])
        func `those who ask ahead and read nothing keep nobody from stopping`(path: String) throws {
            let server = try ServerProcess()
            _ = try server.start(#"{"load":{"memory":"16MiB"},"for":"60s"}"#)
            let ahead = String(repeating: "GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n", count: 300)
            let greedy = try (0..<200).map { _ in
                let client = try server.client()
                client.send(ahead)
                return client
            }
            let begin = Date()
            #expect(try server.call("POST", "/v1/stop").code == 200)
            // A debug build takes some ms for each of the first requests.
            #expect(Date().timeIntervalSince(begin) < 2)
            let pages = try String(contentsOfFile: "/proc/\(server.id)/statm", encoding: .utf8).split(separator: " ")[1]
            #expect(try #require(Int(pages)) * Int(sysconf(Int32(_SC_PAGESIZE))) < 100 << 20)
            #expect(greedy.count == 200)
        }

        @Test func `what was asked ahead is answered in order`() throws {
            let server = try ServerProcess()
            let client = try server.client()
            for _ in 0..<20 {
                client.send(
                    "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nGET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n")
            }
            for _ in 0..<20 {
                #expect(try client.response().code == 200)
                #expect(try client.response().code == 404)
            }
            #expect(server.id > 0, "it lives until here")
        }

        @Test func `whoever waits to be asked for the body is asked`() throws {
            let server = try ServerProcess()
            let client = try server.client()
            let body = #"{"load":{"cpu":"1%"},"for":"1s"}"#
            client.send(
                "POST /v1/runs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                    + "Expect: 100-continue\r\n"
                    + "Content-Length: \(body.utf8.count)\r\n\r\n")
            #expect(try client.head().code == 100)
            client.send(body)
            #expect(try client.response().code == 201)
            // Not where the answer is known without it.
            let large = try server.client()
            large.send(
                "POST /v1/runs HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 9999999\r\n\r\n")
            #expect(try large.head().code == 413)
            let odd = try server.client()
            odd.send("POST /v1/stop HTTP/1.1\r\nHost: localhost\r\nExpect: tea\r\nContent-Length: 1\r\n\r\n")
            #expect(try odd.head().code == 417)
        }
    }
}

@Suite struct ConnectionsTests {
    private final class Ends: Sendable {
        let numbers = Mutex<[Int]>([])
    }

    @Test func `the oldest of those that say nothing goes first, and whoever is answered last`() {
        let ends = Ends()
        let connections = Connections(limit: 3)
        func handle(_ number: Int, isStalled: Bool = false) -> Connections.Handle {
            .init(end: { ends.numbers.withLock { $0.append(number) } }, isStalled: { isStalled })
        }
        let first = connections.add(handle(1))
        _ = connections.add(handle(2, isStalled: true))
        _ = connections.add(handle(3))
        connections.enter(.answering, first)
        connections.enter(.answering, first + 1)
        _ = connections.add(handle(4))
        #expect(ends.numbers.withLock { $0 } == [3])
        connections.enter(.answering, first + 3)
        _ = connections.add(handle(5))
        #expect(ends.numbers.withLock { $0 } == [3, 2], "an answer that nobody takes")
        for _ in 0..<40 { connections.enter(.answering, connections.add(handle(6))) }
        // There is a reserve beside the limit, and an end to that.
        #expect(ends.numbers.withLock { $0.prefix(2) } == [3, 2])
        #expect(ends.numbers.withLock { $0.contains(6) && !$0.contains(1) })
        connections.remove(first)
        #expect(connections.count > 0)
    }
}
#endif
