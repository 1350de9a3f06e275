// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import LoadModel
import Profiles
import Reporting
import Stressors

struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the kinds of stressor and of probe, or the settings of one, or the clauses of traces.")

    @Argument(help: "A kind of stressor, such as cpu, or of probe, such as http; or trace.")
    var kind: String?

    func run() throws {
        let manifests = Catalog.manifests
        let style = Console.style(of: Console.output)
        guard let kind else {
            let stressors = ListText.overview(manifests.filter(\.isListed), style: style)
            try Console.deliver(stressors + "\n" + ListText.probes(style: style))
            return
        }
        if let probe = ProbeKind(rawValue: kind) {
            try Console.deliver(ListText.details(probe, style: style))
            return
        }
        if kind == "trace" {
            try Console.deliver(ListText.clauses(of: "trace FILE.csv", TraceWords.all, style: style))
            return
        }
        guard let manifest = manifests.first(where: { $0.kind == kind }) else {
            let known = manifests.filter(\.isListed).map(\.kind).joined(separator: ", ")
            throw ValidationError("there is no stressor '\(kind)'; there are: \(known)")
        }
        try Console.deliver(ListText.details(manifest, style: style))
    }
}
