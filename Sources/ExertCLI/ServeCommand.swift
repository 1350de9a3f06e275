// SPDX-License-Identifier: Apache-2.0

#if Server
import ArgumentParser
import ControlServer
import Exert
import Glibc
import LinuxSystem
import LoadModel
import Profiles
import Stressors
import Synchronization

struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run loads that are asked for over HTTP.",
        discussion: """
            A sidecar: POST /v1/runs starts a run, each in processes of its own; GET /openapi.json describes the rest, \
            and / is a page for browsers. What runs may touch beyond CPU and memory is only what is allowed here. \
            SIGTERM and SIGINT stop all runs, release everything, and end the server with exit code 0; a second one \
            ends it at once. With EXERT_TOKEN in the environment, or --token-file, callers must present that token.
            """)

    @Option(
        help: ArgumentHelp(
            "Where it listens: HOST:PORT, [IPV6]:PORT or unix:PATH; port 0 is any that is free. Addresses that others "
                + "reach need a token.", valueName: "address"))
    var listen: String = "127.0.0.1:7117"

    @Option(
        help: ArgumentHelp("A file with the token that callers present as bearer.", valueName: "file"),
        completion: .file())
    var tokenFile: String?

    @Option(help: ArgumentHelp("A certificate in PEM, with its chain, for HTTPS.", valueName: "file"))
    var tlsCertificate: String?

    @Option(help: ArgumentHelp("The certificate's key in PEM.", valueName: "file"))
    var tlsKey: String?

    @Option(
        name: .customLong("allow-directory"),
        help: ArgumentHelp(
            "Runs may make files in and below this directory, and read traces there; may be given again.",
            valueName: "dir"), completion: .directory)
    var directories: [String] = []

    @Option(
        name: .customLong("allow-cgroup"),
        help: ArgumentHelp(
            "Runs may put their stressors into this control group and those below it, as a profile names them; may be "
                + "given again.", valueName: "path"))
    var cgroups: [String] = []

    @Flag(help: "Runs may set other processes' limit of open files (file-handles with target.pid).")
    var allowProcesses = false

    @Option(
        name: .customLong("allow-probe"),
        help: ArgumentHelp(
            "Probes may ask this: HOST, HOST:PORT, unix:PATH, dns:NAME, command:PROGRAM (with any arguments), pid:N or "
                + "unit:NAME; 'command:*' is any. May be given again.", valueName: "target"))
    var probes: [String] = []

    @Option(
        name: .customLong("allow"),
        help: ArgumentHelp(
            "Runs may reach so far: user, what all processes of this user share; host, what everybody on the host "
                + "shares, such as the system's table of open files; network; device. May be given again. 'exert list "
                + "KIND' tells what reaches how far.", valueName: "reach"))
    var reaches: [String] = []

    @Option(
        name: .customLong("max-length"), parsing: .unconditional,
        help: ArgumentHelp("How long a run may last; none for as long as a profile may.", valueName: "time"))
    var maxLength: String = "24h"

    @Flag(help: "Runs may do whatever this user may, as on the command line.")
    var unsafe = false

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "The lease of runs that do not say: a run that nobody renews for that long ends, so that a controller that "
                + "vanishes lets go; none for no lease.", valueName: "time"))
    var lease: String = "30s"

    @Option(
        parsing: .unconditional, help: ArgumentHelp("How many runs may go on at a time, 1 to 64.", valueName: "count"))
    var maxRuns = 8

    @Option(
        help: ArgumentHelp(
            "The directory of the profiles that GET /v1/profiles offers; without it ./profiles, or the one that came "
                + "with exert.", valueName: "dir"), completion: .directory)
    var profiles: String?

    func run() throws {
        let options = try options()
        let socket = try prepareSocket(options.address)
        // What runs left that were killed with the server before.
        Leftovers().undo()
        for file in [tlsCertificate, tlsKey] { if let file { Places.waitForAnswer(of: file) } }
        Places.endAsking()
        // Before any thread: all of them leave these signals to this one.
        let signals = try SignalSource([SIGHUP, SIGINT, SIGTERM])
        // The socket is nobody else's from its first moment on.
        let mask = socket == nil ? nil : FileModeMask.set(0o177)
        let note = note(of: options)
        let server: ControlServer
        do throws(ServerFailure) {
            server = try ControlServer(options) { url in
                if let mask { FileModeMask.set(mask) }
                Console.write("exert serve: listening on \(url) (\(note))\n", to: Console.error)
            }
        } catch {
            throw ValidationError(error.message)
        }
        defer { if let socket { UnixSocket.remove(socket) } }
        if let failure = try serve(server, signals) {
            Console.complain(failure.message)
            throw ExitStatus.unsupported
        }
    }

    /// Serves until a signal or a failure ends it.
    private func serve(_ server: ControlServer, _ signals: SignalSource) throws -> ServerFailure? {
        let over = try OwnedDescriptor.eventCounter()
        let counter = over.rawValue
        let outcome = Outcome()
        Task {
            do throws(ServerFailure) {
                try await server.run()
            } catch {
                outcome.failure.withLock { $0 = error }
            }
            EventCounter.signal(counter)
        }
        var deadline: Int64 = .max
        while Clocks.monotonic < deadline {
            var poll = EventPoll([signals.rawDescriptor, counter])
            guard poll.wait(until: deadline) else { continue }
            guard let signal = signals.next() else { break }
            if deadline != .max { CurrentProcess.exitImmediately(128 + signal) }
            // Runs are released first, however long that takes; then connections have a little time to end.
            deadline = .max - 1
            Console.write("exert serve: stopping all runs\n", to: Console.error)
            let stopped = try OwnedDescriptor.eventCounter()
            let stoppedCounter = stopped.rawValue
            Task {
                await server.stop()
                EventCounter.signal(stoppedCounter)
            }
            try waitForRelease(signals, stoppedCounter)
            deadline = Clocks.monotonic + 2_000_000_000
        }
        return outcome.failure.withLock { $0 }
    }

    private func waitForRelease(_ signals: SignalSource, _ stopped: Int32) throws {
        while true {
            let ready = EventPoll.wait([signals.rawDescriptor, stopped])
            if let signal = signals.next() { CurrentProcess.exitImmediately(128 + signal) }
            if ready.contains(stopped) { return }
        }
    }

    private final class Outcome: Sendable {
        let failure = Mutex<ServerFailure?>(nil)
    }
}

