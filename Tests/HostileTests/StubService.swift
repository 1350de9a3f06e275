// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The stub of `Benchmarks/probes` in a process of its own, which ends with its owner.
final class StubService {
    private let process = Process()
    private let port: Int

    init(in folder: String) throws {
        let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().path
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", repository + "/Benchmarks/probe_stub.py"]
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        // It ends where its input does, and ours is open as long as we are there.
        process.standardInput = Pipe()
        process.standardOutput = output
        try process.run()
        let line = output.fileHandleForReading.availableData
        guard let object = try? JSONSerialization.jsonObject(with: line) as? [String: Any],
            let port = object["port"] as? Int
        else { throw Failure("the service does not begin") }
        self.port = port
    }

    deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

    var id: Int32 { process.processIdentifier }
    var url: String { "http://127.0.0.1:\(port)/" }
}
