// SPDX-License-Identifier: Apache-2.0

internal import LoadModel
internal import Profiles

/// Turns what other tools are told into profiles.
///
/// Nothing here touches the system: bytes or words come in, a profile's text and an account of everything in the source
/// go out.
public enum Importer {
    /// Imports a file's bytes.
    ///
    /// - Throws: every problem of the source, such as what the tool itself would refuse.
    public static func file(
        _ bytes: [UInt8], of tool: ForeignTool, _ options: ImportOptions
    ) throws(ImportErrors) -> Imported {
        let source = try text(bytes)
        var draft = Draft()
        let account: ImportAccount
        switch tool {
        case .stressNG: account = try StressNGImporter.jobs(string(source), options, &draft)
        case .chaosblade: account = try ChaosbladeImporter.lines(string(source), options, &draft)
        case .litmus: account = try LitmusImporter.read(source, options, &draft)
        case .chaosMesh:
            account = try ChaosMeshImporter.read(SourceDocuments.read(source), options, &draft)
        case .fis, .ssm: account = try FISImporter.read(SourceDocuments.read(source), tool, options, &draft)
        case .krkn: account = try KrknImporter.read(SourceDocuments.read(source), options, &draft)
        case .k6: account = try K6Importer.read(SourceDocuments.read(source), options, &draft)
        case .locust: account = try LocustImporter.read(SourceDocuments.read(source), options, &draft)
        }
        return try imported(draft, account, options)
    }

    /// Imports the words of a command line, without the tool's own name.
    ///
    /// - Throws: every problem of the words; of tools that are not read from words, that.
    public static func words(
        _ words: [String], of tool: ForeignTool, _ options: ImportOptions
    ) throws(ImportErrors) -> Imported {
        var draft = Draft()
        let account: ImportAccount
        switch tool {
        case .stressNG: account = try StressNGImporter.words(words, options, &draft)
        case .chaosblade: account = try ChaosbladeImporter.words(words, options, &draft)
        default:
            throw ImportErrors(problems: [Diagnostic(nil, "\(tool.title) is read from a file, not from words")])
        }
        return try imported(draft, account, options)
    }

    private static func imported(
        _ draft: Draft, _ account: ImportAccount, _ options: ImportOptions
    ) throws(ImportErrors) -> Imported {
        var (draft, account) = (draft, account)
        for title in draft.silent {
            account.add(nil, title, .exact, "is 0 all the time: nothing is exerted while it lasts")
        }
        if let name = options.name ?? draft.name { draft.name = PlainLine.name(name) }
        guard !account.entries.isEmpty else {
            throw ImportErrors(problems: [Diagnostic(nil, "the source has nothing in it to import")])
        }
        return Imported(
            profile: try DraftWriter.text(draft, account, source: options.source), account: account)
    }

    static func text(_ bytes: [UInt8]) throws(ImportErrors) -> SourceText {
        do throws(Diagnostic.Refusal) {
            return try SourceText(bytes, title: "the file")
        } catch {
            throw ImportErrors(problems: [error.diagnostic])
        }
    }

    /// The text with LF at the end of each line.
    static func string(_ source: SourceText) -> String {
        var view = String.UnicodeScalarView()
        for scalar in source.scalars where scalar != "\r" { view.append(scalar) }
        return String(view)
    }
}
