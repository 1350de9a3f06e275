// SPDX-License-Identifier: Apache-2.0

internal import LoadModel
internal import Profiles

/// Writes a draft as the text of a profile.
enum DraftWriter {
    /// The profile, headed by what became of the source; `nil` where nothing of it is a load.
    ///
    /// - Parameter source: what was read, such as `example.job`.
    /// - Throws: what makes it more than a profile may be.
    static func text(_ draft: Draft, _ account: ImportAccount, source: String) throws(ImportErrors) -> String? {
        guard !draft.isTooLarge else {
            throw ImportErrors(problems: [
                Diagnostic(
                    nil,
                    "the source lasts longer than \(AmountText.duration(UnitNotation.durationLimit)) or has more than "
                        + "\(Draft.limit) loads, the limits of a profile; import it in parts, or give shorter times")
            ])
        }
        guard draft.excesses.isEmpty else {
            throw ImportErrors(problems: draft.excesses.map { Diagnostic(nil, $0) })
        }
        guard !draft.placed.isEmpty else { return nil }
        let spans = draft.spans()
        let isEndless = draft.isEndless && spans.count == 1
        var names = StressorNames()
        var phases = ""
        for span in spans { phases += phase(span, names.names(for: span.loads.map(\.load)), isEndless) }
        if spans.count > ProfileReader.phaseLimit || names.entries.count > ProfileReader.stressorLimit {
            throw ImportErrors(problems: [
                Diagnostic(
                    nil,
                    "the source comes to \(spans.count) phases with \(names.entries.count) stressors; a profile has "
                        + "\(ProfileReader.phaseLimit) and \(ProfileReader.stressorLimit) at most; import it in parts"
                )
            ])
        }
        var text = AccountText.comment(account, source: source)
        if let name = draft.name { text += "name: \(scalar(name))\n" }
        let written = names.entries.filter(\.isWritten)
        if !written.isEmpty { text += "stressors:\n" }
        for entry in written { text += stressor(entry) }
        return text + "phases:\n" + phases
    }

    private static func stressor(_ entry: StressorNames.Entry) -> String {
        var members = entry.name == entry.load.kind ? [] : ["kind: \(entry.load.kind)"]
        members += entry.load.settings.map { setting in
            let isFlag = setting.value == "true" || setting.value == "false"
            return "\(setting.key): \(isFlag ? setting.value : scalar(setting.value))"
        }
        return "  \(entry.name): { \(members.joined(separator: ", ")) }\n"
    }

    private static func phase(_ span: Draft.Span, _ names: [String], _ isEndless: Bool) -> String {
        let length = span.end - span.start
        let end = isEndless ? "until: stopped" : "for: \(AmountText.duration(length))"
        let head = "name: \(scalar(span.name)), \(end)"
        guard !span.loads.isEmpty else { return "  - { \(head) }\n" }
        let loads = zip(names, span.loads).map { name, placed in
            var value = scalar(placed.load.shape)
            if placed.start > span.start || placed.length < length {
                var members = ["load: \(value)"]
                if placed.start > span.start {
                    members.append("start: \(AmountText.duration(placed.start - span.start))")
                }
                if placed.end < span.end { members.append("for: \(AmountText.duration(placed.length))") }
                value = "{ \(members.joined(separator: ", ")) }"
            }
            return "\(name): \(value)"
        }
        let line = "  - { \(head), load: { \(loads.joined(separator: ", ")) } }\n"
        if line.utf8.count <= 100 { return line }
        return "  - name: \(scalar(span.name))\n    \(end)\n    load:\n"
            + loads.map { "      \($0)\n" }.joined()
    }

    /// Text as YAML takes it within braces.
    private static func scalar(_ text: String) -> String {
        let isPlain = text.unicodeScalars.allSatisfy { scalar in
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", " ", ".", "%", "/", "-", "_": true
            default: false
            }
        }
        let first = text.unicodeScalars.first
        let begins = first.map { ("a"..."z").contains($0) || ("A"..."Z").contains($0) || ("0"..."9").contains($0) }
        let isWord = ["null", "true", "false", "yes", "no", "on", "off"].contains(text.lowercased())
        return isPlain && begins == true && text.last != " " && !isWord ? text : PlainLine.quoted(text)
    }
}
