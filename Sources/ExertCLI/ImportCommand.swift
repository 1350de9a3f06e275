// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Importers
import LinuxSystem
import LoadModel
import Profiles
import Stressors

struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Write what another tool is told as a profile, and account for every word of it.",
        discussion: """
            exert import stress-ng night.job > night.yaml
            exert import stress-ng -- --cpu 4 --cpu-load 60 --timeout 5m
            exert import chaos-mesh burn-cpu.yaml --strict
            exert import chaosblade -- create cpu load --cpu-percent 60
            exert import k6 options.json --as cpu --peak 80%

            Tools:
            \(ForeignTool.allCases.map { "\($0.rawValue): \($0.sources)" }.joined(separator: "\n"))

            The profile goes to standard output, the summary to standard error. Everything in the source is exact, \
            near (a comment says what differs) or not carried (a comment says why), by what the tool does, which may \
            not be what its user meant. Nothing is run and nothing is fetched. Exit codes: 0 imported · 64 bad usage, \
            or a source that the tool itself would refuse · 65 with --strict not all was exact, or nothing of it is a \
            load of exert's.
            """)

    @Argument(
        help: ArgumentHelp("The tool that the source is of.", valueName: "tool"),
        completion: .list(ForeignTool.allCases.map(\.rawValue)), transform: Self.tool)
    var tool: ForeignTool

    @Argument(help: "The file; - reads standard input.", completion: .file())
    var file: String?

    @Argument(
        parsing: .postTerminator,
        help: ArgumentHelp("Behind --: the tool's own words, without its name.", valueName: "words"))
    var words: [String] = []

    @Flag(help: "Exit with 65 unless all of it is exact.")
    var strict = false

    @Option(help: "What is printed: text is the profile, json the account of the source with the profile in it.")
    var format: OutputFormat = .text

    @Option(help: ArgumentHelp("What the profile is called.", valueName: "name"))
    var name: String?

    @Option(
        help: ArgumentHelp(
            "How many processors stand for all of them where a figure is needed; unless given, this host's.",
            valueName: "n"))
    var cpus: Int?

    @Option(
        name: .customLong("for"),
        help: ArgumentHelp("How long a load lasts of which the source does not say so, such as 5m.", valueName: "time"))
    var length: String?

    @Option(
        name: .customLong("as"),
        help: ArgumentHelp("Of k6 and locust: the kind of stressor that follows the curve.", valueName: "kind"))
    var kind: String?

    @Option(
        help: ArgumentHelp("Of k6 and locust: the load at the curve's highest point, such as 80%.", valueName: "load"))
    var peak: String?

    @Option(
        help: ArgumentHelp(
            "Of litmus and ssm: which experiment or document the values are of, where they do not say so.",
            valueName: "name"))
    var action: String?

    func run() throws {
        let label = words.isEmpty ? file == "-" ? "<stdin>" : file ?? "" : "<command line>"
        let options = try options(label)
        let imported: Imported
        do throws(ImportErrors) {
            imported =
                words.isEmpty
                ? try Importer.file(try bytes(of: file ?? "-"), of: tool, options)
                : try Importer.words(words, of: tool, options)
        } catch {
            Console.write(
                ProfileErrors(file: label, diagnostics: error.problems).description + "\n", to: Console.error)
            throw ExitStatus.usage
        }
        try verify(imported)
        switch format {
        case .text: if let profile = imported.profile { try Console.deliver(profile) }
        case .json: try Console.deliver(ImportJSON.document(imported))
        }
        tell(imported, label)
        if imported.profile == nil || strict && !imported.account.isExact { throw ExitStatus.inexact }
    }

    // MARK: What is asked

    @Sendable private static func tool(_ name: String) throws -> ForeignTool {
        if let tool = ForeignTool(rawValue: name) { return tool }
        throw ValidationError(
            "there is no importer for '\(name)'; there are: "
                + ForeignTool.allCases.map(\.rawValue).joined(separator: ", "))
    }

    private func options(_ label: String) throws -> ImportOptions {
        if !words.isEmpty, !tool.takesWords {
            throw ValidationError("\(tool.rawValue) is read from a file: exert import \(tool.rawValue) FILE")
        }
        if (file == nil) == words.isEmpty {
            let orWords = tool.takesWords ? ", or the tool's words behind --" : ""
            throw ValidationError(
                file == nil ? "give a file, or - for standard input\(orWords)" : "give a file or words, not both")
        }
        let range = ImportOptions.processorsRange
        if let cpus, !range.contains(cpus) {
            throw ValidationError("--cpus takes \(range.lowerBound) to \(range.upperBound), not \(cpus)")
        }
        if !tool.isCurve, kind != nil || peak != nil { throw ValidationError("--as and --peak are of k6 and locust") }
        var options = ImportOptions(
            source: label, processors: cpus ?? HostFacts.read().onlineCPUs.count, isProcessorsGiven: cpus != nil)
        (options.name, options.action, options.kind, options.peak) = (name, action, kind, peak)
        if let length {
            do throws(NotationError) {
                options.length = try UnitNotation.duration(length)
            } catch {
                throw ValidationError("--for: \(error.message)")
            }
            if options.length == 0 { throw ValidationError("--for must be longer than 0s") }
        }
        if let kind {
            let manifests = Catalog.manifests.filter(\.isListed)
            guard let manifest = manifests.first(where: { $0.kind == kind }) else {
                throw ValidationError(
                    "--as: there is no stressor '\(kind)'; there are: "
                        + manifests.map(\.kind).joined(separator: ", "))
            }
            if let peak {
                do throws(NotationError) {
                    let kinds = manifest.amounts.filter { $0 != .max && $0 != .leave }
                    _ = try UnitNotation.amount(peak, for: kind, kinds: kinds)
                } catch {
                    throw ValidationError("--peak: \(error.message)")
                }
            }
        }
        return options
    }

    private func bytes(of path: String) throws(ImportErrors) -> [UInt8] {
        do {
            return try ProfileOptions.bytes(of: path)
        } catch {
            throw ImportErrors(problems: [Diagnostic(nil, "it cannot be read: \(error)")])
        }
    }

    // MARK: What comes of it

    /// What is written is read first, by the very reader that is to take it.
    private func verify(_ imported: Imported) throws {
        guard let profile = imported.profile else { return }
        do throws(ProfileErrors) {
            _ = try ProfileReader.profile(
                from: Array(profile.utf8), file: "<imported>", manifests: Catalog.manifests, readFile: { _ in [] })
        } catch {
            Console.write(error.description + "\n", to: Console.error)
            Console.complain("the importer wrote a profile that is none, which is a mistake of exert's")
            throw ExitStatus.internalError
        }
    }

    private func tell(_ imported: Imported, _ label: String) {
        let account = imported.account
        var text = "\(label): \(account.tool.title): \(AccountText.sentence(account))\n"
        // What the profile has in its comments need not be told twice, unless nobody sees those.
        if imported.profile == nil || format == .json { text += AccountText.summary(account) }
        if imported.profile == nil { text += "nothing of it is a load that exert has, so there is no profile\n" }
        Console.write(text, to: Console.error)
    }
}
