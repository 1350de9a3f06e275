// SPDX-License-Identifier: Apache-2.0

import Engine
import Exert
import LinuxSystem
import LoadModel
import Profiles
import Stressors

/// A request read, checked against the safety rules and planned on this host.
struct RunLaunch {
    let settings: RunSettings
    let plan: Plan
    let retargeter: Retargeter

    init(_ request: RunRequest, host: HostFacts) throws(Refusal) {
        settings = try Self.settings(of: request)
        let rules = request.rules
        var profile: Profile
        do throws(ProfileErrors) {
            profile = try Self.profile(of: request) { try Self.trace($0, rules) }
        } catch {
            throw Refusal(
                .invalid, "the profile has \(error.diagnostics.count == 1 ? "a problem" : "problems")",
                diagnostics: error.diagnostics.map { Refusal.Diagnostic($0) })
        }
        if let rules { try rules.check(&profile) }
        let prepared: PreparedRun
        do throws(PlanErrors) {
            prepared = try Planner(host: host, catalog: Catalog.all).prepare(profile)
        } catch {
            throw Refusal(error, hasText: request.profile != nil)
        }
        plan = prepared.plan
        retargeter = Retargeter(prepared) { (text, stressor, manifest, length) throws(ProfileErrors) in
            try ProfileReader.load(text, of: stressor, manifest, length: length) { try Self.trace($0, rules) }
        } readWithin: { (text, stressor) throws(ProfileErrors) in
            try ProfileReader.within(text, of: stressor)
        }
    }

    private static func settings(of request: RunRequest) throws(Refusal) -> RunSettings {
        var settings = RunSettings()
        do throws(RunSettings.Problem) {
            if let interval = request.interval { try settings.take(interval: interval) }
            if let lease = request.lease { try settings.take(lease: lease) }
            if let startAt = request.startAt { try settings.take(startAt: startAt) }
            for (name, value) in request.labels.sorted(by: { $0.key < $1.key }) {
                try settings.take(label: "\(name)=\(value)")
            }
        } catch {
            throw Refusal(.invalid, "\(error.option.replacing("-", with: "_")): \(error.message)")
        }
        // Who cannot read a trace context goes on without it, says the standard.
        if let traceparent = request.traceparent { _ = settings.tags.take(traceparent: traceparent) }
        return settings
    }

    private static func profile(
        of request: RunRequest, readFile: @escaping (String) throws -> [UInt8]
    ) throws(ProfileErrors) -> Profile {
        if let text = request.profile {
            return try ProfileReader.profile(
                from: Array(text.utf8), file: request.file, manifests: Catalog.manifests, readFile: readFile)
        }
        return try ProfileReader.profile(
            loads: request.load.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" },
            settings: request.set.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" },
            length: request.length ?? "", manifests: Catalog.manifests, readFile: readFile)
    }

    private struct TraceProblem: Error, CustomStringConvertible { let description: String }

    private static func trace(_ path: String, _ rules: SafetyRules?) throws -> [UInt8] {
        if let rules, !RealPath.isBelow(path, rules.directories) {
            throw TraceProblem(description: "traces are read from allowed directories only; \(rules.allowed)")
        }
        return try SmallFile.bytes(path, limit: ProfileReader.traceSizeLimit + 1)
    }

    /// What the plan says, for whoever drives the run.
    func outline(runID: String) -> RunOutline {
        RunOutline(
            runID: runID, profile: plan.profile, lengthSeconds: plan.length.seconds,
            phases: plan.phases.map { phase in
                RunOutline.Phase(
                    name: phase.name, startSeconds: phase.start.seconds, lengthSeconds: phase.length.seconds,
                    loads: phase.loads)
            },
            stressors: Dictionary(
                uniqueKeysWithValues: plan.stressors.map { stressor in
                    let unit = stressor.unit.rawValue
                    return (stressor.name, .init(kind: stressor.kind, unit: unit, witness: stressor.witness))
                }),
            guards: plan.guards.map(\.text), labels: settings.tags.labels, leaseSeconds: settings.lease?.seconds)
    }
}

extension Refusal {
    fileprivate init(_ errors: PlanErrors, hasText: Bool) {
        guard errors.invalid.isEmpty else {
            let diagnostics = errors.invalid.map { problem in
                // Loads without a profile have no lines.
                Refusal.Diagnostic(hasText ? problem : LoadModel.Diagnostic(nil, problem.message))
            }
            self.init(.invalid, "the profile cannot be run here as it is", diagnostics: diagnostics)
            return
        }
        self.init(
            .unsupported, errors.unsupported.joined(separator: "; "),
            diagnostics: errors.unsupported.map { Refusal.Diagnostic(line: nil, column: nil, message: $0) })
    }
}

extension SafetyRules {
    /// What is allowed, for people.
    fileprivate var allowed: String {
        directories.isEmpty
            ? "none is allowed here (see --allow-directory)"
            : "allowed are: \(directories.joined(separator: ", "))"
    }

    /// Whether a group is one that is named, or lies below one; never by way of `..`.
    private func allows(group: String) -> Bool {
        guard !group.split(separator: "/").contains("..") else { return false }
        func trimmed(_ path: String) -> String { "/" + path.split(separator: "/").joined(separator: "/") }
        let path = trimmed(group)
        return cgroups.map(trimmed).contains { path == $0 || $0 == "/" || path.hasPrefix($0 + "/") }
    }

    /// Refuses what the rules do not name; a directory that is not given is the first that is allowed.
    fileprivate func check(_ profile: inout Profile) throws(Refusal) {
        var problems: [Refusal.Diagnostic] = []
        for index in profile.stressors.indices {
            let entry = profile.stressors[index]
            func refuse(_ key: String, _ message: String) {
                let mark = entry.settings.marks[key] ?? entry.mark
                problems.append(.init(Diagnostic(mark, "\(entry.name): \(message)")))
            }
            let takesDirectory =
                Catalog.manifests.first { $0.kind == entry.kind }?.keys
                .contains { $0.name == "directory" } ?? false
            if let directory = entry.settings.text("directory") {
                if !RealPath.isBelow(directory, directories) {
                    refuse("directory", "directory '\(directory)' is not allowed; \(allowed)")
                }
            } else if takesDirectory {
                if let first = directories.first {
                    profile.stressors[index].settings.values["directory"] = .text(first)
                } else {
                    refuse("directory", "no directory may be written to; \(allowed)")
                }
            }
            if let group = entry.settings.text("cgroup"), !allows(group: group) {
                refuse("cgroup", "control group '\(group)' may not be joined here (see --allow-cgroup)")
            }
            if entry.settings.values["target.pid"] != nil, !allowsProcesses {
                refuse("target.pid", "another process's limit may not be set here (see --allow-processes)")
            }
        }
        guard problems.isEmpty else {
            throw Refusal(.forbidden, "the safety rules do not allow it", diagnostics: problems)
        }
    }
}
