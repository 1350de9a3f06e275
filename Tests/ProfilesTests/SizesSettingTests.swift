// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

@testable import Profiles

/// Sizes of operations, each with its share of them, in a profile and on the command line.
struct SizesSettingTests {
    private static let key = Manifest.Key("block", .sizes, default: nil, reach: .always(.ownProcess), help: "")
    private static let half = SettingValue.sizes(
        SizeMix([.init(bytes: 4096, share: 5000), .init(bytes: 16_384, share: 5000)]))

    private static func text(_ block: String) -> String {
        """
        stressors:
          disk-bandwidth:
            block: \(block)
        phases:
          - { name: load, for: 10s, load: { disk-bandwidth: 10MB/s } }
        """
    }

    @Test(
        arguments: [
            ("64KiB", .bytes(65_536)), ("64 KiB", .bytes(65_536)), ("64KiB 100%", .bytes(65_536)),
            ("4KiB 50%, 16KiB 50%", half), ("4 KiB 50 %,16KiB  50%", half), ("[4KiB 50%, 16KiB 50%]", half),
            ("\n      - 4KiB 50%\n      - 16KiB 50%", half), ("['64KiB 100%']", .bytes(65_536)),
            (
                "512B 0.01%, 1MiB 33.33%, 3kB 66.66%",
                .sizes(
                    SizeMix([
                        .init(bytes: 512, share: 1), .init(bytes: 1 << 20, share: 3333),
                        .init(bytes: 3000, share: 6666),
                    ]))
            ),
        ] as [(String, SettingValue)])
    func areRead(block: String, value: SettingValue) throws {
        let settings = try TestManifests.profile(Self.text(block)).stressors[0].settings
        #expect(settings.values["block"] == value && settings.marks["block"] != nil)
        if case .sizes(let mix) = value {
            #expect(try SettingNotation.parse(SettingNotation.text(of: mix), for: Self.key, of: "x") == value)
        }
    }

    @Test(arguments: [
        (
            "4KiB 50%, 16KiB 40%",
            "12: error: the shares of 'block' in 'disk-bandwidth' come to 90%, and must come to 100%; change one of "
                + "them"
        ),
        (
            "4KiB 50%, 16KiB",
            "22: error: '16KiB' of 'block' in 'disk-bandwidth' is not a size and its share of the operations; write "
                + "it such as '4KiB 50%'"
        ),
        (
            "4KiB, 16KiB",
            "12: error: '4KiB' of 'block' in 'disk-bandwidth' is not a size and its share of the operations; write "
                + "it such as '4KiB 100%'"
        ),
        ("4KiB 50%, 4096B 50%", "22: error: 'block' in 'disk-bandwidth' has the size '4096B' twice; add its shares up"),
        (
            "4KiB 0%, 8KiB 100%",
            "17: error: the share '0%' must be above 0, in steps of 0.01%; write it such as '50%', or leave the size "
                + "out"
        ),
        (
            "4KiB 0.005%, 8KiB 99.995%",
            "17: error: the share '0.005%' must be above 0, in steps of 0.01%; write it such as '50%', or leave the "
                + "size out"
        ),
        ("4k 50%, 16KiB 50%", "13: error: '4k' is ambiguous: write 4KiB (2^10), as dd and fio mean it, or 4kB (10^3)"),
        (
            "4k/50:16k/50",
            "13: error: unknown unit 'k/50:16k/50' in '4k/50:16k/50'; 'block' in 'disk-bandwidth' takes bytes such "
                + "as '512MiB'"
        ),
        ("1m", "13: error: '1m' is ambiguous: write 1MiB (2^20), as dd and fio mean it, or 1MB (10^6)"),
        (
            "0B 50%, 4KiB 50%",
            "12: error: a size of 'block' in 'disk-bandwidth' must be above 0; write it such as '4KiB'"
        ),
        ("4KiB 150%, 4MiB 1%", "17: error: percent of a limit cannot exceed 100; write a percentage from 0% to 100%"),
        (
            "[4KiB 50%, 16KiB 40%]",
            "12: error: the shares of 'block' in 'disk-bandwidth' come to 90%, and must come to 100%; change one of "
                + "them"
        ),
        (
            "[4KiB 50%, 16k 50%]",
            "25: error: '16k' is ambiguous: write 16KiB (2^10), as dd and fio mean it, or 16kB (10^3)"
        ),
        (
            "[[4KiB]]",
            "13: error: a size of 'block' in 'disk-bandwidth' must be text, not a list; write it such as '- 4KiB 50%'"
        ),
        (
            "[]",
            "12: error: 'block' in 'disk-bandwidth' has no value; it takes bytes such as '64KiB', or several with "
                + "their shares such as '4KiB 50%, 16KiB 50%'"
        ),
        (
            "{4KiB: 50%}",
            "12: error: 'block' in 'disk-bandwidth' takes bytes such as '64KiB', or several with their shares such "
                + "as '4KiB 50%, 16KiB 50%', not a mapping"
        ),
    ])
    func whatIsWrongIsToldWithItsPlace(block: String, problem: String) {
        #expect(TestManifests.problems(Self.text(block)) == "p.yaml:3:\(problem)")
    }

    @Test func moreSizesThanTheLimitAreRefused() {
        let many = (1...17).map { "\($0)KiB 5%" }.joined(separator: ", ")
        #expect(TestManifests.problems(Self.text(many)).contains("has more than 16 sizes, the limit"))
        #expect(TestManifests.problems(Self.text("[\(many)]")).contains("has more than 16 sizes, the limit"))
    }

    @Test func schemaAndReaderAgree() throws {
        let cases = [
            (#""64KiB""#, true), (#""4KiB 50%, 16KiB 50%""#, true), (#"["4KiB 50%", "16KiB 50%"]"#, true),
            (#"["4 KiB 50 %", "16KiB 50%"]"#, true), (#""1m""#, false), (#""4k""#, false), (#"4096"#, false),
            (#""4KiB, 16KiB""#, false), (#"["4KiB", "16KiB"]"#, false), (#"[]"#, false), (#"{"4KiB": "50%"}"#, false),
            (#""4KiB/50:16KiB/50""#, false), (#"["4KiB 50%", 16]"#, false), (#""4KiB 50% 16KiB 50%""#, false),
        ]
        try TestManifests.expectAgreement(
            on: cases.map { block, isRight in
                let stressors = #""stressors": {"disk-bandwidth": {"block": \#(block)}}"#
                return (
                    #"{\#(stressors), "phases": [{"name": "p", "for": "1m", "load": {"disk-bandwidth": "1MB/s"}}]}"#,
                    isRight
                )
            })
    }
}
