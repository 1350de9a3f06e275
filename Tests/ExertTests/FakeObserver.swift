// SPDX-License-Identifier: Apache-2.0

import Exert
import Foundation

/// A script that stands for the observer, to answer what a real one never would.
final class FakeObserver: Sendable {
    let path: String

    /// The script gets the start command on its first line of standard input.
    init(_ script: String) throws {
        path = NSTemporaryDirectory() + "exert-fake-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
        try Data("#!/bin/sh\nread -r start\n\(script)\n".utf8).write(to: URL(fileURLWithPath: path + ".text"))
        defer { try? FileManager.default.removeItem(atPath: path + ".text") }
        // Copied by another process: had this one ever written to the file, a child that another test spawns meanwhile
        // might have it open still, and what is open for writing cannot be executed.
        let copy = Process()
        copy.executableURL = URL(fileURLWithPath: "/usr/bin/install")
        copy.arguments = ["-m", "700", path + ".text", path]
        try copy.run()
        copy.waitUntilExit()
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The answer of an observer that starts.
    static let started = """
        echo '{"done":{"id":0,"outline":{"runID":"R","profile":"p","lengthSeconds":9,"phases":[],"stressors":{},\
        "probes":[],"objectives":[],"guards":[],"labels":{}}}}'
        """

    /// A line of the log.
    static func event(_ name: String, _ members: String = "") -> String {
        #"echo '{"schema":"exert-log/1","time":"2026-11-22T18:28:03.000000000Z","event":""# + name
            + #"","elapsed_s":1"# + members + "}'"
    }

    static func ended(exitCode: Int) -> String {
        #"echo '{"ended":{"exitCode":\#(exitCode),"text":"report","json":"{}"}}'"#
    }
}

/// Looks again and again until `condition` holds; `false` where it does not within `limit` seconds.
func eventually(within limit: Double = 5, _ condition: () async -> Bool) async -> Bool {
    let deadline = Date().addingTimeInterval(limit)
    while true {
        if await condition() { return true }
        if Date() > deadline { return false }
        try? await Task.sleep(for: .milliseconds(10))
    }
}

/// Why a start was refused; `nil` where it was not.
func refusal(of request: RunRequest, executable: String? = nil) async -> Refusal? {
    do throws(Refusal) {
        _ = try await Run.start(request, executable: executable)
        return nil
    } catch {
        return error
    }
}
