// SPDX-License-Identifier: Apache-2.0

public import LoadModel
import YAML

/// Reads profiles: YAML text, or the flags of `exert run --load`.
///
/// Nothing here touches the system: the bytes of other files come from the caller's closures. They are given the path
/// as the profile has it, made relative to the profile's own directory where it is not absolute; of `<stdin>` and the
/// command line, as written. What reads a whole file may stop once it has more than ``fileSizeLimit`` bytes.
public enum ProfileReader {
    /// The most bytes that a profile may have.
    public static let textSizeLimit = SourceText.sizeLimit
    /// The most bytes that a file may have that is read whole.
    public static let fileSizeLimit = 10 << 20
    /// The most bytes that a trace may have, which is read piece by piece.
    public static let traceSizeLimit = TraceSource.sizeLimit
    /// The most bytes that all traces of a profile may have.
    public static let traceBytesLimit = 4 * traceSizeLimit
    /// The most phases that a profile may have.
    public static let phaseLimit = 1000
    /// The most stressors that a profile may have.
    public static let stressorLimit = 64
    /// The most guards that a profile may have.
    public static let guardLimit = 64
    /// The most probes that a profile may have.
    public static let probeLimit = 64
    /// The most objectives that a profile may have.
    public static let objectiveLimit = 64
    /// The most traces that a profile may read.
    public static let traceLimit = 64
    /// The most curve pieces that all loads of a profile may need together: some 100 MB in memory.
    public static let pieceLimit = 10 * Curve.pieceLimit
    /// The most problems that are told at once.
    public static let problemLimit = 100

    /// The most files that a profile may include, others' included files with them.
    public static let includeLimit = 32
    /// The most characters that a note may have.
    public static let noteLimit = 1000
    /// The most characters that all notes of a profile may have, those of phases as often as these are run.
    public static let notesLimit = 100_000
    /// How deep files may include each other, the profile itself not counted.
    public static let includeDepth = 8
    /// The most bytes that all included files of a profile may have.
    public static let includeBytesLimit = 4 * textSizeLimit

    /// Reads the YAML text of a profile.
    ///
    /// - Parameters:
    ///   - file: where the text came from: a path, or `<stdin>`.
    ///   - manifests: the kinds of stressor that there are.
    ///   - mayQuoteFiles: whether problems may say what a trace has in it; not to somebody who names files of others.
    ///   - changes: what the command line changes.
    ///   - environment: the values of environment variables by name, for parameters that are `from` one; `nil` where
    ///     nobody's may be read.
    ///   - readFile: reads a file's bytes; what it throws is shown to the user.
    ///   - readIncluded: reads a file that is included, whose text problems do quote; `nil` where nothing is included
    ///     because the text stands beside no files.
    ///   - openTrace: opens a trace to be read piece by piece; where there is none, `readFile` reads it.
    /// - Throws: every problem of the text at once, each with its line and column.
    public static func profile(
        from bytes: [UInt8], file: String, manifests: [Manifest], mayQuoteFiles: Bool = true,
        changes: ProfileChanges = ProfileChanges(), environment: ((String) -> String?)? = nil,
        readFile: @escaping (String) throws -> [UInt8], readIncluded: ((String) throws -> [UInt8])? = nil,
        openTrace: ((String) throws -> ByteReader)? = nil
    ) throws(ProfileErrors) -> Profile {
        let source: SourceText
        do throws(Diagnostic.Refusal) {
            source = try SourceText(bytes)
        } catch {
            throw ProfileErrors(file: file, diagnostics: [error.diagnostic])
        }
        var reader = YAMLReader(source)
        let root = reader.read()
        var builder = ProfileBuilder(file: file, source: source, manifests: manifests, readFile: readFile)
        builder.mayQuoteFiles = mayQuoteFiles
        builder.readIncluded = readIncluded
        if let openTrace { builder.openTrace = openTrace }
        builder.problems = reader.problems
        builder.changes = changes
        builder.environment = environment
        if let root { builder.read(root) } else if reader.problems.isEmpty { builder.reportEmpty() }
        return try builder.profile(sha256: SHA256.hexadecimal(of: bytes))
    }

