// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import Testing

extension LightCommands {
    /// Probes of `exert serve` over https.
    @Suite(.serialized)
    struct HTTPS {
        private let folder: ScratchFolder
        private var certificate: String { folder.path + "/c.pem" }
        private var key: String { folder.path + "/k.pem" }

        init() throws {
            folder = try ScratchFolder()
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments = [
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                "1", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out",
                certificate,
            ]
            process.standardError = FileHandle.nullDevice
            try process.run()
            process.waitUntilExit()
            try #require(process.terminationStatus == 0)
        }

        private func service() throws -> Service {
            try Service(["--tls-certificate", certificate, "--tls-key", key])
        }

        @Test func `a kept connection takes one handshake for a hundred requests, a new one takes its own`() throws {
            let service = try service()
            for (connection, every, due, handshakes) in [("keep", "30ms", 100, 1...4), ("new", "300ms", 10, 10...10)] {
                // One; but an answer that takes longer than a period has the next one asked over another connection.
                let isSo = try (0..<3).contains { _ in
                    let relay = try Relay(to: service.port)
                    defer { relay.end() }
                    let result = try Exert.run([
                        "probe", "https://localhost:\(relay.port)/healthz", "--ca", certificate, "--every", every,
                        "--for", "3s", "--connection", connection, "-q",
                    ])
                    return result.code == 0 && result.output.contains("\(due) of \(due) good")
                        && handshakes.contains(relay.connections)
                }
                #expect(isSo, "\(connection)")
            }
        }

        @Test func `a run asks over https, and says what it does not verify and what does not hold`() throws {
            let service = try service()
            let url = "https://localhost:\(service.port)/healthz"
            let profile = try folder.write(
                """
                phases:
                  - { name: squeeze, for: 3s, load: { cpu: 10% } }
                probes:
                  web: { http: "\(url)", every: 50ms, timeout: 2s, ca: c.pem }
                  blind: { http: "\(url)", verify: false, timeout: 2s }
                  strict: { http: "\(url)", timeout: 2s }
                objectives:
                  - web 90% good
                """, to: "p.yaml")
            let plan = try Exert.run(["check", profile])
            #expect(plan.code == 0 && plan.output.contains("certificate not verified"), "\(plan.output)")
            let log = folder.path + "/log"
            let result = try Exert.run(["run", profile, "--log", log, "-q"])
            #expect(result.code == 0, "\(result.output)\(result.error)")
            #expect(result.output.contains("probe 'blind' does not verify"), "\(result.output)")
            #expect(result.output.contains("'strict' failed at TLS: no authority"), "\(result.output)")
            let lines = try ExperimentLog(file: log)
            let probes = try #require(lines.end()["probes"] as? [[String: Any]])
            let outcomes = probes.compactMap { ($0["outcomes"] as? [String: Int])?.keys.sorted() }
            #expect(outcomes.count == 3 && outcomes[0] == ["good"] && outcomes[2] == ["tls"], "\(outcomes)")
            let schema = try MiniSchema(Exert.run(["schema", "log"]).output)
            for line in try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n") {
                #expect(try schema.accepts(line), "\(line)")
            }
        }

        @Test func `authorities that are not there are told with their place, and nothing starts`() throws {
            _ = try folder.write("", to: "empty.pem")
            for (file, problem) in [("none.pem", "cannot read the authorities"), ("empty.pem", "is empty")] {
                let profile = try folder.write(
                    """
                    phases: [{ name: p, for: 3s, load: { cpu: 10% } }]
                    probes:
                      web: { http: "https://localhost:1/", ca: \(file) }
                    """, to: "p.yaml")
                for command in ["check", "run"] {
                    let result = try Exert.run([command, profile])
                    #expect(result.code == 64 && result.stressors.isEmpty)
                    #expect(
                        result.error.contains("p.yaml:3:44: error: ") && result.error.contains(problem),
                        "\(result.error)")
                }
            }
        }
    }
}

/// Passes bytes on to a service on loopback, and counts the connections.
private final class Relay: Sendable {
    let port: UInt16
    private let listener: Int32
    private let count = Atomic(0)

    var connections: Int { count.load(ordering: .relaxed) }

    init(to service: UInt16) throws {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = Self.loopback(0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutableBytes(of: &address) { [listener] bytes in
            let pointer = bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self)
            return bind(listener, pointer, length) == 0 && getsockname(listener, pointer, &length) == 0
        }
        try #require(isBound && listen(listener, 128) == 0)
        port = UInt16(bigEndian: address.sin_port)
        Thread.detachNewThread { [self] in
            while true {
                let client = accept(listener, nil, nil)
                if client < 0 { return }
                count.add(1, ordering: .relaxed)
                let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
                var address = Self.loopback(service)
                _ = withUnsafeMutableBytes(of: &address) { bytes in
                    connect(
                        server, bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count))
                }
                for (from, to) in [(client, server), (server, client)] {
                    Thread.detachNewThread { Self.pass(from, to) }
                }
            }
        }
    }

    func end() { shutdown(listener, Int32(SHUT_RDWR)) }

    deinit { close(listener) }

    private static func pass(_ from: Int32, _ to: Int32) {
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let got = read(from, &buffer, buffer.count)
            guard got > 0, send(to, buffer, got, Int32(MSG_NOSIGNAL)) == got else { break }
        }
        // The other direction ends with it; the descriptors go with the test's process.
        shutdown(to, Int32(SHUT_RDWR))
        shutdown(from, Int32(SHUT_RDWR))
    }

    private static func loopback(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        address.sin_port = port.bigEndian
        return address
    }
}
