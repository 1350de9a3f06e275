// SPDX-License-Identifier: Apache-2.0

import Foundation
import LoadModel
import Testing

@testable import Reporting

/// A container with a quota, a limit that cannot be read, and a dead network mount.
@Suite struct HostTests {
    private let schema = try! MiniSchema(HostSchema.jsonSchema())

    private func limit(_ state: HostLimit.State, _ value: Double?, _ levels: [HostLimit.Level]) -> HostLimit {
        var limit = HostLimit()
        limit.state = state
        limit.value = value
        limit.levels = levels
        let first = levels.first { $0.state == state }
        limit.source = first?.source
        limit.error = first?.error
        limit.hidesAncestors = false
        return limit
    }

    private func level(
        _ group: String, _ state: HostLimit.State, _ value: Double? = nil, _ file: String? = nil, _ error: String? = nil
    ) -> HostLimit.Level {
        .init(group: group, state: state, value: value, source: file.map { "\(group)/\($0)" }, error: error)
    }

    private var report: HostReport {
        var report = HostReport()
        report.identity.name = "pod\u{1B}[31m-7"
        report.identity.kernel = "6.1.0"
        report.identity.architecture = "x86_64"
        report.identity.hints = ["Kubernetes ($KUBERNETES_SERVICE_HOST)"]
        report.identity.virtualisedFiles = ["/proc/meminfo"]
        report.identity.namespaces = [
            .init(kind: "cgroup", state: "own", error: nil), .init(kind: "pid", state: "unknown", error: "EACCES"),
        ]
        report.cgroups.version = "v2"
        report.cgroups.namespace = "own"
        report.cgroups.controllers = [.init(name: "cpu", version: 2, group: "/sys/fs/cgroup", path: "/")]
        report.cpu.online = Sourced([0, 1, 2, 3, 8], source: "/sys/online")
        report.cpu.affinity = Sourced([0, 1], source: "sched_getaffinity")
        report.cpu.quota = limit(
            .limited, 0.5,
            [level("/g/app", .limited, 0.5, "cpu.max"), level("/g", .unreadable, nil, "cpu.max", "EACCES")])
        report.cpu.usable = 0.5
        report.memory.total = Sourced(1 << 30, source: "/proc/meminfo MemTotal")
        report.memory.available = Sourced(nil, source: "/proc/meminfo MemAvailable", error: "ENODATA")
        report.memory.limit = limit(.unreadable, nil, [level("/g/app", .unreadable, nil, "memory.max", "EISDIR")])
        report.memory.swapLimit = limit(.unlimited, nil, [level("/g/app", .unlimited)])
        report.handles.soft = Sourced(nil, source: "/proc/self/limits Max open files, soft")
        report.handles.hard = Sourced(nil, source: "/proc/self/limits Max open files, hard", error: "EACCES")
        report.pressures = [
            .init(
                resource: "cpu", scope: "host", some: Sourced(nil, source: "/proc/pressure/cpu", error: "EOPNOTSUPP"),
                full: Sourced(nil, source: "/proc/pressure/cpu", error: "EOPNOTSUPP"))
        ]
        var root = HostReport.FileSystem(point: "/", type: "overlay", device: "overlay")
        root.isReadOnly = true
        root.space = .init(
            total: 10 << 30, used: 4 << 30, available: 5 << 30, reserved: 1 << 30, inodes: 0, inodesAvailable: 0)
        root.refusal = "mounted read-only"
        var dead = HostReport.FileSystem(point: "/mnt", type: "nfs4", device: "server:/x")
        dead.problem = "not asked: nfs4 may never answer; name it with --directory"
        report.fileSystems = [root, dead]
        report.techniques = [
            HostTechnique(
                name: "io_uring", purpose: "disk bandwidth", isAvailable: false, verifiedBy: "a ring",
                detail: "refused",
                error: "EPERM", fallback: "threads", figures: []),
            HostTechnique(
                name: "timer", purpose: "start on time", isAvailable: true, verifiedBy: "sleeping",
                detail: "50 µs late",
                error: nil, fallback: "none", figures: [.init(name: "lateness_p50_ns", value: 50_000)]),
        ]
        report.directories = [
            .init(path: "/gone", type: nil, problem: "there is no directory '/gone'", techniques: [])
        ]
        report.undo.directory = "/var/lib/exert"
        report.undo.records = ["held", "left", "stuck", "foreign"].map { state in
            var record = HostReport.Undo.Record(path: "/var/lib/exert/undo-\(state)", state: state)
            if state != "foreign" { record.effect = "remove the file /a/\u{1B}[2J.exert-\(state)" }
            record.owner = "process 71, run 01RUN"
            record.processID = 71
            record.reason = state == "left" ? nil : "it is \(state)"
            return record
        }
        return report
    }

