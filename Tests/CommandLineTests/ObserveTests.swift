// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Runs that another program drives, and leases.
@Suite struct ObserveTests {
    /// `exert observe` with pipes.
    private final class Driven {
        let process = Process()
        private let input = Pipe()
        private let output = Pipe()
        private var buffer = Data()

        init(load: [String: String], length: String = "60s", _ more: [String: Any] = [:]) throws {
            // What other tests spawn meanwhile must not hold the pipe open.
            for pipe in [input, output] {
                for handle in [pipe.fileHandleForReading, pipe.fileHandleForWriting] {
                    _ = fcntl(handle.fileDescriptor, F_SETFD, FD_CLOEXEC)
                }
            }
            process.executableURL = URL(fileURLWithPath: Exert.path)
            process.arguments = ["observe"]
            process.standardInput = input
            process.standardOutput = output
            try process.run()
            let request: [String: Any] = ["file": "<x>", "load": load, "set": [:], "labels": [:], "length": length]
            try send(["id": 1, "start": request.merging(more) { $1 }])
        }

        deinit { process.terminate() }

        func send(_ command: [String: Any]) throws {
            let line = try JSONSerialization.data(withJSONObject: command) + Data("\n".utf8)
            try input.fileHandleForWriting.write(contentsOf: line)
        }

        func hangUp() throws { try input.fileHandleForWriting.close() }

        /// The next line; `nil` after the last one.
        func line() throws -> [String: Any]? {
            while true {
                if let end = buffer.firstIndex(of: 0x0A) {
                    let line = buffer[..<end]
                    buffer = Data(buffer[(end + 1)...])
                    return try JSONSerialization.jsonObject(with: line) as? [String: Any]
                }
                let more = output.fileHandleForReading.availableData
                if more.isEmpty { return nil }
                buffer += more
            }
        }

        /// The next line that has the member, or is the event, `name`.
        func next(_ name: String) throws -> [String: Any] {
            while let line = try line() {
                if line[name] != nil || line["event"] as? String == name { return line }
            }
            throw RunningExert.Failure(message: "no \(name)")
        }

        var stressors: Set<Int32> { Processes.stressors(of: process.processIdentifier) }
    }

    private static func end(_ driven: Driven) throws -> (event: [String: Any], code: Int) {
        let event = try driven.next("run_ended")
        let ended = try driven.next("ended").object("ended")
        driven.process.waitUntilExit()
        let code = try #require(ended["exitCode"] as? Int)
        #expect(Int(driven.process.terminationStatus) == code)
        #expect((ended["text"] as? String)?.contains("exit \(code)") == true)
        return (event, code)
    }

