// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Engine
import Glibc
import LinuxSystem
import Probes
import ProbesTLS
import Stressors

// Not Swift's `CommandLine`: it asks /proc, and without one every command line would be empty.
let arguments = CurrentProcess.arguments

// Some who start others ignore it, and then nobody is told how a child ended.
signal(SIGCHLD, SIG_DFL)
// What crashes ends at once, and its load with it: the runtime would write a backtrace first, which takes seconds.
for crash in [SIGQUIT, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP] { signal(crash, SIG_DFL) }

// Whoever is killed by a filter cannot say so.
if arguments.dropFirst().first != StressorProcess.subcommand, let call = CurrentProcess.forbiddenCall {
    // By nothing but a write: what else it takes to say things may be what kills.
    let message =
        "error: a seccomp filter kills whoever calls \(call), which exert cannot do without; allow it, or have the "
        + "filter answer with an error\n"
    _ = message.utf8CString.withUnsafeBytes { write(Console.error, $0.baseAddress, $0.count - 1) }
    _exit(ExitStatus.unsupported.rawValue)
}

// The first process of a container has duties that no other has: it reaps what others leave.
if CurrentProcess.isInit { CurrentProcess.divideIntoInitAndChild() }

// A stressor process is this same binary. It is told apart before anything else is set up, so that its resident set and
// its start stay small.
if arguments.dropFirst().first == StressorProcess.subcommand {
    exit(StressorProcess.run(catalog: Catalog.all, arguments: arguments))
}

// So is the prober, which sets up for itself what a command would only undo.
if arguments.dropFirst().first == ProberMain.subcommand { exit(ProberMain.run(tls: ProbeTLS.provider)) }

// A reader of our output that goes away must not take the run along without a release.
signal(SIGPIPE, SIG_IGN)
// Nor must a file that may not grow any further (RLIMIT_FSIZE): it is an error of a write.
signal(SIGXFSZ, SIG_IGN)
// What health checks and packagers ask again and again needs no description of all commands.
if arguments.dropFirst().elementsEqual(["--version"]) {
    do { try Console.deliver("\(exertVersion)\n") } catch { exit(ExitStatus.internalError.rawValue) }
    exit(0)
}
// Until a load begins, whoever waits for a file system says so, and can be told to end.
Places.beginAsking(limit: 30_000_000_000) { Console.tell($0) }
ExertCommand.runMain(Array(arguments.dropFirst()))
