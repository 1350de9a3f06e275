// SPDX-License-Identifier: Apache-2.0

import LoadModel
import YAML

// A profile from flags.
extension ProfileBuilder {
    mutating func read(
        loads: [String], settings: [String], length: String?, until: [String], probes: [String]
    ) {
        name = "command-line"
        let start = SourceMark(line: 1, column: 1)
        let ends = until.map { node($0, in: "--until \(Wording.line($0))") }
        var phaseLength: Nanoseconds?
        let isEndless = length == nil && ends.contains { Self.isUntilStopped($0) }
        if let length {
            let flag = "--for \(Wording.line(length))"
            phaseLength =
                length == Self.asTrace
                ? traceLength(timedLoads(flags: loads)) { builder, problem in
                    builder.report(nil, "\(flag): \(problem); write how long the run is, such as '--for 30s'")
                }
                : reading(.flag(flag)) { () throws(NotationError) in
                    try UnitNotation.duration(Phrase(length), atLeast: 1, of: "the run")
                }
        } else if isEndless {
            phaseLength = Self.endless
        } else {
            report(nil, "the run has no length; add --for 30s, or --until stopped")
        }
        var phase = Phase(name: "load", length: phaseLength ?? 0, loads: [], mark: start)
        if loads.isEmpty {
            let manifest = manifests.first(where: \.isListed)
            let example = "--load \(manifest?.kind ?? "cpu")=\(manifest?.examples.first ?? "50%")"
            report(nil, "nothing to exert; add a load such as '\(example)'")
        }
        if loads.count > ProfileReader.stressorLimit {
            report(nil, "--load is given \(loads.count) times; the limit is \(ProfileReader.stressorLimit)")
        }
        for load in loads.prefix(ProfileReader.stressorLimit) { readLoad(load, into: &phase, length: phaseLength) }
        var drafts = readProbes(flags: probes)
        var keys: Set<String> = []
        for setting in settings.prefix(ProfileReader.stressorLimit * 64) {
            readSetting(setting, seen: &keys, &drafts)
        }
        finish(drafts)
        if isEndless {
            for load in phase.loads { checkEndless(load.shape, of: load.stressor, at: start) }
        }
        phases = [phase]
        if !ends.isEmpty {
            let list = YAMLNode(content: .list(ends), mark: start)
            untils = [WrittenUntil(phase: phase.title, node: list, hasLoad: true, isEndless: isEndless)]
        }
        if phase.length > 0 {
            outline = [.init(name: phase.name, title: phase.title, length: phase.length, hasLoad: true)]
        }
    }

    /// The loads as far as they are written as they should be; what is wrong is told where they are read.
    private func timedLoads(flags: [String]) -> [TimedLoad] {
        flags.prefix(ProfileReader.stressorLimit).compactMap { argument in
            let scalars = argument.unicodeScalars
            guard let equals = scalars.firstIndex(of: "=") else { return nil }
            return TimedLoad(
                stressor: String(argument[..<equals]), text: String(argument[scalars.index(after: equals)...]),
                place: .flag("--load \(Wording.line(argument))"))
        }
    }

    private mutating func readLoad(_ argument: String, into phase: inout Phase, length: Nanoseconds?) {
        let flag = "--load \(Wording.line(argument))"
        guard let equals = argument.unicodeScalars.firstIndex(of: "=") else {
            report(nil, "\(flag): write it as KIND=LOAD, such as '--load cpu=50%'")
            return
        }
        let kind = String(argument[..<equals])
        guard let manifest = manifest(of: kind) else {
            let remedy = Wording.remedy(for: kind, among: kinds, taking: "it is one of")
            report(nil, "\(flag): unknown kind \(Wording.quote(kind))\(remedy)")
            return
        }
        guard !definitions.contains(where: { $0.name == kind }) else {
            report(nil, "\(flag): '\(kind)' already has a load; give it one, or write a profile with two phases")
            return
        }
        let start = SourceMark(line: 1, column: 1)
        definitions.append(
            Definition(
                name: kind, manifest: manifest, settings: Settings(defaultsOf: manifest), tolerance: nil, mark: start))
        let text = String(argument[argument.unicodeScalars.index(after: equals)...])
        if let shape = shape(text, of: kind, manifest, length: length, at: .flag(flag)) {
            phase.loads.append(PhaseLoad(stressor: kind, shape: shape, text: Phrase(text).text, mark: start))
        }
    }

    private mutating func readSetting(
        _ argument: String, seen: inout Set<String>, _ drafts: inout [(name: String, draft: ProbeDraft?)]
    ) {
        let flag = "--set \(Wording.line(argument))"
        let scalars = argument.unicodeScalars
        guard let equals = scalars.firstIndex(of: "="), let dot = scalars[..<equals].firstIndex(of: ".") else {
            report(nil, "\(flag): write it as KIND.KEY=VALUE, such as '--set cpu.mode=add'")
            return
        }
        let kind = String(argument[..<dot])
        let keyName = String(argument[scalars.index(after: dot)..<equals])
        if kind == "guards", keyName == GuardNotation.defaultsKey {
            let text = String(argument[argument.unicodeScalars.index(after: equals)...])
            guard let isOn = GuardNotation.isOn(text) else {
                report(nil, "\(flag): 'guards.defaults' takes on or off, not \(Wording.quote(text))")
                return
            }
            hasDefaultGuards = isOn
            return
        }
        if let index = drafts.firstIndex(where: { $0.name == kind }) {
            let text = String(argument[argument.unicodeScalars.index(after: equals)...])
            guard seen.insert("\(kind).\(keyName)").inserted else {
                report(nil, "\(flag): '\(kind).\(keyName)' is already set; set it once")
                return
            }
            set(keyName, text, of: kind, &drafts[index].draft, flag: flag)
            return
        }
        guard let manifest = manifest(of: kind) else {
            let known = kinds + drafts.map(\.name)
            let remedy = Wording.remedy(for: kind, among: known, taking: "it is one of")
            report(nil, "\(flag): unknown kind \(Wording.quote(kind))\(remedy)")
            return
        }
        guard let key = manifest.keys.first(where: { $0.name == keyName }) else {
            let remedy = Wording.remedy(for: keyName, among: manifest.keys.map(\.name), taking: "it takes")
            report(nil, "\(flag): unknown key \(Wording.quote(keyName)) in '\(kind)'\(remedy)")
            return
        }
        guard let index = definitions.firstIndex(where: { $0.name == kind }) else {
            report(nil, "\(flag): '\(kind)' has no load; add '--load \(kind)=…' or leave the setting out")
            return
        }
        guard seen.insert("\(kind).\(keyName)").inserted else {
            report(nil, "\(flag): '\(kind).\(keyName)' is already set; set it once")
            return
        }
        let text = String(argument[argument.unicodeScalars.index(after: equals)...])
        let value = reading(.flag(flag)) { () throws(NotationError) in
            try SettingNotation.parse(text, for: key, of: kind)
        }
        if let value { definitions[index].settings.values[keyName] = value }
    }
}
