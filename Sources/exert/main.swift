// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Engine
import Glibc
import Stressors

// A stressor process is this same binary. It is told apart before anything else is set up, so that its resident set and
// its start stay small.
if CommandLine.arguments.dropFirst().first == StressorProcess.subcommand {
    exit(StressorProcess.run(catalog: Catalog.all, arguments: CommandLine.arguments))
}

// A reader of our output that goes away must not take the run along without a release.
signal(SIGPIPE, SIG_IGN)
ExertCommand.main()
