// SPDX-License-Identifier: Apache-2.0

import SystemPackage
import Testing

@testable import LinuxSystem

/// Kernels with fewer and with more fields than today's are read.
@Suite struct KernelTextTests {
    private func bytes(_ text: String) -> ArraySlice<UInt8> { Array(text.utf8)[...] }

    @Test(arguments: [
        // Linux 2.6.0: no steal. 2.6.11: steal. 2.6.32: guest. Today: guest_nice. Some day: more.
        ("cpu  1 2 3 4 5 6 7\ncpu0 1 2 3 4 5 6 7\n", [1, 2, 3, 4, 5, 6, 7]),
        ("cpu  1 2 3 4 5 6 7 8\n", [1, 2, 3, 4, 5, 6, 7, 8]),
        ("cpu  1 2 3 4 5 6 7 8 9\nintr 1\n", [1, 2, 3, 4, 5, 6, 7, 8]),
        ("cpu  1 2 3 4 5 6 7 8 9 10 11 12 13\n", [1, 2, 3, 4, 5, 6, 7, 8]),
    ])
    func processorTicksOfOldAndNewKernels(text: String, ticks: [Int64]) {
        #expect(CPUTicks.parse(bytes(text)) == ticks)
    }

    @Test func ticksThatAreTooFewAreNone() {
        #expect(CPUTicks.parse(bytes("cpu  1 2 3 4\n")) == nil, "Linux 2.4")
        #expect(CPUTicks.parse(bytes("cpu0 1 2 3 4 5 6 7 8\n")) == nil)
    }

    @Test func memoryOfAnOldKernel() {
        // 2.6.32: no MemAvailable, no Zswap.
        let info = MemoryInfo(bytes("MemTotal:  1024 kB\nMemFree:  512 kB\nBuffers: 1 kB\nSwapTotal: 0 kB\n"))
        #expect(info.total == 1 << 20 && info.free == 1 << 19 && info.swapTotal == 0)
        #expect(info.available == nil && info.hugePages == nil && info.compressedSwap == nil)
    }

    @Test func memoryOfAKernelToCome() {
        let info = MemoryInfo(
            bytes("MemNew: 1 kB\nMemTotal: 1 kB extra\nMemAvailable: 2 kB\nHugePages_Total: 3\nEnd: 4 kB\n"))
        #expect(info.total == 1024 && info.available == 2048 && info.hugePages == 3)
    }

    @Test func figuresSaturateInsteadOfOverflowing() {
        #expect(MemoryInfo(bytes("MemTotal: 18446744073709551615 kB")).total == .max)
        #expect(MemoryText.resident(bytes("1 9223372036854775807")) == .max)
        #expect(Int64.max.addingSaturating(1) == .max && Int64.min.addingSaturating(-1) == .min)
        #expect(Int64.min.subtractingSaturating(1) == .min && Int64.max.subtractingSaturating(-1) == .max)
        #expect(Int64.min.multipliedSaturating(by: 2) == .min && Int64.min.multipliedSaturating(by: -2) == .max)
    }

    @Test func statusOfAnOldKernelLacksWhatItDidNotHave() {
        let status = ProcessStatus(bytes("Name:\tx\nCapEff:\t0000000000000003\nCpus_allowed_list:\t0-1\n"))
        #expect(status.effectiveCapabilities == 3 && status.allowedCPUs == [0, 1])
        #expect(status.seccomp == nil && status.noNewPrivileges == nil && status.allowedNodes == nil)
    }

    @Test func limitsTellNoLimitFromNoSuchLine() {
        let limits = ProcessLimits(
            bytes("Max open files            1024                 unlimited            files     \n"))
        #expect(limits.openFiles == ProcessLimits.Pair(soft: 1024, hard: nil))
        #expect(limits.processes == nil)
    }

    @Test func capabilitiesHaveTheirNames() {
        #expect(Capability.names(of: 0) == [])
        #expect(Capability.names(of: 1 << 21 | 1 << 24) == ["SYS_ADMIN", "SYS_RESOURCE"])
        #expect(Capability.names(of: 1 << 40 | 1 << 63) == ["CHECKPOINT_RESTORE", "63"])
    }

    @Test func aBlockDeviceOfAnOldKernelHasFewerFields() {
        // Linux 2.6: eleven; 4.18 and 5.5 added discards and flushes.
        let old = BlockDeviceCounters.parse(bytes("1 2 3 4 5 6 7 8 9 10 11\n"))
        #expect(old == BlockDeviceCounters.parse(bytes("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19\n")))
        #expect(old?.readBytes == Int64(1536))
    }

    @Test func theChosenWordIsTheOneInBrackets() {
        #expect(ChoiceText.chosen(bytes("always [madvise] never\n")) == "madvise")
        for text in ["", "always", "[open", "]x["] { #expect(ChoiceText.chosen(bytes(text)) == nil) }
    }

    @Test func errnosHaveTheirNames() {
        #expect(Errno.permissionDenied.name == "EACCES")
        #expect(Errno(rawValue: 4000).name == "errno 4000")
    }
}
