// SPDX-License-Identifier: Apache-2.0

#if Server
import Foundation
import Testing

/// A running `exert serve`; it is killed when the test lets go of it.
final class ServerProcess {
    private let process = Process()
    private let errors = Pipe()
    private var said = ""

    /// What it says that it listens on.
    private(set) var url = ""

    static let binary: String = {
        let bundle = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return (bundle as NSString).deletingLastPathComponent + "/exert"
    }()

    static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    /// Starts a server on a free port, unless `arguments` say where, and waits until it listens.
    ///
    /// - Parameter wrapper: a command that replaces itself by what stands behind it.
    init(
        _ arguments: [String] = [], environment: [String: String] = [:], listen: String = "127.0.0.1:0",
        wrapper: [String] = []
    ) throws {
        let defaults = ["--listen", listen, "--profiles", Self.repository + "/profiles"]
        // What is given twice is as it was given last.
        let command = wrapper + [Self.binary, "serve"] + defaults + arguments
        process.executableURL = URL(fileURLWithPath: command[0])
        process.arguments = Array(command.dropFirst())
        process.currentDirectoryURL = URL(fileURLWithPath: NSTemporaryDirectory())
        var variables = ProcessInfo.processInfo.environment
        variables["EXERT_TOKEN"] = nil
        process.environment = variables.merging(environment) { $1 }
        process.standardError = errors
        process.standardOutput = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try process.run()
        while !said.contains("listening on"), process.isRunning || !said.contains("\n") { guard read() else { break } }
        guard let line = said.split(separator: "\n").first(where: { $0.contains("listening on ") }) else { return }
        url = line.split(separator: " ").first { $0.hasPrefix("http") || $0.hasPrefix("unix:") }.map(String.init) ?? ""
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }

    /// Reads more of what it says; `false` where it has ended.
    private func read() -> Bool {
        let bytes = errors.fileHandleForReading.availableData
        said += String(decoding: bytes, as: UTF8.self)
        return !bytes.isEmpty
    }

    var id: Int32 { process.processIdentifier }

    var address: HTTPClient.Address {
        if url.hasPrefix("unix:") { return .path(String(url.dropFirst(5))) }
        return .port(url.split(separator: ":").last.flatMap { UInt16($0) } ?? 0)
    }

    func client() throws -> HTTPClient { try HTTPClient(address) }

    /// One request on a connection of its own.
    func call(
        _ method: String, _ path: String, headers: [String: String] = [:], body: String? = nil
    ) throws -> HTTPClient.Response {
        try client().call(method, path, headers: headers, body: body)
    }

    /// A request with a JSON body.
    func call(_ method: String, _ path: String, json: String) throws -> HTTPClient.Response {
        try call(method, path, headers: ["Content-Type": "application/json"], body: json)
    }

    /// Starts a run and returns its id.
    func start(_ json: String) throws -> String {
        let response = try call("POST", "/v1/runs", json: json)
        guard response.code == 201, let id = try response.json()["id"] as? String else {
            throw HTTPClient.Failure(message: "\(response.code) \(response.text)")
        }
        return id
    }

    func run(_ id: String) throws -> [String: Any] { try call("GET", "/v1/runs/\(id)").json() }

    func send(_ signal: Int32) { kill(id, signal) }

    /// Waits for its end: the exit code, 128 and the signal where one ended it, and all that it said.
    func wait(limit: Double = 10) throws -> (code: Int32, said: String) {
        guard eventually(within: limit, { !process.isRunning }) else {
            throw HTTPClient.Failure(message: "still running after \(limit) s: \(said)")
        }
        while read() {}
        let code = process.terminationStatus
        return (process.terminationReason == .exit ? code : 128 + code, said)
    }
}

/// Looks again and again until `condition` holds; `false` where it does not within `limit` seconds.
func eventually(within limit: Double = 10, _ condition: () throws -> Bool) rethrows -> Bool {
    let deadline = Date().addingTimeInterval(limit)
    while true {
        if try condition() { return true }
        if Date() > deadline { return false }
        usleep(10_000)
    }
}
#endif
