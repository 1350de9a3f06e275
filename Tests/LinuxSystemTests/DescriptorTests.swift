// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinuxSystem
import SystemPackage
import Testing

/// Descriptors, mappings and signals; what counts or changes a whole process does so in one of its own.
@Suite(.serialized)
struct DescriptorTests {
    @Test func everyDescriptorIsClosedByItsOwner() async {
        await #expect(processExitsWith: .success) {
            // The test library opens some of its own when it likes: what leaks does so fifty times over.
            let before = openDescriptors()
            for _ in 0..<50 {
                let file = try OwnedDescriptor.open("/proc/self/stat", O_RDONLY)
                let memory = try OwnedDescriptor.sharedMemory(named: "test", size: 4096)
                let counter = try OwnedDescriptor.eventCounter()
                let pipe = try OwnedDescriptor.pipe()
                let proc = ProcFile("/proc/self/statm")
                let signals = try SignalSource([10])
                let own = [
                    file.rawValue, memory.rawValue, counter.rawValue, pipe.readEnd.rawValue, pipe.writeEnd.rawValue,
                    signals.rawDescriptor,
                ]
                #expect(own.allSatisfy { fcntl($0, F_GETFD) >= 0 })
                #expect(Set(own).count == 6)
                withExtendedLifetime((proc, signals)) {}
            }
            #expect(openDescriptors() < before + 25)
        }
    }

    @Test func descriptorsDoNotPassToOtherPrograms() throws {
        let file = try OwnedDescriptor.open("/proc/self/stat", O_RDONLY)
        let memory = try OwnedDescriptor.sharedMemory(named: "test", size: 4096)
        let pipe = try OwnedDescriptor.pipe()
        for descriptor in [file.rawValue, memory.rawValue, pipe.readEnd.rawValue, pipe.writeEnd.rawValue] {
            #expect(fcntl(descriptor, F_GETFD) & FD_CLOEXEC == FD_CLOEXEC)
        }
    }

    @Test func openTellsTheErrno() {
        #expect(throws: Errno.noSuchFileOrDirectory) { _ = try OwnedDescriptor.open("/no/file", O_RDONLY).rawValue }
        #expect(throws: Errno.isDirectory) { _ = try OwnedDescriptor.open("/", O_WRONLY).rawValue }
    }

    @Test func writesReachTheOtherEndWhole() throws {
        let pipe = try OwnedDescriptor.pipe()
        // More than a pipe holds, so that the writer must go on after a partial write; and non-blocking, so that it
        // must wait for room.
        let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        #expect(fcntl(pipe.writeEnd.rawValue, F_SETFL, O_NONBLOCK) == 0)
        let writeEnd = pipe.writeEnd.rawValue
        let writer = try KernelThread(named: "writer") { try? StreamWriter.write(bytes, to: writeEnd) }
        var received: [UInt8] = []
        while received.count < bytes.count {
            guard EventPoll.wait([pipe.readEnd.rawValue], timeout: 20_000) == [pipe.readEnd.rawValue] else { break }
            var chunk = [UInt8](repeating: 0, count: 10_000)
            let count = read(pipe.readEnd.rawValue, &chunk, chunk.count)
            received += chunk[..<max(0, count)]
        }
        writer.join()
        #expect(received == bytes)
    }

    @Test func mappingsOfOneMemoryShareIt() throws {
        let memory = try OwnedDescriptor.sharedMemory(named: "test", size: 8192)
        #expect(try FileFacts.size(ofDescriptor: memory.rawValue) == 8192)
        let one = try SharedMapping(of: memory, count: 8192)
        let other = try SharedMapping(rawDescriptor: memory.rawValue, count: 8192)
        #expect(one.base != other.base)
        (one.base + 5000).storeBytes(of: 0xAB, as: UInt8.self)
        #expect((other.base + 5000).load(as: UInt8.self) == 0xAB)
        #expect(throws: Errno.badFileDescriptor) { _ = try SharedMapping(rawDescriptor: -1, count: 4096).count }
    }

    @Test func pollingTellsWhoIsReadable() throws {
        let counter = try OwnedDescriptor.eventCounter()
        let pipe = try OwnedDescriptor.pipe()
        let all = [-1, counter.rawValue, pipe.readEnd.rawValue]
        #expect(EventPoll.wait(all, timeout: 0) == [])
        EventCounter.signal(counter.rawValue)
        #expect(EventPoll.wait(all, timeout: 10_000) == [counter.rawValue])
        var poll = EventPoll(all)
        let isReadable = poll.wait(until: Clocks.monotonic + 10_000_000_000)
        #expect(isReadable)
        EventCounter.reset(counter.rawValue)
        let deadline = Clocks.monotonic + 20_000_000
        let isStillReadable = poll.wait(until: deadline)
        #expect(!isStillReadable)
        #expect(Clocks.monotonic >= deadline)
        // A regular file cannot be in an epoll(7), and is always readable.
        let file = try OwnedDescriptor.open("/proc/self/exe", O_RDONLY)
        poll.watch(all + [file.rawValue])
        let isFileReadable = poll.wait(until: Clocks.monotonic)
        #expect(isFileReadable)
        poll.watch(all)
        let isReadableAgain = poll.wait(until: Clocks.monotonic)
        #expect(!isReadableAgain)
    }

    @Test func aClosedWriteEndIsReadable() throws {
        let readEnd: Int32
        do {
            let pipe = try OwnedDescriptor.pipe()
            readEnd = dup(pipe.readEnd.rawValue)
            #expect(EventPoll.wait([readEnd], timeout: 0) == [], "open and empty")
        }
        let own = OwnedDescriptor(owning: readEnd)
        // This is how a stressor process learns that its observer is gone.
        #expect(EventPoll.wait([own.rawValue], timeout: 10_000) == [own.rawValue])
    }

    // MARK: This process

    @Test func signalsAreCollectedAndDoNotKill() async {
        await #expect(processExitsWith: .success) {
            let source = try SignalSource([SIGTERM, SIGINT])
            #expect(source.next() == nil)
            // To this thread: the test library's other threads have not blocked it, and would die of it.
            #expect(pthread_kill(pthread_self(), SIGINT) == 0)
            #expect(EventPoll.wait([source.rawDescriptor], timeout: 10_000) == [source.rawDescriptor])
            #expect(source.next() == SIGINT)
            #expect(source.next() == nil)
        }
    }

    @Test func theKillTimerFiresWithEverySignalBlocked() async {
        await #expect(processExitsWith: .signal(SIGKILL)) {
            var all = sigset_t()
            sigfillset(&all)
            pthread_sigmask(SIG_BLOCK, &all, nil)
            try CurrentProcess.armKillTimer(after: 50_000_000)
            sleep(30)
        }
    }

    @Test func leavingAtOnceKeepsTheCode() async {
        await #expect(processExitsWith: .exitCode(7)) { CurrentProcess.exitImmediately(7) }
    }

    @Test func offeringToTheOOMKillerAndDisablingCoreDumpsReachTheKernel() async {
        await #expect(processExitsWith: .success) {
            try CurrentProcess.offerToOOMKiller()
            #expect(SmallFile.text("/proc/self/oom_score_adj") == "1000")
            CurrentProcess.disableCoreDumps()
            let core = SmallFile.text("/proc/self/limits")?.split(separator: "\n").first { $0.hasPrefix("Max core") }
            #expect(core?.split(separator: " ").filter { $0 == "0" }.count == 2)
        }
    }

    @Test func processFactsAreTheKernels() {
        #expect(CurrentProcess.id == getpid())
        #expect(CurrentProcess.parentID == getppid())
        let limit = SmallFile.text("/proc/self/limits")?.split(separator: "\n").first { $0.hasPrefix("Max locked") }
        let soft = limit?.dropFirst("Max locked memory".count).split(separator: " ").first
        #expect(soft.map { $0 == "unlimited" ? nil : Int64($0) } == CurrentProcess.lockedMemoryLimit)
        #expect(!Terminal.isTerminal(-1))
        #expect(Terminal.width(-1) == nil)
    }
}

/// How many descriptors are open, the one that looks included.
private func openDescriptors() -> Int {
    (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? .max
}