extension ServeCommand {
    private func options() throws -> ServerOptions {
        guard let address = ListenAddress(listen) else {
            throw ValidationError(
                "--listen \(listen): write HOST:PORT such as 127.0.0.1:7117, [::1]:7117, or unix:/run/exert.sock")
        }
        // Whatever this binary is called: it and its runs are one version.
        var options = ServerOptions(address: address, executable: ChildProcess.thisExecutable, version: exertVersion)
        options.token = try token()
        guard options.token != nil || address.isLocal else {
            throw ValidationError(
                "--listen \(listen) can be reached by others, so callers must present a token: set EXERT_TOKEN or "
                    + "give --token-file FILE, or listen on 127.0.0.1")
        }
        switch (tlsCertificate, tlsKey) {
        case (nil, nil): break
        case (let certificate?, let key?): options.tls = (certificate, key)
        default: throw ValidationError("--tls-certificate and --tls-key go together")
        }
        options.rules = try rules()
        options.lease = try leaseText()
        guard (1...64).contains(maxRuns) else { throw ValidationError("--max-runs must be from 1 to 64") }
        options.maxRuns = maxRuns
        options.profiles = try profileDirectory()
        options.stressors = Catalog.manifests.filter(\.isListed).map {
            .init(kind: $0.kind, unit: $0.unit.rawValue, summary: $0.summary, reach: $0.reach.rawValue)
        }
        options.profileLength = { Self.length(of: $0) }
        return options
    }

