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
            "What is asked: http://HOST[:PORT]/PATH, unix:/SOCKET:/PATH (HTTP over a Unix socket), or what begins with "
                + ProbeNotation.prefixes.dropFirst(3).joined(separator: ", ") + ".", valueName: "url"))
    var urls: [String]

    @Option(help: Self.help(.every, "duration"))
    var every: String = "1s"

    @Option(help: Self.help(.timeout, "duration"))
    var timeout: String = "1s"

    @Option(
        name: .customLong("good-within"),
        help: ArgumentHelp("Until when an answer is good; without it, any within the timeout.", valueName: "duration"))
    var goodWithin: String?

    @Option(
        name: .customLong("for"),
        help: ArgumentHelp("How long; without it, until it is interrupted.", valueName: "duration"))
    var length: String?

    @Option(help: ArgumentHelp("HTTP: the status codes that are good, such as 200-299,404.", valueName: "codes"))
    var status: String = "200-399"

    @Option(help: ArgumentHelp("HTTP: what a good body contains.", valueName: "text"))
    var contains: String?

    @Option(help: Self.help(.method, "name", "HTTP"))
    var method: String = "GET"

    @Option(
        name: .customLong("header"),
        help: ArgumentHelp(
            "HTTP: a header, 'NAME: VALUE', 'NAME: env:VARIABLE' or 'NAME: file:PATH'; may be given more than once. "
                + "Values are never logged.", valueName: "header"))
    var headers: [String] = []

    @Option(help: Self.help(.connection, ProbeConnection.allCases.map(\.rawValue).joined(separator: "|"), "HTTP"))
    var connection: String = ProbeConnection.keep.rawValue

    @Option(help: Self.help(.ca, "file"))
    var ca: String?

    @Option(name: .customLong("server-name"), help: Self.help(.serverName, "name"))
    var serverName: String?

    @Flag(name: .customLong("no-verify"), help: "https: ask whoever answers, whatever its certificate.")
    var isUnverified = false

    @Option(
        help: ArgumentHelp("Append the results here as NDJSON, a line for each second and probe.", valueName: "file"))
    var log: String?

    @Flag(name: .shortAndLong, help: "Print the summary alone.")
    var quiet = false

    /// What the notation of profiles says of an option.
    private static func help(_ option: ProbeOption, _ valueName: String, _ kind: String? = nil) -> ArgumentHelp {
        let help = option.description.help
        let text = kind.map { "\($0): \(help)" } ?? help.prefix(1).uppercased() + help.dropFirst()
        return ArgumentHelp(text + ".", valueName: valueName)
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

    /// What each URL asks, under the options that its kind takes.
    private func plans() throws -> [ProbePlan] {
        let said: [Said] = [
            (.every, every, "--every \(every)"), (.timeout, timeout, "--timeout \(timeout)"),
            (.method, method, "--method \(method)"), (.connection, connection, "--connection \(connection)"),
            (.good, "status \(status)", "--status \(status)"),
        ]
        let limit = goodWithin.map { (ProbeOption.good, "in \($0)", "--good-within \($0)") }
        let trust = [
            ca.map { (ProbeOption.ca, $0, "--ca \($0)") },
            serverName.map { (ProbeOption.serverName, $0, "--server-name \($0)") },
            isUnverified ? (ProbeOption.verify, "false", "--no-verify") : nil,
        ].compactMap { $0 }
        // What is wrong with a flag is wrong whatever is asked.
        _ = try plan("https://localhost/", said + trust + [limit].compactMap { $0 }, headers, flag: "--header")
        let plans = try plans(said, trust, limit)
        if let flag = trust.first?.2, !plans.contains(where: \.isEncrypted) {
            throw ValidationError("\(flag): it is of https, and nothing of that is asked")
        }
        return plans
    }

    private typealias Said = (option: ProbeOption, text: String, flag: String)

    private func plans(_ said: [Said], _ trust: [Said], _ limit: Said?) throws -> [ProbePlan] {
        try urls.map { url in
            // A name with a password is refused and not shown.
            var plan = try plan(url, [], [], flag: url.contains("@") ? "http://…" : url)
            guard case .http = plan.question else {
                return try self.plan(url, said.filter { $0.option != .good } + [limit].compactMap { $0 }, [], flag: "")
            }
            let all = said + (plan.isEncrypted ? trust : []) + [limit].compactMap { $0 }
            plan = try self.plan(url, all, headers, flag: "--header")
            if case .http(var http) = plan.question {
                http.bodyContains = contains
                plan.question = .http(http)
            }
            return plan
        }
    }

    /// Reads a probe; what is wrong is told with the first flag that it is wrong with.
    private func plan(
        _ url: String, _ said: [(option: ProbeOption, text: String, flag: String)], _ headers: [String], flag: String
    ) throws -> ProbePlan {
        for count in 0...said.count {
            let isLast = count == said.count
            do throws(NotationError) {
                let options = said.prefix(count).map { (option: $0.option, text: $0.text) }
                let plan = try ProbeNotation.plan(name: url, url, options: options, headers: isLast ? headers : []) {
                    try RegularFile.bytes($0, limit: ProfileReader.fileSizeLimit + 1)
                }
                if isLast { return plan }
            } catch {
                let place = count == 0 || isLast && !headers.isEmpty ? flag : said[count - 1].flag
                throw ValidationError("\(place): \(error.message)")
            }
        }
        throw ExitStatus.internalError
    }

    private func reading<Value>(_ subject: String, _ read: () throws(NotationError) -> Value) throws -> Value {
        do throws(NotationError) {
            return try read()
        } catch {
            throw ValidationError("\(subject): \(error.message)")
        }
    }

    private func duration(_ text: String, _ option: String) throws -> Nanoseconds {
        let duration = try reading("\(option) '\(text)'") { () throws(NotationError) in
            try UnitNotation.duration(text)
        }
        guard duration > 0 else { throw ValidationError("\(option) must be longer than 0s") }
        return duration
    }
}
