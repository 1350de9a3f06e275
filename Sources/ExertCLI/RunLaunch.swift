// SPDX-License-Identifier: Apache-2.0

import Engine
import Exert
import LinuxSystem
import LoadModel
import ProbesTLS
import Profiles
import Stressors

/// A request read, checked against the safety rules and planned on this host.
struct RunLaunch {
    let settings: RunSettings
    let plan: Plan
    let retargeter: Retargeter

    init(_ request: RunRequest, host: HostFacts) throws(Refusal) {
        var settings = try Self.settings(of: request)
        let rules = request.rules
        var profile: Profile
        do throws(ProfileErrors) {
            profile = try Self.profile(of: request, rules)
        } catch {
            throw Refusal(
                .invalid, "the profile has \(error.diagnostics.count == 1 ? "a problem" : "problems")",
                diagnostics: error.diagnostics.map { Refusal.Diagnostic($0) })
        }
        if let rules { try rules.check(&profile) }
        let prepared: PreparedRun
        do throws(PlanErrors) {
            prepared = try Planner(
                host: host, catalog: Catalog.all, hasTLS: ProbeTLS.isThere, startAt: settings.startAt
            ).prepare(profile)
        } catch {
            throw Refusal(error, hasText: request.profile != nil)
        }
        plan = prepared.plan
        do throws(RunSettings.Problem) {
            try settings.take(labelsOf: plan)
        } catch {
            throw Refusal(.invalid, "labels: \(error.message)")
        }
        self.settings = settings
        retargeter = Retargeter(prepared) { (text, stressor, manifest, length) throws(ProfileErrors) in
            try ProfileReader.load(text, of: stressor, manifest, length: length, mayQuoteFiles: false) {
                try Self.file($0, rules)
            } openTrace: {
                try Self.trace($0, rules)
            }
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

    /// What a trace has in it is not told: whoever asks for a run could read files by it.
    private static func profile(of request: RunRequest, _ rules: SafetyRules?) throws(ProfileErrors) -> Profile {
        let readFile: (String) throws -> [UInt8] = { try Self.file($0, rules) }
        let openTrace: (String) throws -> ByteReader = { try Self.trace($0, rules) }
        if let text = request.profile {
            return try ProfileReader.profile(
                from: Array(text.utf8), file: request.file, manifests: Catalog.manifests,
                mayQuoteFiles: false, readFile: readFile, openTrace: openTrace)
        }
        return try ProfileReader.profile(
            loads: request.load.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" },
            settings: request.set.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" },
            length: request.length ?? "", manifests: Catalog.manifests, mayQuoteFiles: false, readFile: readFile,
            openTrace: openTrace)
    }

    private struct TraceProblem: Error, CustomStringConvertible { let description: String }

    private static func file(_ path: String, _ rules: SafetyRules?) throws -> [UInt8] {
        try hiding(path, rules) { () throws(RegularFile.Problem) in
            try RegularFile.bytes(path, limit: ProfileReader.fileSizeLimit + 1, in: rules?.directories)
        }
    }

    private static func trace(_ path: String, _ rules: SafetyRules?) throws -> ByteReader {
        try hiding(path, rules) { () throws(RegularFile.Problem) in
            try RegularFile.pieces(of: path, in: rules?.directories)
        }
    }

    /// What is not there and what is elsewhere look alike: this is no way to find out what files there are.
    private static func hiding<Value>(
        _ path: String, _ rules: SafetyRules?, _ open: () throws(RegularFile.Problem) -> Value
    ) throws -> Value {
        do throws(RegularFile.Problem) {
            return try open()
        } catch {
            guard let rules, error == .elsewhere || !rules.seemsBelow(path) else { throw error }
            throw TraceProblem(description: "traces are read from allowed directories only; \(rules.allowed)")
        }
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
            guards: plan.guards.map(\.text), probes: plan.probes.map(\.name),
            objectives: plan.objectives.map { .init(probe: $0.probe, text: $0.text) }, labels: settings.tags.labels,
            leaseSeconds: settings.lease?.seconds)
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
