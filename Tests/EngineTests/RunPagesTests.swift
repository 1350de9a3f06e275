// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

@testable import Engine
@testable import LinuxSystem

/// Both sides of the pages in one process: the second mapping is of the same memfd, at another address.
@Suite struct RunPagesTests {
    private func pair(
        _ job: StressorJob = StressorJobTests.job()
    ) throws -> (observer: RunPages, stressor: RunPages, job: StressorJob) {
        let pages = try RunPages.create(for: job)
        let (attached, arrived) = try #require(RunPages.attach(descriptor: pages.rawDescriptor))
        return (pages, attached, arrived)
    }

    @Test(arguments: [1, 2, 64, 257])
    func `a job arrives whole, whatever its number of workers`(workers: Int) throws {
        let job = StressorJobTests.job(["of": .text("cgroup"), "cpus": .cpus([0, 5])], workers: workers)
        let (observer, stressor, arrived) = try pair(job)
        #expect(arrived.name == job.name && arrived.kind == job.kind && arrived.settings == job.settings)
        #expect(arrived.curve == job.curve && arrived.workers == workers && arrived.killAfter == job.killAfter)
        #expect(stressor.gauges.count == workers && observer.gauges.count == workers)
        #expect(stressor.rawDescriptor == -1)
    }

    @Test func `a curve of the greatest size and a long text arrive whole`() throws {
        var job = StressorJobTests.job(["directory": .text(String(repeating: "x", count: 4093))])
        job.curve = curve(100_000 * .second, .random(from: .cores(0), to: .cores(1), every: .second))
        let (_, _, arrived) = try pair(job)
        #expect(arrived.curve == job.curve)
        #expect(arrived.settings == job.settings)
    }

    @Test func `what one side writes the other reads, each gauge and cell by itself`() throws {
        let (observer, stressor, _) = try pair(StressorJobTests.job(workers: 3))
        #expect(observer.ready == 0 && observer.control.state == .preparing && observer.failure == nil)
        for (index, gauge) in stressor.gauges.enumerated() {
            let base = Int64(index * 10)
            (gauge.threadID, gauge.claimed, gauge.refusals) = (base + 1, base + 2, base + 3)
            (gauge.forgiven, gauge.content, gauge.lagMax, gauge.own) = (base + 4, base + 5, base + 6, base + 7)
            stressor.countReady()
        }
        for (index, gauge) in observer.gauges.enumerated() {
            let cells = [
                gauge.threadID, gauge.claimed, gauge.refusals, gauge.forgiven, gauge.content, gauge.lagMax, gauge.own,
            ]
            #expect(cells == (1...7).map { Int64(index * 10 + $0) })
        }
        #expect(observer.ready == 3)
        observer.start = 123
        observer.control.state = .go
        #expect(stressor.start == 123 && stressor.control.state == .go)
        observer.control.state = .stop
        #expect(stressor.control.state == .stop)
        #expect(observer.start == 123, "the control word shares its cell with nothing")
    }

    @Test func `the first failure is kept, and readable when the stressor's side is gone`() throws {
        let observer = try RunPages.create(for: StressorJobTests.job())
        do {
            let stressor = try #require(RunPages.attach(descriptor: observer.rawDescriptor)?.pages)
            stressor.failure = nil
            #expect(observer.failure == nil)
            stressor.failure = "the kernel refuses CPUs 0-3: Größe 日本語"
            stressor.failure = "and so this is broken too"
        }
        #expect(observer.failure == "the kernel refuses CPUs 0-3: Größe 日本語")
    }

    @Test func `a long failure is cut and leaves the gauges alone`() throws {
        let (observer, stressor, _) = try pair()
        stressor.failure = String(repeating: "x", count: 5000)
        #expect(observer.failure == String(repeating: "x", count: 1024))
        #expect(observer.gauges.allSatisfy { $0.claimed == 0 && $0.threadID == 0 })
    }

    /// Four threads tell their failures at once, again and again; no mixture may come out.
    @Test func `of failures at the same time one is kept whole`() throws {
        for _ in 0..<50 {
            let (observer, stressor, _) = try pair()
            let texts = ["a", "b", "c", "d"].enumerated().map { String(repeating: $1, count: 1000 - $0) }
            let first = try KernelThread(named: "fails") { stressor.failure = texts[0] }
            let second = try KernelThread(named: "fails") { stressor.failure = texts[1] }
            let third = try KernelThread(named: "fails") { stressor.failure = texts[2] }
            stressor.failure = texts[3]
            first.join()
            second.join()
            third.join()
            #expect(observer.failure.map(texts.contains) == true)
        }
    }

    @Test func `what are no such pages is refused`() throws {
        #expect(RunPages.attach(descriptor: -1) == nil)
        #expect(RunPages.attach(descriptor: 1_000_000) == nil)
        let small = try OwnedDescriptor.sharedMemory(named: "small", size: 100)
        #expect(RunPages.attach(descriptor: small.rawValue) == nil)
        let empty = try OwnedDescriptor.sharedMemory(named: "empty", size: 8192)
        #expect(RunPages.attach(descriptor: empty.rawValue) == nil)
    }

    /// Each cell of the header is set to figures that make no sense.
    @Test(arguments: [Int64.max, .min, -1, 0, 8193, 1 << 40])
    func `damaged pages are refused and never trap`(value: Int64) throws {
        // workers, jobSize, curveWords, each of 64 bits.
        for cell in [3, 5, 6] {
            let pages = try RunPages.create(for: StressorJobTests.job())
            let mapping = try SharedMapping(rawDescriptor: pages.rawDescriptor, count: 4096)
            (mapping.base + cell * 8).storeBytes(of: value, as: Int64.self)
            #expect(RunPages.attach(descriptor: pages.rawDescriptor) == nil, "cell \(cell)")
        }
    }

    @Test func `the clock of the run waits until its time, and no longer than until stop`() throws {
        let (observer, stressor, _) = try pair()
        observer.start = Clocks.monotonic
        let clock = RunClock(pages: stressor)
        #expect(!clock.wait(until: 10), "nothing runs before the observer says so")
        observer.control.state = .go
        #expect(clock.wait(until: 5 * .millisecond))
        #expect(clock.now >= 5 * .millisecond)
        #expect(clock.wait(until: -1) && !clock.isStopping)
        let thread = try KernelThread(named: "stops") { observer.control.state = .stop }
        #expect(!clock.wait(until: 30 * .second))
        #expect(clock.isStopping && clock.now < 10 * .second)
        thread.join()
    }
}
