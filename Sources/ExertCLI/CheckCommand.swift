// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import LinuxSystem
import Reporting

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Parse and plan a profile without any load.",
        discussion: "Prints every problem with its place, or the plan with all amounts resolved on this host.")

    @OptionGroup var source: ProfileOptions

    @Option(help: "How the plan is printed: text or json.")
    var format: OutputFormat = .text

    func run() throws {
        let plan = try source.plan(on: HostFacts.read())
        switch format {
        case .text: try Console.deliver(PlanText.text(plan, style: Console.style(of: Console.output)))
        case .json: try Console.deliver(SummaryJSON.document(plan))
        }
    }
}
