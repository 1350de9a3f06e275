// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// Reads `blade create` lines, one after the other, also where they stand in a script.
enum ChaosbladeImporter {
    /// How long an experiment lasts without `--timeout`, until somebody destroys it.
    static let usualLength: Nanoseconds = 600 * .second

    static func lines(_ text: String, _ options: ImportOptions, _ draft: inout Draft) throws(ImportErrors)
        -> ImportAccount
    {
        var script = BladeScript(options)
        for words in BladeScript.lines(text) where !draft.isTooLarge { script.read(words, &draft) }
        return try script.finish(&draft)
    }

    static func words(_ words: [String], _ options: ImportOptions, _ draft: inout Draft) throws(ImportErrors)
        -> ImportAccount
    {
        var script = BladeScript(options)
        script.create(words.map { SourceWord(text: $0, mark: nil) }, &draft)
        return try script.finish(&draft)
    }
}
