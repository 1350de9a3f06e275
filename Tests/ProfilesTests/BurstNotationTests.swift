// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

@testable import Profiles

private let s = Nanoseconds.second

/// `bursts`, and the units that other storage testers write.
struct BurstNotationTests {
    @Test(
        arguments: [
            ("cpu", "bursts 80% for 2s to 8s rest 1s to 3s", .percent(80), 2 * s...8 * s, s...3 * s),
            ("cpu", "bursts max for 2s rest 1s", .max, 2 * s...2 * s, s...s),
            (
                "disk-bandwidth", "bursts 500MB/s of 2GB to 8GB rest 1s to 3s", .bytesPerSecond(5e8), 4 * s...16 * s,
                s...3 * s
            ),
            (
                "disk-bandwidth", "bursts 100 iops of 50 to 1000 rest 500ms", .operationsPerSecond(100), s / 2...10 * s,
                s / 2...s / 2
            ),
            (
                "disk-bandwidth", "bursts 1MiB/s of 512 KiB rest 10ms to 1s", .bytesPerSecond(0x1p20), s / 2...s / 2,
                s / 100...s
            ),
            ("memory", "bursts 1GiB for 10ms to 10ms rest 2s", .bytes(0x1p30), s / 100...s / 100, 2 * s...2 * s),
        ] as [(String, String, Amount, ClosedRange<Nanoseconds>, ClosedRange<Nanoseconds>)])
    func reads(
        kind: String, text: String, amount: Amount, lengths: ClosedRange<Nanoseconds>, rests: ClosedRange<Nanoseconds>
    ) {
        #expect(TestManifests.shape(text, of: kind) == .bursts(amount, lengths: lengths, rests: rests))
    }

    @Test(arguments: [
        ("bursts 80% rest 1s", 0, "'bursts' has no 'for'; write it as 'bursts A for T [to U] rest V [to W]'"),
        ("bursts 80% for 2s", 0, "'bursts' has no 'rest'; write it as 'bursts A for T [to U] rest V [to W]'"),
        ("bursts for 2s rest 1s", 0, "'bursts' is incomplete; write it as 'bursts A for T [to U] rest V [to W]'"),
        ("bursts 80% for 8s to 2s rest 1s", 15, "'8s to 2s' goes down; write the lower one first"),
        ("bursts 80% for 5ms rest 1s", 15, "'for' of 'bursts' must be at least 10ms, not '5ms'"),
        (
            "bursts 80% for 5s rest 0s to 1s", 23,
            "'rest' of 'bursts' must be longer than 0; write a duration such as '30s'"
        ),
        (
            "bursts 80% for 2s to 3s to 4s rest 1s", 24,
            "unexpected 'to' after '3s'; write a duration in one word such as '1h30m'"
        ),
        (
            "bursts 80% for 2s of 1GB rest 1s", 21,
            "'bursts' has 'for' and 'of'; write how long a burst lasts, or how much it brings"
        ),
        (
            "bursts 80% of 1GB rest 1s", 14,
            "'of' is how much a burst brings, of bytes or operations a second, and '80%' is neither; write how long it "
                + "lasts, such as 'for 2s to 8s'"
        ),
        ("80% of host", 4, "unexpected 'of' after '80%'"),
        ("ramp to 80% rest 1s", 12, "'rest' does not belong here in 'ramp'; write it as 'ramp [from A] to B [in T]'"),
    ])
    // Of the load itself the mark is its quote.
    func tellsWhatIsWrong(load: String, offset: Int, problem: String) {
        #expect(TestManifests.loadProblem(load) == "p.yaml:1:\(offset == 0 ? 41 : 42 + offset): error: \(problem)")
    }

    @Test(arguments: [
        (
            "bursts 500MB/s of 1B rest 1s",
            "'1B' at '500MB/s' lasts less than 10ms, the least; write more"
        ),
        ("bursts 1B/s of 8TiB rest 1s", "'8TiB' at '1B/s' lasts too long; the limit is 3650d"),
        ("bursts 0B/s of 8TiB rest 1s", "at '0B/s' a burst never ends; write more than 0"),
        ("bursts 50MB/s of 5 rest 1s", "'5' has no unit; write it such as 5B or 5KiB"),
        (
            "bursts 50 iops of 5GB rest 1s",
            "'5GB' is an amount of bytes; 'of' of 'bursts' takes a count such as '15000'"
        ),
        (
            "bursts max of 5GB rest 1s",
            "'of' is how much a burst brings, of bytes or operations a second, and 'max' is neither; write how long it "
                + "lasts, such as 'for 2s to 8s'"
        ),
    ])
    func tellsWhatIsWrongOfVolumes(load: String, problem: String) {
        #expect(TestManifests.loadProblem(load, of: "disk-bandwidth").hasSuffix("error: \(problem)"))
    }

    @Test func aSumThatChangesTooOftenIsRefused() {
        let load = "sine 1% to 2% every 1d + bursts 80% for 10ms to 1s rest 10ms to 1s"
        let problem = TestManifests.problems("phases: [{name: p, for: 1d, load: {cpu: \(load)}}]")
        #expect(problem.contains("the load changes 8640004 times in its phase; the limit is 100000"), "\(problem)")
    }

