// SPDX-License-Identifier: Apache-2.0

import LoadModel

extension RunChange {
    /// What the log calls it.
    var name: String {
        switch kind {
        case .load: "retargeted"
        case .paused: "paused"
        case .resumed: "resumed"
        }
    }
}

extension JSONWriter {
    mutating func changeMembers(_ change: RunChange) {
        if case .load(let stressor, let text) = change.kind {
            key("stressor")
            string(stressor)
            key("load")
            string(text)
        }
        key("from_s")
        seconds(of: change.from)
        if let within = change.within {
            key("within_s")
            seconds(of: within)
        }
    }

    /// Writes which phase ended before its time, and why.
    mutating func shortenedMembers(_ shortened: ShortenedPhase) {
        key("phase")
        string(shortened.phases.indices.contains(shortened.phase) ? shortened.phases[shortened.phase].name : nil)
        key("index")
        integer(shortened.phase)
        key("until")
        string(shortened.end.text)
        if let condition = shortened.end.condition, let value = shortened.value {
            key("metric")
            string(condition.metricName)
            key("unit")
            string(condition.unit.rawValue)
            key("value")
            decimal(value, places: condition.unit.logPlaces)
            if shortened.isLeast {
                key("value_is_least")
                boolean(true)
            }
        }
        key("length_s")
        seconds(of: shortened.length)
        key("planned_s")
        seconds(of: shortened.planned)
    }

    /// Writes where all phases lie from now on.
    mutating func movedMembers(_ phases: [PlannedPhase]) {
        key("run_length_s")
        seconds(of: phases.last?.end ?? 0)
        key("phases")
        beginArray()
        for phase in phases {
            beginObject()
            key("name")
            string(phase.name)
            key("start_s")
            seconds(of: phase.start)
            key("length_s")
            seconds(of: phase.length)
            endObject()
        }
        endArray()
    }

    mutating func expiryMembers(_ expiry: LeaseExpiry) {
        key("lease_s")
        seconds(of: expiry.length)
    }
}
