// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// An authority and certificates of it, made by openssl(1) in a folder that goes with them.
final class Certificates {
    /// The authority's certificate.
    var authority: String { folder + "/ca.pem" }
    private let folder = NSTemporaryDirectory() + "exert-tls-\(UUID().uuidString)"

    init() throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try make(["req", "-x509", "-days", "2", "-subj", "/CN=ca", "-out", authority], key: "ca")
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    private static let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout"]

    private func make(_ words: [String], key: String) throws {
        try openssl(words.prefix(1) + Self.curve + [folder + "/\(key).key"] + words.dropFirst())
    }

    /// A server's certificate.
    ///
    /// - Parameters:
    ///   - names: such as `DNS:localhost`.
    ///   - days: for how long it is valid from now on; -1 is the day before.
    func issue(_ names: String, days: Int = 2) throws -> Pair {
        let base = folder + "/" + UUID().uuidString
        try make(["req", "-subj", "/CN=server", "-out", base + ".csr"], key: (base as NSString).lastPathComponent)
        try Data("subjectAltName=\(names)\n".utf8).write(to: URL(fileURLWithPath: base + ".ext"))
        try openssl([
            "x509", "-req", "-in", base + ".csr", "-CA", authority, "-CAkey", folder + "/ca.key", "-days", "\(days)",
            "-extfile", base + ".ext", "-out", base + ".pem",
        ])
        return Pair(certificate: base + ".pem", key: base + ".key")
    }

    /// A certificate that is its own authority.
    func selfSigned() throws -> Pair {
        let names = "subjectAltName=DNS:localhost"
        try make(
            ["req", "-x509", "-days", "2", "-subj", "/CN=me", "-addext", names, "-out", folder + "/me.pem"], key: "me")
        return Pair(certificate: folder + "/me.pem", key: folder + "/me.key")
    }

    /// The files of a certificate and of its key.
    struct Pair {
        var certificate: String
        var key: String
    }

    private func openssl(_ words: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl"] + words
        let errors = Pipe()
        process.standardError = errors
        try process.run()
        let said = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "openssl \(words): \(said)")
    }
}

/// `openssl s_server` on a free port of loopback.
final class OpenSSLServer: Sendable {
    let port: UInt16
    private let process = Process()
    private let input = Pipe()

    /// - Parameter options: such as `-www`, which answers each request; without it what is written is sent.
    init(_ pair: Certificates.Pair, _ options: [String]) throws {
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments =
            ["openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", pair.certificate, "-key", pair.key] + options
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        process.standardInput = input
        try process.run()
        var said = ""
        while !said.contains("ACCEPT") || !said.hasSuffix("\n") {
            let more = output.fileHandleForReading.availableData
            if more.isEmpty { break }
            said += String(decoding: more, as: UTF8.self)
        }
        // Whatever it says later, nobody reads.
        output.fileHandleForReading.readabilityHandler = { _ = $0.availableData }
        let line = said.split(separator: "\n").first { $0.hasPrefix("ACCEPT") }
        port = try #require(line.flatMap { UInt16($0.split(separator: ":").last ?? "") }, "\(said)")
    }

    deinit { end() }

    /// Sends to whoever is connected.
    func write(_ text: String) { try? input.fileHandleForWriting.write(contentsOf: Data(text.utf8)) }

    /// Kills it: the kernel ends its connections, and nobody says so in TLS.
    func end() { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }
}
