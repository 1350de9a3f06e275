// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Engine
import Reporting

struct HostCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "host",
        abstract: "Tell what this host or container offers, and where each figure comes from.",
        discussion: """
            Capacities with the limit of each level, file systems with their real free space, and each technique, \
            tried out: what works here, what does not and why, and what exert does instead. Needs no privileges and \
            leaves nothing behind. What cannot be read is shown as unreadable, with the file and the error; the exit \
            code is 0 all the same.
            """)

    @Option(help: "How it is printed: text or json.")
    var format: OutputFormat = .text

    @Option(
        name: .customLong("directory"),
        help: ArgumentHelp(
            "Try files in this directory, and ask its file system even where it may never answer; may be given more "
                + "than once. Without it: the working directory and the one for temporary files.",
            valueName: "dir"), completion: .directory)
    var directories: [String] = []

    func run() throws {
        let report = HostSurvey(directories: directories).report(exertVersion: exertVersion)
        switch format {
        case .text: try Console.deliver(HostText.text(report, style: Console.style(of: Console.output)))
        case .json: try Console.deliver(HostJSON.document(report))
        }
    }
}
