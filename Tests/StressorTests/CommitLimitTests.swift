// SPDX-License-Identifier: Apache-2.0

import LoadModel
import SystemPackage
import Testing

@testable import LinuxSystem
@testable import Stressors

/// What the kernel promises where it promises no more than it has.
struct CommitLimitTests {
    private let commit = CommitLimit(
        MemoryInfo(Array("CommitLimit: 860160 kB\nCommitted_AS: 98304 kB\n".utf8)[...]))

    @Test func whatIsLeftIsTheLimitLessWhatIsPromised() throws {
        let commit = try #require(commit)
        #expect(commit.free == 744 << 20)
        #expect(CommitLimit(MemoryInfo([])) == nil)
    }

    @Test func aPeakBeyondItIsToldWithTheSettingAndTheFigures() throws {
        let commit = try #require(commit)
        #expect(commit.finding(forPeak: Double(744 << 20)) == nil)
        let finding = try #require(commit.finding(forPeak: Double(745 << 20)))
        #expect(finding.code == "target_beyond_commit_limit")
        for part in [
            "745 MiB", "vm.overcommit_memory is 2", "CommitLimit (840 MiB)", "Committed_AS (96 MiB)", "744 MiB",
        ] {
            #expect(finding.message.contains(part), "\(finding.message)")
        }
    }

    @Test func aReservationThatIsRefusedIsTold() {
        let words = CommitLimit.words(reserving: 2 << 20, Errno.noMemory)
        #expect(words.hasPrefix("2 MiB of address space cannot be reserved"), "\(words)")
        #expect(words.contains(AnonymousReservation.isPromiseLimited ? "CommitLimit" : "RLIMIT_AS"), "\(words)")
    }
}

/// Which limit it was that refused a handle.
struct RefusingLimitTests {
    @Test func eachErrorHasItsLimit() throws {
        let limit = Int(try OpenFileLimit.of(processID: 0).soft)
        #expect(RefusingLimit(.tooManyOpenFiles, .inotify, open: 5)?.source.hasSuffix("max_user_instances") == true)
        let own = RefusingLimit(.tooManyOpenFiles, .inotify, open: limit)
        #expect(own?.source.hasSuffix("/limits") == true && own?.figure == "Max open files \(limit)")
        #expect(RefusingLimit(.tooManyOpenFiles, .pipe, open: 5)?.figure == "Max open files \(limit)")
        #expect(RefusingLimit(.tooManyOpenFilesInSystem, .pipe, open: 5)?.source == "/proc/sys/fs/file-max")
        #expect(RefusingLimit(.noMemory, .pipe, open: 5) == nil)
    }
}
