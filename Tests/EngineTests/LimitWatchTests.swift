// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinuxSystem
import LoadModel
import Testing

@testable import Engine

/// A watch on a real process, in real groups where this machine lets us make some.
@Suite(.serialized) struct LimitWatchTests {
    /// A shell that turns round for ever; killed with its owner.
    private final class Spinner {
        let child: ChildProcess

        init() throws {
            child = try ChildProcess(
                "/bin/sh", arguments: ["sh", "-c", "while :; do :; done"], descriptors: [nil, nil, nil])
        }

        deinit {
            child.send(signal: SIGKILL)
            _ = child.wait(milliseconds: 5000)
        }
    }

    /// A v1 group that is removed when its processes are gone.
    private final class Group {
        let directory: String

        init(_ controller: String, _ name: String = "exert-watch-\(getpid())") throws {
            directory = "/sys/fs/cgroup/\(controller)/\(name)"
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
        }

        func set(_ file: String, _ value: String) throws {
            try value.write(toFile: "\(directory)/\(file)", atomically: false, encoding: .utf8)
        }

        deinit { for _ in 0..<100 where rmdir(directory) != 0 && errno != ENOENT { usleep(20_000) } }

        static func isPossible(_ controller: String) -> Bool {
            geteuid() == 0 && access("/sys/fs/cgroup/\(controller)/cgroup.procs", W_OK) == 0
        }
    }

    private static let stressor = PlannedStressor(
        name: "cpu", kind: "cpu", unit: .cores, drive: .rate, settings: Settings(values: [:]), capacity: 1, base: "",
        curve: Curve(), workers: 1, tolerance: ToleranceLimit(absolute: 0, ratio: 0), witness: "")

    private func watch(_ spinner: Spinner) throws -> LimitWatch {
        try #require(
            LimitWatch(
                Self.stressor, processIDs: [spinner.child.id], view: CgroupView(), pool: GroupFilePool(),
                at: Clocks.monotonic))
    }

    /// Looks as the observer does, ten times a second.
    private func look(_ watch: LimitWatch, for seconds: Double) {
        for _ in 0..<Int(seconds * 10) {
            usleep(100_000)
            watch.look(at: Clocks.monotonic, hasStopped: ChildProcess.anyHasStopped)
        }
    }

    @Test func `a stop is seen, added up, and its end noticed`() throws {
        let spinner = try Spinner()
        let watch = try watch(spinner)
        look(watch, for: 0.2)
        #expect(watch.figures.stopped == 0 && !watch.figures.isStopped && !watch.figures.wasContinued)
        spinner.child.send(signal: SIGSTOP)
        look(watch, for: 0.5)
        #expect(watch.figures.isStopped && watch.figures.stoppedProcess == spinner.child.id)
        #expect(watch.figures.stopped >= 400 * .millisecond)
        spinner.child.send(signal: SIGCONT)
        look(watch, for: 0.1)
        #expect(!watch.figures.isStopped && watch.figures.wasContinued)
        look(watch, for: 0.1)
        #expect(!watch.figures.wasContinued, "it is told once")
    }

    @Test(.enabled(if: Group.isPossible("freezer")))
    func `a frozen parent is found, and named`() throws {
        let parent = try Group("freezer")
        let own = try Group("freezer", "exert-watch-\(getpid())/own")
        let spinner = try Spinner()
        try own.set("cgroup.procs", "\(spinner.child.id)")
        let watch = try watch(spinner)
        try parent.set("freezer.state", "FROZEN")
        look(watch, for: 0.5)
        #expect(watch.figures.isFrozen && watch.figures.frozen >= 300 * .millisecond)
        #expect(watch.figures.freezer?.source == parent.directory + "/freezer.self_freezing")
        try parent.set("freezer.state", "THAWED")
        let frozen = watch.figures.frozen
        look(watch, for: 0.3)
        #expect(!watch.figures.isFrozen && watch.figures.frozen <= frozen + 100 * .millisecond)
    }

    @Test(.enabled(if: Group.isPossible("unified") && access("/sys/fs/cgroup/unified/cgroup.procs", W_OK) == 0))
    func `a frozen group of v2 is found on a hybrid host`() throws {
        let own = try Group("unified")
        let spinner = try Spinner()
        try own.set("cgroup.procs", "\(spinner.child.id)")
        let watch = try watch(spinner)
        try own.set("cgroup.freeze", "1")
        look(watch, for: 0.5)
        #expect(watch.figures.isFrozen && watch.figures.frozen >= 300 * .millisecond)
        #expect(watch.figures.freezer?.source == own.directory + "/cgroup.freeze")
        try own.set("cgroup.freeze", "0")
        look(watch, for: 0.2)
        #expect(!watch.figures.isFrozen)
    }

    @Test(.enabled(if: Group.isPossible("cpu")))
    func `a quota is found that is set, lifted, a parent's, or that of another group`() throws {
        let parent = try Group("cpu")
        let own = try Group("cpu", "exert-watch-\(getpid())/own")
        let other = try Group("cpu", "exert-watch-other-\(getpid())")
        let spinner = try Spinner()
        try own.set("cgroup.procs", "\(spinner.child.id)")
        let watch = try watch(spinner)
        #expect(watch.figures.quota == nil && watch.bases(at: Clocks.monotonic).quota == nil)
        try parent.set("cpu.cfs_quota_us", "30000")
        look(watch, for: 2.1)
        let parents = parent.directory + "/cpu.cfs_quota_us"
        #expect(watch.figures.quota?.source == parents)
        #expect(watch.figures.throttledCount > 0 && watch.figures.throttled > 100 * .millisecond)
        #expect(watch.bases(at: Clocks.monotonic).quota == .init(value: 0.3, source: parents))
        // The own one is smaller and has done nothing yet.
        try own.set("cpu.cfs_quota_us", "20000")
        look(watch, for: 2.1)
        #expect(watch.bases(at: Clocks.monotonic).quota?.value == 0.2)
        let (count, time) = (watch.figures.throttledCount, watch.figures.throttled)
        try own.set("cpu.cfs_quota_us", "-1")
        try parent.set("cpu.cfs_quota_us", "-1")
        look(watch, for: 3.1)
        #expect(watch.bases(at: Clocks.monotonic).quota == nil)
        try other.set("cpu.cfs_quota_us", "50000")
        try other.set("cgroup.procs", "\(spinner.child.id)")
        look(watch, for: 2.1)
        #expect(watch.figures.quota?.source == other.directory + "/cpu.cfs_quota_us")
        #expect(
            watch.figures.throttledCount > count && watch.figures.throttled > time, "they go on from where they were")
    }
}
