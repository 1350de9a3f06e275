// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

@testable import Importers

/// AWS FIS and Systems Manager.
struct CloudTests {
    /// Parameters of the ten documents, as `send-command` takes them, and a load of each; written by the documented
    /// names.
    static let documents = [
        ("CPU-Stress", "'DurationSeconds': ['60'], 'CPU': ['0'], 'LoadPercent': ['80']", "cpu: 80%"),
        ("Memory-Stress", "'DurationSeconds': ['120'], 'Workers': ['1'], 'Percent': ['70']", "memory: 70%"),
        ("IO-Stress", "'DurationSeconds': ['60'], 'Workers': ['2'], 'Percent': ['80']", "disk-bandwidth: max"),
        ("Disk-Fill", "'DurationSeconds': ['60'], 'Percent': ['95']", "disk-space: 95%"),
        ("Kill-Process", "'ProcessName': ['app'], 'Signal': ['SIGTERM']", nil),
        ("Network-Blackhole-Port", "'DurationSeconds': ['60'], 'Protocol': ['tcp'], 'Port': ['80']", nil),
        ("Network-Latency", "'DurationSeconds': ['60'], 'Interface': ['eth0'], 'DelayMilliseconds': ['200']", nil),
        (
            "Network-Latency-Sources",
            "'DurationSeconds': ['60'], 'JitterMilliseconds': ['10'], 'Sources': ['S3'], 'TrafficType': ['egress']", nil
        ),
        ("Network-Packet-Loss", "'DurationSeconds': ['60'], 'LossPercent': ['7']", nil),
        ("Network-Packet-Loss-Sources", "'DurationSeconds': ['60'], 'LossPercent': ['7'], 'Sources': ['S3']", nil),
    ]

    @Test(arguments: documents)
    func aSetOfParametersIsAccountedFor(name: String, parameters: String, load: String?) throws {
        let text = """
            { "DocumentName": "AWSFIS-Run-\(name)",
              "Parameters": { \(parameters), 'InstallDependencies': ['True'] } }
            """
        let imported = try Fixture.file(.ssm, text)
        let fields = parameters.split(separator: "':").count - 1
        #expect(imported.account.entries.count == fields + 2)
        #expect(!imported.account.entries.contains { $0.note.contains("knows no such") })
        if let load {
            #expect(imported.body.contains(load), "\(imported.body)")
            #expect(Fixture.problems(imported.profile ?? "") == "")
            #expect(imported.account.count(.notCarried) <= 1)
        } else {
            #expect(imported.profile == nil)
            #expect(imported.account.count(.near) == 0 && imported.account.count(.notCarried) >= fields)
        }
    }

    @Test func `parameters alone need the document's name where they do not tell it`() throws {
        #expect(Fixture.refusal { try Fixture.file(.ssm, "{DurationSeconds: 60, Percent: 50}") }.contains("--action"))
        let named = try Fixture.file(
            .ssm, "DurationSeconds: 60\nPercent: 50\n", Fixture.options { $0.action = "AWSFIS-Run-Disk-Fill" })
        #expect(named.body.contains("disk-space: 50%"))
        #expect(try Fixture.file(.ssm, "DurationSeconds: 60\nCPU: 2\n").body.contains("cpu: 2 cores"))
    }

    @Test(arguments: [
        ("PT2M", 120), ("PT1H30M", 5400), ("PT45S", 45), ("PT12H", 43_200),
    ])
    func durationsAreISO(text: String, seconds: Int64) {
        #expect(FISImporter.isoDuration(text) == seconds * 1_000_000_000)
    }

    @Test(arguments: ["", "PT", "2M", "PT2", "PT13H", "PT-1M", "P1D", "PTM"])
    func otherDurationsAreNone(text: String) {
        #expect(FISImporter.isoDuration(text) == nil)
    }

    @Test func `actions come after those that they start after`() throws {
        let imported = try Importer.file(Fixture.source("template.json"), of: .fis, Fixture.options())
        let profile = try Fixture.read(imported.profile ?? "")
        #expect(profile.phases.map { $0.length / 1_000_000_000 } == [120, 60, 300])
        let areas = try Fixture.areas(imported.profile ?? "")
        #expect(areas[2] == ["memory": 60 * 300, "disk-space": 90 * 180])
    }

    @Test func `actions in a circle, and names of nobody, are refused`() {
        let refusal = Fixture.refusal {
            try Fixture.file(
                .fis,
                """
                {"actions": {"a": {"actionId": "aws:fis:wait", "startAfter": ["b"]},
                 "b": {"actionId": "aws:fis:wait", "parameters": {"duration": "soon"}, "startAfter": ["a", "c"]}}}
                """)
        }
        #expect(refusal.contains("in a circle") && refusal.contains("no action of this name"), "\(refusal)")
        #expect(refusal.contains("actions.b.parameters.duration: a duration such as 'PT2M'"), "\(refusal)")
    }

    @Test func `whom a template hits, and by which role, is no part of its load`() throws {
        func template(_ stop: String) -> String {
            """
            {"description": "d", "roleArn": "arn", "stopConditions": [\(stop)],
             "targets": {"pods": {"resourceType": "aws:eks:pod", "selectionMode": "ALL"}},
             "actions": {"a": {"actionId": "aws:eks:pod-cpu-stress", "targets": {"Pods": "pods"},
              "parameters": {"duration": "PT1M", "workers": "2", "kubernetesServiceAccount": "fis"}}}}
            """
        }
        let imported = try Fixture.file(.fis, template("{\"source\": \"none\"}"))
        #expect(imported.account.isExact && imported.profile != nil, "\(imported.account)")
        let alarm = template("{\"source\": \"aws:cloudwatch:alarm\", \"value\": \"arn\"}")
        #expect(try Fixture.file(.fis, alarm).account.count(.notCarried) == 2)
    }

    @Test func `actions on pods are loads, too`() throws {
        let imported = try Fixture.file(
            .fis,
            """
            {"actions": {"a": {"actionId": "aws:eks:pod-cpu-stress",
             "parameters": {"duration": "PT1M", "percent": "60", "workers": "2"}}}}
            """)
        #expect(imported.body.contains("cpu: 1.2 cores"))
        #expect(imported.account.isExact)
    }
}