    @Test func `loads follow orders, pause and resume, and what was asked is met`() throws {
        let driven = try Driven(load: ["cpu": "0.1 cores", "memory": "40MiB"], length: "7s")
        #expect(try driven.next("done").object("done").object("outline")["lengthSeconds"] as? Double == 7)
        _ = try driven.next("sample")
        try driven.send(["id": 2, "load": ["cpu": "0.3 cores", "memory": "80MiB"]])
        #expect(try driven.next("done").object("done")["id"] as? Int == 2)
        func settled(_ stressor: String, _ target: Double, _ tolerance: Double) throws {
            // The first sample holds the change, the second is after it.
            _ = try driven.next("sample")
            let reading = try driven.next("sample").object("stressors").object(stressor)
            #expect(abs(try reading.number("target") - target) < 1e-6)
            #expect(abs(try reading.number("achieved") - target) < tolerance, "\(reading)")
        }
        try settled("cpu", 0.3, 0.05)
        try driven.send(["id": 3, "state": "paused"])
        #expect(try driven.next("paused").number("from_s") > 0)
        try settled("memory", 0, 1_048_576)
        try driven.send(["id": 4, "state": "running", "load": ["cpu": "0.2 cores"]])
        #expect(try driven.next("done").object("done")["id"] as? Int == 4)
        let (event, _) = try Self.end(driven)
        let changes = try #require(event["changes"] as? [[String: Any]])
        #expect(
            changes.compactMap { $0["change"] as? String }
                == ["retargeted", "retargeted", "paused", "retargeted", "resumed"])
        #expect(event["guard_tripped"] is NSNull && event["lease_expired"] is NSNull)
    }

    @Test func `wrong orders are refused and change nothing`() throws {
        let driven = try Driven(load: ["cpu": "0.1 cores"])
        _ = try driven.next("phase_started")
        for (order, kind, words) in [
            (["load": ["disk": "1"]], "invalid", "no stressor 'disk'; it has: cpu"),
            (["load": ["cpu": "50"]], "invalid", "has no unit"),
            (["load": ["cpu": "ramp to 1GiB"]], "invalid", "amount of bytes"),
            (["load": ["cpu": "0.2 cores", "x": "1"]], "invalid", "no stressor 'x'"),
            (["renew": true], "conflict", "no lease"),
        ] as [([String: Any], String, String)] {
            try driven.send(order.merging(["id": 9]) { $1 })
            let refusal = try driven.next("refused").object("refused").object("refusal")
            #expect(refusal["kind"] as? String == kind)
            #expect((refusal["message"] as? String)?.contains(words) == true, "\(refusal)")
        }
        try driven.send(["id": 10, "stop": true])
        let (event, code) = try Self.end(driven)
        #expect(code == 143 && (event["changes"] as? [Any])?.isEmpty == true)
    }

    @Test func `who drives it hangs up, and all is released within a second`() throws {
        let driven = try Driven(load: ["cpu": "0.1 cores", "memory": "40MiB"])
        _ = try driven.next("sample")
        let stressors = driven.stressors
        #expect(stressors.count == 2)
        try driven.hangUp()
        #expect(eventually(within: 1) { !stressors.contains(where: Processes.isAlive) })
        _ = try Self.end(driven)
    }

    @Test func `what cannot be run is told with its places, and nothing is started`() throws {
        let profile = "phases:\n  - { name: a, for: 5s, load: { cpu: 50 } }\n"
        let driven = try Driven(load: [:], ["profile": profile])
        let refusal = try driven.next("refused").object("refused").object("refusal")
        let diagnostic = try #require((refusal["diagnostics"] as? [[String: Any]])?.first)
        #expect(refusal["kind"] as? String == "invalid" && diagnostic["line"] as? Int == 2)
        #expect(try driven.line() == nil)
        driven.process.waitUntilExit()
        #expect(driven.process.terminationStatus == 64)
    }

    @Test func `safety rules allow what they name, and no more`() throws {
        let folder = try ScratchFolder()
        typealias Texts = [String: String]
        func answer(_ load: Texts, _ set: Texts, _ directories: [String]) throws -> [String: Any] {
            let rules: [String: Any] = [
                "directories": directories, "cgroups": ["/a/b"], "allowsProcesses": false,
            ]
            let driven = try Driven(load: load, length: "1s", ["set": set, "rules": rules])
            defer { try? driven.hangUp() }
            return try #require(try driven.line())
        }
        func kind(_ answer: [String: Any]) throws -> String? {
            try answer.object("refused").object("refusal")["kind"] as? String
        }
        let space = ["disk-space": "1MiB"]
        #expect(try kind(answer(space, ["disk-space.directory": "/var/tmp"], [folder.path])) == "forbidden")
        #expect(try kind(answer(space, [:], [])) == "forbidden")
        #expect(
            try kind(answer(space, ["disk-space.directory": folder.path + "/../.."], [folder.path])) == "forbidden")
        let process = ["file-handles.target.pid": "1"]
        #expect(try kind(answer(["file-handles": "leave 10"], process, ["/"])) == "forbidden")
        for group in ["/", "/a", "/a/bc", "/a/b/../c"] {
            #expect(try kind(answer(["cpu": "10%"], ["cpu.cgroup": group], ["/"])) == "forbidden")
        }
        // Allowed, and not there.
        #expect(try kind(answer(["cpu": "10%"], ["cpu.cgroup": "/a/b/pod-1"], ["/"])) == "invalid")
        #expect(try answer(["cpu": "10%"], [:], [])["done"] != nil)
    }

    @Test func `a lease that nobody renews ends the run, and one that is renewed does not`() throws {
        let folder = try ScratchFolder()
        let beat = try folder.write("", to: "beat")
        let load = ["run", "--load", "cpu=0.1 cores", "--lease", "1s", "--heartbeat"]
        let left = try Exert.run(load + [beat, "--for", "20s", "--log", "-"])
        #expect(left.code == 3 && left.output.contains("\"lease_expired\""))
        #expect(left.error.contains("nobody renewed"))
        let kept = try Exert.start(load + [beat, "--for", "2500ms"])
        #expect(
            eventually(within: 20, every: 0.2) {
                utimes(beat, nil)
                return !kept.isRunning
            })
        #expect(try kept.wait(limit: 1).code == 0)
    }

    @Test(
        arguments: [
            (["--lease", "10s"], "--heartbeat FILE"), (["--heartbeat", "f"], "--lease"),
            (["--lease", "0s", "--heartbeat", "f"], "1s to 24h"), (["--lease", "x", "--heartbeat", "f"], "--lease x"),
        ])
    func `a lease without a heartbeat, and the other way, is bad usage`(flags: [String], words: String) throws {
        let result = try Exert.run(["run", "--load", "cpu=10%", "--for", "1s"] + flags)
        #expect(result.code == 64 && result.error.contains(words), "\(result.error)")
        #expect(result.stressors.isEmpty)
    }
}