    private func text(_ style: TextStyle = TextStyle()) -> String { HostText.text(report, style: style) }

    /// The line that begins with a name.
    private func line(_ name: String) -> String {
        text().split(separator: "\n").map(String.init).first { $0.hasPrefix("  " + name + " ") } ?? ""
    }

    @Test func theDocumentIsWhatItsSchemaSays() throws {
        let document = String(decoding: HostJSON.document(report), as: UTF8.self)
        #expect(try schema.accepts(document))
        #expect(try !schema.accepts(document.replacingOccurrences(of: "\"usable_cores\"", with: "\"cores\"")))
        #expect(try !schema.accepts(document.replacingOccurrences(of: "\"EISDIR\"", with: "21")))
        #expect(try schema.accepts(String(decoding: HostJSON.document(HostReport()), as: UTF8.self)) == false)
    }

    @Test func limitedUnlimitedAndUnreadableAreThreeAnswers() throws {
        let document = try JSONSerialization.jsonObject(with: Data(HostJSON.document(report))) as? [String: Any]
        let memory = document?["memory"] as? [String: Any]
        let cpu = document?["cpu"] as? [String: Any]
        func state(_ limit: Any?) -> String? { (limit as? [String: Any])?["state"] as? String }
        #expect(state(cpu?["quota_cores"]) == "limited")
        #expect((cpu?["quota_cores"] as? [String: Any])?["is_complete"] as? Bool == false)
        #expect(state(memory?["limit_bytes"]) == "unreadable")
        #expect(state(memory?["swap_limit_bytes"]) == "unlimited")
        #expect(state(memory?["high_bytes"]) == "absent")
        let handles = document?["handles"] as? [String: Any]
        #expect(state(handles?["open_files_soft"]) == "unlimited")
        #expect(state(handles?["open_files_hard"]) == "unreadable")
    }

    @Test func whatCannotBeReadIsSaidWithItsPathAndErrno() {
        #expect(line("available").contains("unreadable: ENODATA"))
        #expect(line("limit").contains("unreadable: EISDIR") && line("limit").contains("/g/app/memory.max"))
        #expect(line("quota").contains("at most 0.5 cores"), "\(line("quota"))")
        #expect(text().contains("unreadable: EACCES") && text().contains("/g/cpu.max"))
        #expect(line("pressure").contains("boot with psi=1"))
        #expect(line("open files, soft").contains("no limit"))
        #expect(text().contains("not asked: nfs4"))
        #expect(text().contains("there is no directory '/gone'"))
    }

    @Test func recordsSayWhoseTheyAreAndWhyTheyStay() {
        #expect(text().contains("undo records in /var/lib/exert"))
        #expect(text().contains("✓ held by process 71, run 01RUN"))
        #expect(text().contains("! left by process 71, run 01RUN: exert cleanup would remove"))
        #expect(text().contains(": it is stuck") && text().contains("✗ /var/lib/exert/undo-foreign: it is foreign"))
        #expect(!text().contains("\u{1B}[2J"), "what is in a name does not reach the terminal")
        #expect(HostText.text(HostReport(), style: TextStyle()).contains("none: no run holds"))
    }

    @Test func techniquesSayWhyNotAndWhatInstead() {
        #expect(text().contains("✗ io_uring  a ring: EPERM, refused"))
        #expect(text().contains("instead: threads"))
        #expect(text().contains("✓ timer     sleeping: 50 µs late"))
    }

    @Test func listsOfProcessorsAreShort() { #expect(line("online").contains("5 (0-3,8)")) }

    @Test func coloursAndControlCharactersStayOutUnlessWanted() {
        #expect(!text().contains("\u{1B}"), "not even out of a host's name")
        #expect(text(TextStyle(hasColor: true)).contains("\u{1B}[31m✗"))
        #expect(text(TextStyle(isUTF8: false)).utf8.allSatisfy { $0 < 0x80 })
    }
}