    /// The same answer from reader and schema, of loads and kinds.
    @Test func schemaAndReaderAgree() throws {
        let cases = [
            ("cpu", "bursts 80% for 2s to 8s rest 1s to 3s", true), ("cpu", "bursts 1.5 cores for 2s rest 1s", true),
            ("cpu", "20% + bursts 30% for 2s to 8s rest 1s", true),
            ("memory", "bursts 1GiB for 1m rest 1s to 2m", true),
            ("disk-bandwidth", "bursts 500MB/s of 2GB to 8GB rest 1s to 3s", true),
            ("disk-bandwidth", "bursts 2000 iops of 500 to 1000 rest 1s", true),
            ("disk-bandwidth", "bursts max for 1s to 2s rest 1s", true),
            ("file-handles", "bursts 15000 for 1s to 2s rest 1s", true),
            ("cpu", "bursts 80% for 2s to 8s", false), ("cpu", "bursts 80% every 5s rest 1s", false),
            ("cpu", "bursts 80% of 2GB rest 1s", false), ("cpu", "bursts for 2s rest 1s", false),
            ("cpu", "bursts 80% rest 1s for 2s", false), ("cpu", "bursts 80% for 2s to rest 1s", false),
            ("disk-bandwidth", "bursts 500MB/s of 2g rest 1s", false),
            ("disk-bandwidth", "bursts 500MB/s for 2 rest 1", false),
            ("disk-bandwidth", "50m", false), ("disk-bandwidth", "4k", false), ("disk-bandwidth", "50MB", false),
            ("memory", "1m", false), ("memory", "1M", false), ("memory", "50MB/s", false),
            ("file-handles", "5k", false),
        ]
        try TestManifests.expectAgreement(
            on: cases.map { kind, load, isRight in
                (#"{"phases": [{"name": "p", "for": "10m", "load": {"\#(kind)": "\#(load)"}}]}"#, isRight)
            })
    }

    /// What dd, fio, iostat and others write is answered with the exact thing to write.
    @Test(arguments: [
        (
            "disk-bandwidth", "50m",
            "'50m' is ambiguous: write 50MiB/s (2^20), as dd and fio mean it, or 50MB/s (10^6), or 50000000 iops"
        ),
        (
            "disk-bandwidth", "4k",
            "'4k' is ambiguous: write 4KiB/s (2^10), as dd and fio mean it, or 4kB/s (10^3), or 4000 iops"
        ),
        (
            "disk-bandwidth", "1.5G/s",
            "'1.5G/s' is ambiguous: write 1.5GiB/s (2^30), as dd and fio mean it, or 1.5GB/s (10^9)"
        ),
        ("disk-bandwidth", "50MB", "'50MB': 'disk-bandwidth' takes so much a second: write 50MB/s"),
        ("disk-bandwidth", "50MiB", "'50MiB': 'disk-bandwidth' takes so much a second: write 50MiB/s"),
        ("disk-bandwidth", "50MBps", "'50MBps' has another program's unit: write 50MB/s"),
        ("disk-bandwidth", "50MiB/sec", "'50MiB/sec' has another program's unit: write 50MiB/s"),
        ("disk-bandwidth", "50mibps", "'50mibps' has another program's unit: write 50MiB/s"),
        ("disk-bandwidth", "100Mbps", "'100Mbps' counts bits: write 12.5MB/s"),
        ("disk-bandwidth", "100Mbit/s", "'100Mbit/s' counts bits: write 12.5MB/s"),
        ("disk-bandwidth", "100mbps", "'100mbps' may count bits or bytes: write 100MB/s, or 12.5MB/s"),
        ("disk-bandwidth", "5KB/s", "'5KB/s' is ambiguous: write 5kB/s (10^3) or 5KiB/s (2^10)"),
        ("disk-bandwidth", "300 IO/s", "'300 IO/s' has another program's unit: write 300 iops"),
        ("disk-bandwidth", "300 tps", "'300 tps' has another program's unit: write 300 iops"),
        ("disk-bandwidth", "2.5kiops", "'2.5kiops' has another program's unit: write 2500 iops"),
        ("disk-bandwidth", "iops", "'iops' has no number; write it in front, such as '10 iops'"),
        ("memory", "1m", "'1m' is ambiguous: write 1MiB (2^20), as dd and fio mean it, or 1MB (10^6)"),
        ("memory", "4k", "'4k' is ambiguous: write 4KiB (2^10), as dd and fio mean it, or 4kB (10^3)"),
        ("memory", "2t", "'2t' is ambiguous: write 2TiB (2^40), as dd and fio mean it, or 2TB (10^12)"),
        ("memory", "50MB/s", "'50MB/s': 'memory' takes an amount, not so much a second: write 50MB"),
        ("memory", "512b", "'512b' has no unit that is known: write 512B"),
        ("file-handles", "5k", "'5k' has a unit and is to be a count: write 5000"),
    ])
    func tellsWhatToWriteForOtherProgramsUnits(kind: String, load: String, problem: String) {
        #expect(
            TestManifests.loadProblem(load, of: kind).hasSuffix("error: \(problem)"),
            "\(TestManifests.loadProblem(load, of: kind))")
    }

    @Test(arguments: [
        ("1m", "'1m' is ambiguous: write 1MiB (2^20), as dd and fio mean it, or 1MB (10^6)"),
        ("128K", "'128K' is ambiguous: write 128KiB (2^10), as dd and fio mean it, or 128kB (10^3)"),
        ("4096", "'4096' has no unit; write it such as 4096B or 4096KiB"),
        ("4096b", "'4096b' has no unit that is known: write 4096B"),
    ])
    func tellsWhatToWriteForASize(text: String, problem: String) throws {
        let key = Manifest.Key("block", .bytes, default: nil, reach: .always(.ownProcess), help: "")
        #expect(throws: NotationError.self) { try SettingNotation.parse(text, for: key, of: "disk-bandwidth") }
        do throws(NotationError) { _ = try SettingNotation.parse(text, for: key, of: "disk-bandwidth") } catch {
            #expect(error.message == problem)
        }
    }
}
