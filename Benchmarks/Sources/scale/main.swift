// SPDX-License-Identifier: Apache-2.0

// What it costs to observe a day: the observer itself, with everything that it keeps, in a world where time is a
// number and nobody carries load.
//
//     scale [--quick] [--json FILE]
//
// Exit code: 0 every bar was met, 2 one was not, 64 bad usage, 130 interrupted.

import Glibc
import LinuxSystem

let options = Options(CommandLine.arguments.dropFirst())
var report = Report(isQuick: options.isQuick)
for run in Run.list(isQuick: options.isQuick) {
    do {
        guard let outcome = try run.measure() else { exit(130) }
        report.add(outcome)
        // Each row as it is known, into a pipe too.
        fflush(nil)
    } catch {
        complain("\(run.title): \(error)")
        exit(2)
    }
}
report.printBars()
if let path = options.path {
    do {
        let file = try OwnedDescriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC, mode: 0o644)
        try file.write(all: report.json)
    } catch {
        complain("\(path): \(error)")
        exit(2)
    }
}
exit(report.isMet ? 0 : 2)

func complain(_ message: String) { try? StreamWriter.write(Array("scale: \(message)\n".utf8), to: 2) }

/// The command line.
struct Options {
    var isQuick = false
    var path: String?

    init(_ arguments: ArraySlice<String>) {
        var rest = arguments
        while let word = rest.popFirst() {
            if word == "--quick" {
                isQuick = true
            } else if word == "--json", let path = rest.popFirst() {
                self.path = path
            } else {
                complain("usage: scale [--quick] [--json FILE]")
                exit(64)
            }
        }
    }
}
