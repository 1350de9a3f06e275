// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Engine
import Glibc
import LinuxSystem
import Stressors

// Not Swift's `CommandLine`: it asks /proc, and without one every command line would be empty.
let arguments = CurrentProcess.arguments

// The first process of a container has duties that no other has: it reaps what others leave.
if CurrentProcess.isInit { CurrentProcess.divideIntoInitAndChild() }

// A stressor process is this same binary. It is told apart before anything else is set up, so that its resident set and
// its start stay small.
if arguments.dropFirst().first == StressorProcess.subcommand {
    exit(StressorProcess.run(catalog: Catalog.all, arguments: arguments))
}

// A reader of our output that goes away must not take the run along without a release.
signal(SIGPIPE, SIG_IGN)
// Nor must a file that may not grow any further (RLIMIT_FSIZE): it is an error of a write.
signal(SIGXFSZ, SIG_IGN)
ExertCommand.runMain(Array(arguments.dropFirst()))
