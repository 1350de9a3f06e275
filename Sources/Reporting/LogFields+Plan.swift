// SPDX-License-Identifier: Apache-2.0

import LoadModel

// What is asked of stressors and phases.
extension JSONWriter {
    mutating func planMembers(_ plan: Plan) {
        key("length_s")
        seconds(of: plan.length)
        key("stressors")
        beginObject()
        for stressor in plan.stressors {
            key(data: stressor.name)
            plannedStressor(stressor)
        }
        endObject()
        key("phases")
        beginArray()
        for phase in plan.phases {
            beginObject()
            key("name")
            string(phase.name)
            phaseMembers(phase, of: plan)
            endObject()
        }
        endArray()
        if !plan.probes.isEmpty { probesMembers(plan) }
        key("guards")
        beginArray()
        for condition in plan.guards {
            beginObject()
            guardMembers(condition)
            endObject()
        }
        endArray()
        guardsAsideMember(plan.guardsAside)
        key("findings")
        findings(plan.findings)
    }

    /// Writes which guards are off that would be on by default; nothing where none is.
    private mutating func guardsAsideMember(_ guards: [GuardAside]) {
        guard !guards.isEmpty else { return }
        key("guards_aside")
        beginArray()
        for aside in guards {
            beginObject()
            key("guard")
            string(aside.text)
            key("reason")
            string(aside.reason)
            endObject()
        }
        endArray()
    }

    mutating func plannedStressor(_ stressor: PlannedStressor) {
        let places = stressor.unit.description.logPlaces
        beginObject()
        key("kind")
        string(stressor.kind)
        key("unit")
        string(stressor.unit.rawValue)
        key("drive")
        string(stressor.drive.rawValue)
        key("mode")
        string(stressor.mode.rawValue)
        key("capacity")
        decimal(stressor.capacity.isFinite ? stressor.capacity : nil, places: places)
        key("base")
        string(stressor.base)
        key("peak_target")
        decimal(stressor.curve.peak.isFinite ? stressor.curve.peak : nil, places: places)
        key("workers")
        integer(stressor.workers)
        key("processes")
        integer(stressor.processes)
        key("tolerance")
        toleranceObject(stressor.tolerance, places: places)
        key("witness")
        string(stressor.witness)
        key("settings")
        settings(stressor.settings)
        endObject()
    }

    /// Writes settings by the key names of the profile, sorted, so that equal plans give equal text.
    mutating func settings(_ settings: Settings) {
        beginObject()
        for (name, value) in settings.values.sorted(by: { $0.key < $1.key }) {
            key(data: name)
            switch value {
            case .text(let text): string(text)
            case .directory(let directory): string(directory.path)
            case .integer(let number): integer(number)
            case .boolean(let flag): boolean(flag)
            case .bytes(let bytes): integer(bytes)
            case .sizes(let mix): sizes(mix)
            case .duration(let length): seconds(of: length)
            case .percent(let percent): number(percent)
            case .cpus(let cpus):
                beginArray()
                for cpu in cpus { integer(cpu) }
                endArray()
            case .nodes(let selection): nodes(selection)
            }
        }
        endObject()
    }

    /// Writes sizes in bytes, each with its share in percent.
    private mutating func sizes(_ mix: SizeMix) {
        beginObject()
        for part in mix.parts {
            key(data: "\(part.bytes)")
            string(SizeMix.percent(part.share))
        }
        endObject()
    }

    mutating func phaseMembers(_ phase: PlannedPhase, of plan: Plan) {
        noteMember(phase.note)
        key("start_s")
        seconds(of: phase.start)
        key("length_s")
        seconds(of: phase.length)
        key("loads")
        beginObject()
        for stressor in plan.stressors {
            guard let load = phase.loads[stressor.name] else { continue }
            key(data: stressor.name)
            string(load)
        }
        endObject()
        key("within_s")
        beginObject()
        for stressor in plan.stressors {
            guard let within = phase.within[stressor.name] else { continue }
            key(data: stressor.name)
            seconds(of: within)
        }
        endObject()
        if !phase.until.isEmpty {
            key("until")
            beginArray()
            for end in phase.until { string(end.text) }
            endArray()
        }
        guard !phase.expect.isEmpty else { return }
        key("expect")
        beginObject()
        for stressor in plan.stressors {
            guard let expected = phase.expect[stressor.name] else { continue }
            key(data: stressor.name)
            string(expected.rawValue)
        }
        endObject()
    }
}