    private func token() throws -> String? {
        let (text, source): (String, String)
        if let tokenFile {
            do {
                (text, source) = (
                    String(decoding: try SmallFile.bytes(tokenFile, limit: 4096), as: UTF8.self), tokenFile
                )
            } catch {
                throw ValidationError("--token-file \(tokenFile) cannot be read: \(error)")
            }
        } else if let variable = Console.variable("EXERT_TOKEN") {
            (text, source) = (variable, "EXERT_TOKEN")
        } else {
            return nil
        }
        let token = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        guard !token.isEmpty, token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw ValidationError("\(source) must hold one word of visible ASCII characters, the token")
        }
        return token
    }

    private func rules() throws -> SafetyRules? {
        if unsafe {
            guard directories.isEmpty, cgroups.isEmpty, !allowProcesses, probes.isEmpty, reaches.isEmpty else {
                throw ValidationError("--unsafe allows everything; leave out what --allow-… allows")
            }
            return nil
        }
        var resolved: [String] = []
        for directory in directories {
            guard let path = RealPath.of(directory), (try? OwnedDescriptor.open(path, FileFlags.directory)) != nil
            else {
                throw ValidationError("--allow-directory \(directory): there is no such directory")
            }
            resolved.append(path)
        }
        let reaches = try self.reaches.map { word in
            guard let reach = SafetyRules.Reach(rawValue: word) else {
                let known = SafetyRules.Reach.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("--allow \(word): it takes one of: \(known)")
            }
            return reach
        }
        return SafetyRules(
            directories: resolved, cgroups: cgroups, allowsProcesses: allowProcesses, probes: probes,
            reaches: Set(reaches), longestSeconds: try longestRun())
    }

    private func longestRun() throws -> Double? {
        guard maxLength != "none" else { return nil }
        do throws(NotationError) {
            return try UnitNotation.duration(maxLength).seconds
        } catch {
            throw ValidationError("--max-length \(maxLength): \(error.message)")
        }
    }

    private func leaseText() throws -> String? {
        guard lease != "none" else { return nil }
        var settings = RunSettings()
        do throws(RunSettings.Problem) { try settings.take(lease: lease) } catch {
            throw ValidationError("--\(error.option) \(error.message)")
        }
        return lease
    }

    private func profileDirectory() throws -> String? {
        if let profiles {
            guard (try? OwnedDescriptor.open(profiles, FileFlags.directory)) != nil else {
                throw ValidationError("--profiles \(profiles): there is no such directory")
            }
            return RealPath.of(profiles)
        }
        let binary = ExertExecutable.thisProcess
        let folder = binary.lastIndex(of: "/").map { String(binary[..<$0]) } ?? "."
        let candidates = [
            "profiles", "\(folder)/profiles", "\(folder)/../share/exert/profiles", "/usr/share/exert/profiles",
        ]
        return candidates.first { (try? OwnedDescriptor.open($0, FileFlags.directory)) != nil }.flatMap(RealPath.of)
    }

    private static func length(of text: [UInt8]) -> Double? {
        struct Unread: Error {}
        let profile = try? ProfileReader.profile(
            from: text, file: "<profile>", manifests: Catalog.manifests, readFile: { _ in throw Unread() })
        return profile.map { $0.phases.reduce(0) { $0 + $1.length.seconds } }
    }

    /// Looks whether a Unix socket can be made; its path.
    private func prepareSocket(_ address: ListenAddress) throws -> String? {
        guard case .unix(let path) = address else { return nil }
        guard path.utf8.count <= UnixSocket.pathLimit else {
            throw ValidationError("--listen \(listen): a socket's path may have \(UnixSocket.pathLimit) bytes")
        }
        switch UnixSocket.occupant(of: path) {
        case .nothing, .stale: return path
        case .server:
            Console.complain("somebody answers on \(path); stop that server first, or listen on another path")
            throw ExitStatus.unsupported
        case .other: throw ValidationError("--listen \(listen): there is something that is no socket; remove it first")
        }
    }

    private func note(of options: ServerOptions) -> String {
        let caller = options.token == nil ? "no token" : "token demanded"
        guard let rules = options.rules else { return "\(caller); runs may do whatever this user may" }
        let directories = rules.directories.isEmpty ? "no directory" : rules.directories.joined(separator: ", ")
        let cgroups = rules.cgroups.isEmpty ? "no other cgroup" : rules.cgroups.joined(separator: ", ")
        let processes = rules.allowsProcesses ? "other processes' limits" : "no other process"
        let reaches = rules.reaches.map(\.rawValue).sorted()
        let shared = reaches.isEmpty ? "" : "; they may reach what is shared: \(reaches.joined(separator: ", "))"
        let probed = rules.probes.isEmpty ? "" : "; probes may ask \(rules.probes.joined(separator: ", "))"
        return "\(caller); runs may use \(directories), \(cgroups) and \(processes)\(shared)\(probed)"
    }
}
#endif