    /// Reads a load by itself, as a run is given that goes on.
    ///
    /// - Parameters:
    ///   - text: the load, such as `ramp to 40% in 10s`.
    ///   - stressor: the name of the stressor that is to follow it, of the kind that `manifest` describes.
    ///   - length: how long it lasts, in ns.
    ///   - mayQuoteFiles: whether problems may say what a trace has in it; not to somebody who names files of others.
    ///   - readFile: reads a file's bytes; what it throws is shown to the user.
    ///   - openTrace: opens a trace to be read piece by piece; where there is none, `readFile` reads it.
    /// - Throws: every problem of the text, without places.
    public static func load(
        _ text: String, of stressor: String, _ manifest: Manifest, length: Nanoseconds, mayQuoteFiles: Bool = true,
        readFile: @escaping (String) throws -> [UInt8], openTrace: ((String) throws -> ByteReader)? = nil
    ) throws(ProfileErrors) -> LoadShape {
        var builder = ProfileBuilder(file: "<load>", source: nil, manifests: [manifest], readFile: readFile)
        builder.mayQuoteFiles = mayQuoteFiles
        if let openTrace { builder.openTrace = openTrace }
        let place = ProfileBuilder.Place.flag("\(stressor): \(Wording.line(text))")
        guard let shape = builder.shape(text, of: stressor, manifest, length: length, at: place) else {
            throw ProfileErrors(file: "<load>", diagnostics: builder.problems)
        }
        return shape
    }

    /// Reads how long the way to a load may take, as a run is given with one that goes on.
    ///
    /// - Throws: every problem of the text, without places.
    public static func within(_ text: String, of stressor: String) throws(ProfileErrors) -> Nanoseconds {
        var builder = ProfileBuilder(file: "<load>", source: nil, manifests: [], readFile: { _ in [] })
        let length = builder.reading(.flag("'within' of \(stressor): \(Wording.line(text))")) {
            () throws(NotationError) in
            try UnitNotation.duration(Phrase(text), atLeast: 1, of: "'within' of '\(stressor)'")
        }
        guard let length else { throw ProfileErrors(file: "<load>", diagnostics: builder.problems) }
        return length
    }

    /// Reads a profile of one phase, named `load`, from the command line's flags.
    ///
    /// Its text, of which the hash is taken, is one line a flag, as in `--load cpu=50%`.
    ///
    /// - Parameters:
    ///   - loads: each `KIND=LOAD`, such as `cpu=50%`.
    ///   - settings: each `KIND.KEY=VALUE`, such as `cpu.method=simd`.
    ///   - length: how long the phase lasts, such as `30s`; `nil` where it goes on until it is stopped.
    ///   - until: what ends it before that, each as in a profile, such as `stopped`.
    ///   - probes: each `NAME=URL`, such as `checkout=http://localhost:8080/`; `settings` may say more of them.
    ///   - objectives: each as in a profile, such as `checkout 99% good`.
    ///   - manifests: the kinds of stressor that there are.
    ///   - mayQuoteFiles: whether problems may say what a trace has in it; not to somebody who names files of others.
    ///   - readFile: reads a file's bytes; what it throws is shown to the user.
    ///   - openTrace: opens a trace to be read piece by piece; where there is none, `readFile` reads it.
    /// - Throws: every problem of the flags at once, each naming its flag.
    public static func profile(
        loads: [String], settings: [String], length: String?, until: [String] = [], probes: [String] = [],
        objectives: [String] = [], manifests: [Manifest], mayQuoteFiles: Bool = true,
        readFile: @escaping (String) throws -> [UInt8],
        openTrace: ((String) throws -> ByteReader)? = nil
    ) throws(ProfileErrors) -> Profile {
        var builder = ProfileBuilder(
            file: "<command line>", source: nil, manifests: manifests, readFile: readFile)
        builder.mayQuoteFiles = mayQuoteFiles
        if let openTrace { builder.openTrace = openTrace }
        builder.read(loads: loads, settings: settings, length: length, until: until, probes: probes)
        builder.readObjectives(flags: objectives)
        builder.readUntils()
        let flags =
            loads.map { "--load \($0)\n" } + settings.map { "--set \($0)\n" } + (length.map { ["--for \($0)\n"] } ?? [])
            + until.map { "--until \($0)\n" } + probes.map { "--probe \($0)\n" }
            + objectives.map { "--objective \($0)\n" }
        return try builder.profile(sha256: SHA256.hexadecimal(of: Array(flags.joined().utf8)))
    }
}
