// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Engine
import Glibc
import Importers
import LinuxSystem
import LoadModel
import ProbesTLS
import Profiles
import Stressors

/// Where the profile comes from: a file, standard input, or flags.
struct ProfileOptions: ParsableArguments {
    @Argument(help: "A profile in YAML; - reads standard input.", completion: .file(extensions: ["yaml", "yml"]))
    var profile: String?

    @Option(help: ArgumentHelp("A load without a file, such as cpu=50%; may be given again.", valueName: "kind=load"))
    var load: [String] = []

    @Option(
        help: ArgumentHelp(
            "A setting of a stressor, such as cpu.method=simd; may be given again.", valueName: "kind.key=value"))
    var set: [String] = []

    @Option(
        help: ArgumentHelp(
            "With --load: a probe by name, such as checkout=http://localhost:8080/; --set checkout.every=50ms says "
                + "more of it; may be given again.", valueName: "name=url"))
    var probe: [String] = []

    @Option(
        help: ArgumentHelp(
            "With --load: what a probe's answers must be, such as 'checkout 99% good'; may be given again.",
            valueName: "text"))
    var objective: [String] = []

    @Option(
        name: .customLong("for"), parsing: .unconditional,
        help: ArgumentHelp(
            "How long --load lasts, or the one phase of a profile, such as 30s; trace: as long as its trace.",
            valueName: "time"))
    var length: String?

    @Option(
        help: ArgumentHelp(
            "With --load: what ends it before that, such as 'psi.memory.some > 10% for 5s', or stopped, which needs no "
                + "--for; may be given again.", valueName: "condition"))
    var until: [String] = []

    @Option(
        help: ArgumentHelp(
            "With a profile: the value of a parameter, such as level=80%; may be given again.",
            valueName: "name=value"))
    var param: [String] = []

    @Option(
        help: ArgumentHelp(
            "With a profile: another length or load of a phase, such as squeeze.for=10s, squeeze.cpu=50% or "
                + "squeeze.cpu.start=5s; may be given again.", valueName: "phase.key=value"))
    var phase: [String] = []

    @Option(
        help: ArgumentHelp(
            "With a profile: multiplies the lengths of phases and the times of loads, such as 0.1.",
            valueName: "factor"))
    var scaleTime: String?

    private var changes: ProfileChanges {
        var changes = ProfileChanges()
        (changes.parameters, changes.phases, changes.settings) = (param, phase, set)
        (changes.length, changes.timeScale) = (length, scaleTime)
        return changes
    }

    /// Not while flags are parsed: what is misspelt is to be told first, and not what seems to be missing for it.
    func checkFlags() throws {
        if profile != nil, !(probe + objective).isEmpty {
            throw ValidationError(
                "write probes and objectives into the profile: --probe and --objective go with --load")
        }
        if profile != nil, !until.isEmpty {
            throw ValidationError(
                "--until goes with --load; of a profile, --phase NAME.until=CONDITION changes a phase")
        }
        if profile != nil, !load.isEmpty {
            throw ValidationError("give a profile, or --load with --for, not both")
        }
        if profile == nil, !param.isEmpty || !phase.isEmpty || scaleTime != nil {
            throw ValidationError("--param, --phase and --scale-time change a profile; give one")
        }
        if profile == nil, load.isEmpty {
            throw ValidationError("give a profile, such as profiles/quickstart.yaml, or --load cpu=50% --for 30s")
        }
        if !load.isEmpty, length == nil, !until.contains(EarlyEndWord.stopped.rawValue) {
            throw ValidationError("--load needs --for, such as --for 30s, or --until stopped")
        }
    }

    /// Reads the profile and plans it on this host; prints what is wrong and throws the exit code.
    func plan(on host: HostFacts, startAt: Nanoseconds? = nil) throws -> Plan {
        try checkFlags()
        let profile = try read()
        do throws(PlanErrors) {
            return try Planner(host: host, catalog: Catalog.all, hasTLS: ProbeTLS.isThere, startAt: startAt)
                .plan(profile)
        } catch {
            if !error.invalid.isEmpty {
                // Flags have no lines.
                let problems = self.profile == nil ? error.invalid.map { Diagnostic(nil, $0.message) } : error.invalid
                let errors = ProfileErrors(file: profile.file, diagnostics: problems)
                Console.write(errors.description + "\n", to: Console.error)
            }
            for message in error.unsupported { Console.complain(message) }
            throw error.invalid.isEmpty ? ExitStatus.unsupported : ExitStatus.usage
        }
    }

    private func read() throws -> Profile {
        let manifests = Catalog.manifests
        var foreign: ForeignFile.Recognition?
        do throws(ProfileErrors) {
            guard let profile else {
                return try ProfileReader.profile(
                    loads: load, settings: set, length: length, until: until, probes: probe, objectives: objective,
                    manifests: manifests, readFile: Self.file, openTrace: Self.trace)
            }
            let name = profile == "-" ? "<stdin>" : profile
            let bytes = try bytes(of: profile, name: name)
            do throws(ProfileErrors) {
                return try ProfileReader.profile(
                    from: bytes, file: name, manifests: manifests, changes: changes, environment: Self.variable,
                    readFile: Self.file, readIncluded: Self.file, openTrace: Self.trace)
            } catch {
                foreign = ForeignFile.recognise(bytes)
                throw error
            }
        } catch {
            Console.write(error.description + "\n", to: Console.error)
            if let foreign, let profile { Console.tell(Self.hint(foreign, profile)) }
            throw ExitStatus.usage
        }
    }

    /// Whose importer makes a profile of a file that is none.
    private static func hint(_ foreign: ForeignFile.Recognition, _ file: String) -> String {
        let curve = foreign.tool.isCurve ? " --as cpu --peak 80%" : ""
        return "\(file): this looks like \(foreign.title); 'exert import \(foreign.tool.rawValue) \(file)\(curve)' "
            + (foreign.isWithoutLoad ? "says why nothing of it is a load that exert has" : "writes it as a profile")
    }

    /// Bounded well above the reader's own limit, so that the reader can say how large the text is.
    private static let readLimit = 256 << 20

    /// A file that is named on the command line, or standard input.
    static func bytes(of path: String) throws -> [UInt8] {
        if path == "-" { return try SmallFile.bytes(ofDescriptor: 0, limit: readLimit) }
        // What a shell has open for us: <(a command).
        let isOpen = path == "/dev/stdin" || ["/dev/fd/", "/proc/self/fd/"].contains { path.hasPrefix($0) }
        return isOpen
            ? try SmallFile.bytes(path, limit: readLimit)
            // Whoever opens a pipe waits for whoever writes to it.
            : try RegularFile.bytes(path, limit: readLimit)
    }

    private func bytes(of path: String, name: String) throws(ProfileErrors) -> [UInt8] {
        do {
            return try Self.bytes(of: path)
        } catch {
            throw ProfileErrors(
                file: name, diagnostics: [Diagnostic(nil, "the profile cannot be read: \(error)")])
        }
    }

    private static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    /// The reader has made the path one beside the profile's own already.
    private static func file(_ path: String) throws -> [UInt8] {
        try RegularFile.bytes(path, limit: ProfileReader.fileSizeLimit + 1)
    }

    private static func trace(_ path: String) throws -> ByteReader { try RegularFile.pieces(of: path) }
}
