// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import LinuxSystem
import LoadModel
import Probes
import Profiles
import Reporting

struct ProbeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "probe",
        abstract: "Ask a service at a fixed rate how it is, and tell what came of each time it was due.",
        discussion: """
            exert probe http://localhost:8080/healthz --every 100ms --timeout 1s --for 10m --log probe.ndjson

            Exerts nothing: it watches, from this host or from another one, while a load runs elsewhere. Each probe is \
            asked when it is due, whether earlier ones were answered or not, and its latency counts from then: what a \
            stalled service makes its callers wait is seen whole. What the prober itself was kept from seeing is \
            withdrawn, and counts as neither good nor bad.

            Names are resolved once, before the start, and one address is asked. Exit codes: 0 something of each \
            address was good · 6 nothing of one of them was · 4 it cannot be done here · 64 bad usage. SIGINT, \
            SIGTERM and --for end it the same way, with a summary.
            """)

    @Argument(
        help: ArgumentHelp(
            "What is asked: http://HOST[:PORT]/PATH, unix:/SOCKET:/PATH (HTTP over a Unix socket), tcp://HOST:PORT or "
                + "dns:NAME.", valueName: "url"))
    var urls: [String]

    @Option(help: ArgumentHelp("The time from one to the next, such as 100ms.", valueName: "duration"))
    var every: String = "1s"

    @Option(help: ArgumentHelp("After which time one is given up.", valueName: "duration"))
    var timeout: String = "1s"

    @Option(
        name: .customLong("good-within"),
        help: ArgumentHelp("Until when an answer is good; without it, any within the timeout.", valueName: "duration"))
    var goodWithin: String?

    @Option(
        name: .customLong("for"),
        help: ArgumentHelp("How long; without it, until it is interrupted.", valueName: "duration"))
    var length: String?

    @Option(
        help: ArgumentHelp(
            "HTTP: the status codes that are good, such as 200-299,404.", valueName: "codes"))
    var status: String = "200-399"

    @Option(help: ArgumentHelp("HTTP: what a good body contains.", valueName: "text"))
    var contains: String?

    @Option(help: ArgumentHelp("HTTP: the method.", valueName: "name"))
    var method: String = "GET"

    @Option(
        name: .customLong("header"),
        help: ArgumentHelp(
            "HTTP: a header, 'NAME: VALUE', 'NAME: env:VARIABLE' or 'NAME: file:PATH'; may be given more than once. "
                + "Values are never logged.", valueName: "header"))
    var headers: [String] = []

    @Option(
        help: ArgumentHelp(
            "HTTP: keep (default) asks over a connection that is there, new makes one each time, as most callers of a "
                + "service that runs out of handles or ports do.", valueName: "keep|new"))
    var connection: ConnectionUse = .keep

    @Option(
        help: ArgumentHelp("Append the results here as NDJSON, a line for each second and probe.", valueName: "file"))
    var log: String?

    @Flag(name: .shortAndLong, help: "Print the summary alone.")
    var quiet = false

    /// What becomes of a connection after an answer.
    enum ConnectionUse: String, ExpressibleByArgument, CaseIterable {
        case keep, new
    }

    func run() throws {
        let plans = try plans()
        let length = try length.map { try duration($0, "--for") } ?? UnitNotation.durationLimit
        guard let signals = try? SignalSource([1, 2, 15]) else {
            Console.complain("signals cannot be collected")
            throw ExitStatus.internalError
        }
        let watch = try ProbeWatch(plans, logPath: log, isQuiet: quiet)
        let prober: ProberProcess
        do throws(ProbeProblem) {
            prober = try ProberProcess(plans)
            guard try watch.follow(prober, length: length, signals: signals) else { return }
        } catch {
            Console.complain(error.description)
            throw ExitStatus.unsupported
        }
        guard watch.finish() else { throw ExitStatus.internalError }
        if !watch.isGoodSomewhere { throw ExitStatus.objectiveMissed }
    }

    private func plans() throws -> [ProbePlan] {
        let every = try duration(every, "--every")
        let timeout = try duration(timeout, "--timeout")
        let goodWithin = try goodWithin.map { try duration($0, "--good-within") }
        guard every >= .millisecond, timeout >= .millisecond else {
            throw ValidationError("--every and --timeout are 1ms at least")
        }
        return try urls.map { url in
            ProbePlan(
                name: url, question: try question(url), every: every, timeout: timeout, goodWithin: goodWithin,
                mark: SourceMark(line: 1, column: 1))
        }
    }

    private func duration(_ text: String, _ option: String) throws -> Nanoseconds {
        do {
            let duration = try UnitNotation.duration(text)
            guard duration > 0 else { throw ValidationError("\(option) must be longer than 0s") }
            return duration
        } catch let error as NotationError {
            throw ValidationError("\(option) '\(text)': \(error.message)")
        }
    }

    private func question(_ url: String) throws -> ProbeQuestion {
        guard let question = ProbeURL.question(url) else {
            throw ValidationError(
                "'\(url)': write http://HOST:PORT/PATH, unix:/SOCKET:/PATH, tcp://HOST:PORT or dns:NAME")
        }
        guard let codes = ProbeURL.statusCodes(status) else {
            throw ValidationError("--status '\(status)': write codes such as 200-299,404")
        }
        guard case .http(var http) = question else { return question }
        http.method = method
        http.bodyContains = contains
        http.keepsConnection = connection == .keep
        http.goodStatus = codes
        http.headers = try headers.map { text in
            guard let header = ProbeURL.header(text) else {
                throw ValidationError("--header: write 'NAME: VALUE', 'NAME: env:VARIABLE' or 'NAME: file:PATH'")
            }
            return header
        }
        return .http(http)
    }
}
