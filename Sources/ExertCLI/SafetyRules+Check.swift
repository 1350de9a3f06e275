// SPDX-License-Identifier: Apache-2.0

import Engine
import Exert
import LinuxSystem
import LoadModel
import Stressors

extension SafetyRules {
    /// What is allowed, for people.
    var allowed: String {
        directories.isEmpty
            ? "none is allowed here (see --allow-directory)"
            : "allowed are: \(directories.joined(separator: ", "))"
    }

    /// Whether a path is below an allowed directory as it is written, whatever its links lead to.
    func seemsBelow(_ path: String) -> Bool {
        !path.utf8.split(separator: 0x2F).contains { $0.elementsEqual("..".utf8) }
            && RealPath.isBelow(path, directories)
    }

    /// Whether a group is one that is named, or lies below one; never by way of `..`.
    private func allows(group: String) -> Bool {
        guard !group.split(separator: "/").contains("..") else { return false }
        func trimmed(_ path: String) -> String { "/" + path.split(separator: "/").joined(separator: "/") }
        let path = trimmed(group)
        return cgroups.map(trimmed).contains { path == $0 || $0 == "/" || path.hasPrefix($0 + "/") }
    }

    /// Refuses what the rules do not name, and opens the directories that they do, so that what was looked at is what
    /// is used; a directory that is not given is the first that is allowed.
    func check(_ profile: inout Profile) throws(Refusal) {
        var problems: [Refusal.Diagnostic] = []
        let length = profile.phases.reduce(0) { $0 + $1.length.seconds }
        if let longestSeconds, length > longestSeconds {
            problems.append(
                .init(
                    line: nil, column: nil,
                    message: "the run lasts \(length) s, and no more than \(longestSeconds) s are allowed here (see "
                        + "--max-length)"))
        }
        for index in profile.stressors.indices {
            var entry = profile.stressors[index]
            let manifest = Catalog.manifests.first { $0.kind == entry.kind }
            problems += check(&entry, manifest).map { key, message in
                .init(Diagnostic(entry.settings.marks[key] ?? entry.mark, "\(entry.name): \(message)"))
            }
            profile.stressors[index] = entry
        }
        for probe in profile.probes {
            guard let message = refusal(of: probe.question) else { continue }
            problems.append(.init(Diagnostic(probe.mark, "probe '\(probe.name)': \(message)")))
        }
        guard problems.isEmpty else {
            throw Refusal(.forbidden, "the safety rules do not allow it", diagnostics: problems)
        }
    }

    /// Why a probe may not be asked, which connects to, or starts, what it names; `nil` where it may.
    private func refusal(of question: ProbeQuestion) -> String? {
        let target = question.target
        guard allows(probeOf: target) else { return "'\(target)' may not be asked from here (see --allow-probe)" }
        // Whoever may start runs could have exert's own files and variables sent to a host that is theirs.
        return question.readsSecrets
            ? "over HTTP no header and no certificate is read from a file or from the server's environment" : nil
    }

    private func allows(probeOf target: String) -> Bool {
        guard let colon = target.lastIndex(of: ":") else { return false }
        let kinds = ["unix", "dns", "command", "pid", "unit"]
        let prefix = target[..<colon]
        // A path may have colons: what is before the first one is the kind.
        let kind = kinds.first { target.hasPrefix($0 + ":") }
        return probes.contains { rule in
            if rule == target { return true }
            if let kind { return rule == kind + ":*" }
            return rule == prefix + ":*" || rule == prefix
        }
    }

    /// The keys of a stressor that are not allowed, each with the reason.
    private func check(_ entry: inout StressorEntry, _ manifest: Manifest?) -> [(key: String, message: String)] {
        guard let manifest else { return [("kind", "nobody stated how far '\(entry.kind)' reaches")] }
        if let message = refusal(of: manifest.reach, "'\(manifest.kind)'") { return [("kind", message)] }
        var refused: [(String, String)] = []
        for key in manifest.keys {
            let message: String?
            if key.type == .directory {
                message = hold(&entry.settings, key.name)
            } else if let value = entry.settings.values[key.name] {
                message = refusal(of: value, key, in: entry.settings.text("cgroup"))
            } else {
                message = nil
            }
            if let message { refused.append((key.name, message)) }
        }
        return refused
    }

    private func refusal(of value: SettingValue, _ key: Manifest.Key, in joined: String?) -> String? {
        guard let reach = key.reach(of: value) else {
            return "nobody stated how far this value of '\(key.name)' reaches, so it is not allowed"
        }
        if reach == .controlGroup, case .text(let group) = value {
            return allows(group: group) ? nil : "control group '\(group)' may not be joined here (see --allow-cgroup)"
        }
        if reach == .controlGroup, case .boolean = value {
            // Of the group that the server is in, and may be killed with, or of one that is not named.
            guard let joined, allows(group: joined) else {
                return "'\(key.name)' is felt by a whole control group; put the load into one that is allowed here "
                    + "('cgroup', see --allow-cgroup)"
            }
            return nil
        }
        if reach == .otherProcess, allowsProcesses { return nil }
        return refusal(of: reach, "'\(key.name)', as it is set,")
    }

    /// Why `subject`, which reaches so far, is not allowed; `nil` where it is.
    private func refusal(of reach: LoadModel.Reach, _ subject: String) -> String? {
        switch reach {
        case .ownProcess: return nil
        case .directory: return directories.isEmpty ? "no directory may be written to; \(allowed)" : nil
        case .controlGroup: return "no other control group may be touched here (see --allow-cgroup)"
        case .otherProcess: return "another process's limit may not be set here (see --allow-processes)"
        case .user, .host, .network, .device:
            if let reach = SafetyRules.Reach(rawValue: reach.rawValue), reaches.contains(reach) { return nil }
            return "\(subject) reaches \(reach.words), which is not allowed here (see --allow \(reach.rawValue))"
        }
    }

    /// Opens the directory of a setting; why it may not be used, or `nil`.
    private func hold(_ settings: inout Settings, _ key: String) -> String? {
        let given = settings.text(key)
        guard let path = given ?? directories.first else { return "no directory may be written to; \(allowed)" }
        guard let held = HeldDirectory.open(path), RealPath.isBelow(held.path, directories) else {
            return "directory '\(path)' is not there or not allowed; \(allowed)"
        }
        settings.values[key] = .directory(held)
        return nil
    }
}

extension LoadModel.Reach {
    /// Who feels it, for people.
    fileprivate var words: String {
        switch self {
        case .ownProcess: "the run's own processes"
        case .directory: "files"
        case .controlGroup: "a control group"
        case .otherProcess: "another process"
        case .user: "what all processes of the user share"
        case .host: "what everybody on the host shares"
        case .network: "other hosts"
        case .device: "a device past its file systems"
        }
    }
}
