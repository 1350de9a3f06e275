// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxSystem
import SystemPackage
import Testing

@Suite struct PipedChildTests {
    private func deadline(_ seconds: Int64 = 10) -> Int64 { Clocks.monotonic + seconds * 1_000_000_000 }

    /// On a thread of its own, which is what it is for.
    private func onThread<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            do {
                try KernelThread(named: "piped-child") { continuation.resume(returning: body()) }.detach()
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }

    @Test func `much goes in and out without a deadlock`() async throws {
        let sent = [UInt8](repeating: 0x61, count: 4 << 20)
        let (received, code) = try await onThread { () -> (Int, Int32) in
            guard let child = try? PipedChild("/bin/cat", arguments: ["cat"]) else { return (-1, -1) }
            child.send(sent)
            var received = 0
            let deadline = deadline()
            while received < sent.count, Clocks.monotonic < deadline {
                if case .output(let bytes) = child.wait(until: deadline) { received += bytes.count }
            }
            return (received, child.end(patience: 5000).exitCode)
        }
        #expect(received == sent.count && code == 0)
    }

    @Test func `a child that is gone takes nothing, and ends nobody`() async throws {
        let outcome = try await onThread { () -> (Bool, Int32) in
            guard let child = try? PipedChild("/bin/sh", arguments: ["sh", "-c", "exit 3"]) else { return (false, -1) }
            var hasEnded = false
            for _ in 0..<100 where !hasEnded {
                child.send([0x61])
                if case .outputEnded = child.wait(until: deadline()) { hasEnded = true }
            }
            child.send([0x61])
            _ = child.wait(until: deadline())
            return (hasEnded, child.end(patience: 5000).exitCode)
        }
        #expect(outcome == (true, 3))
    }

    @Test func `a child that stays is killed in the end`() async throws {
        let signal = try await onThread { () -> Int32 in
            guard let child = try? PipedChild("/bin/sleep", arguments: ["sleep", "60"]) else { return -1 }
            let begun = Clocks.monotonic
            if case .woken = child.wait(until: begun + 20_000_000) {} else { return -2 }
            if Clocks.monotonic < begun + 20_000_000 { return -3 }
            return child.end(patience: 10).signal
        }
        #expect(signal == SIGKILL)
    }

    @Test func `a counter ends the wait`() async throws {
        let isWoken = try await onThread { () -> Bool in
            guard let child = try? PipedChild("/bin/cat", arguments: ["cat"]),
                let counter = try? OwnedDescriptor.eventCounter()
            else { return false }
            EventCounter.signal(counter.rawValue)
            let begun = Clocks.monotonic
            _ = child.wait(for: counter.rawValue, until: deadline())
            _ = child.end(patience: 5000)
            return Clocks.monotonic - begun < 5_000_000_000
        }
        #expect(isWoken)
    }

    @Test func `what is at a socket's path is told`() throws {
        let folder = "/tmp/exert-socket-\(getpid())"
        mkdir(folder, 0o700)
        defer { rmdir(folder) }
        let path = folder + "/s"
        #expect(UnixSocket.occupant(of: path) == .nothing)
        // Not for the children of tests beside this one: they would keep it open.
        let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        #expect(bound == 0 && listen(listener, 1) == 0)
        #expect(UnixSocket.occupant(of: path) == .server)
        close(listener)
        // A child that another test spawns has it, too, until it becomes the program that it is spawned for.
        let deadline = deadline()
        while UnixSocket.occupant(of: path) == .server, Clocks.monotonic < deadline { usleep(10_000) }
        #expect(UnixSocket.occupant(of: path) == .stale)
        UnixSocket.remove(folder)
        UnixSocket.remove(path)
        #expect(UnixSocket.occupant(of: path) == .nothing && UnixSocket.occupant(of: folder) == .other)
    }
}
