// SPDX-License-Identifier: Apache-2.0

import LoadModel

// Probes and objectives of the command line.
extension ProfileBuilder {
    /// Reads `NAME=URL`; what `--set NAME.KEY=VALUE` says of them comes later.
    mutating func readProbes(flags: [String]) -> [(name: String, draft: ProbeDraft?)] {
        var drafts: [(name: String, draft: ProbeDraft?)] = []
        if flags.count > ProfileReader.probeLimit {
            report(nil, "--probe is given \(flags.count) times; the limit is \(ProfileReader.probeLimit)")
        }
        for argument in flags.prefix(ProfileReader.probeLimit) {
            // A URL may have credentials in it, which are refused and not shown.
            let isSecret = argument.contains("@")
            let flag = "--probe " + (isSecret ? String(argument.prefix { $0 != "=" }) : Wording.line(argument))
            guard let equals = argument.unicodeScalars.firstIndex(of: "=") else {
                report(nil, "\(flag): write it as NAME=URL, such as '--probe checkout=http://localhost:8080/'")
                continue
            }
            let name = String(argument[..<equals])
            guard Self.isName(name) else {
                report(nil, "\(flag): \(Self.badName(name))")
                continue
            }
            guard manifest(of: name) == nil, name != "guards" else {
                report(nil, "\(flag): '\(name)' is the name of a kind of stressor; give the probe another")
                continue
            }
            guard !drafts.contains(where: { $0.name == name }) else {
                report(nil, "\(flag): there is a probe '\(name)' already; give each a name of its own")
                continue
            }
            let text = String(argument[argument.unicodeScalars.index(after: equals)...])
            let draft = reading(.flag(flag)) { () throws(NotationError) in try Self.draft(of: Phrase(text), name) }
            drafts.append((name, draft))
        }
        return drafts
    }

    /// Takes `--set NAME.KEY=VALUE` of a probe.
    mutating func set(_ key: String, _ text: String, of name: String, _ draft: inout ProbeDraft?, flag: String) {
        guard let kind = draft?.kind else { return }
        let place = "probe '\(name)'"
        if key.hasPrefix("headers."), kind.options.contains(.headers) {
            // The value may be a secret.
            let header = String(key.dropFirst("headers.".count))
            _ = reading(.flag("--set \(name).\(key)")) { () throws(NotationError) in
                try draft?.setHeader(header, text, "header \(Wording.quote(header)) of \(place)") { $0 }
            }
            return
        }
        guard let option = ProbeOption(rawValue: key), kind.options.contains(option) else {
            let known = kind.options.map(\.rawValue)
            let remedy = Wording.remedy(for: key, among: known, taking: "it takes")
            report(nil, "\(flag): unknown key \(Wording.quote(key)) in \(place)\(remedy)")
            return
        }
        set(option, text, into: &draft, "'\(key)' of \(place)", at: .flag(flag))
    }

    /// Makes probes of what was read.
    mutating func finish(_ drafts: [(name: String, draft: ProbeDraft?)]) {
        for (name, draft) in drafts {
            guard let draft else {
                probes.append((name, nil))
                continue
            }
            let (plan, found) = draft.plan(name: name, mark: SourceMark(line: 1, column: 1))
            for problem in found { report(nil, "--probe \(name): probe '\(name)' \(problem)") }
            probes.append((name, found.isEmpty ? plan : nil))
        }
    }

    mutating func readObjectives(flags: [String]) {
        if flags.count > ProfileReader.objectiveLimit {
            report(nil, "--objective is given \(flags.count) times; the limit is \(ProfileReader.objectiveLimit)")
        }
        for text in flags.prefix(ProfileReader.objectiveLimit) {
            readObjective(text, at: .flag("--objective \(Wording.line(text))"))
        }
    }
}
