// SPDX-License-Identifier: Apache-2.0

/// Gives each load of a draft a stressor: the same one again where kind and settings are the same.
struct StressorNames {
    /// A stressor of the profile.
    struct Entry {
        var name: String
        var load: DraftLoad

        /// Whether a profile has to say anything of it.
        var isWritten: Bool { name != load.kind || !load.settings.isEmpty }
    }

    private(set) var entries: [Entry] = []
    /// Indices into ``entries``, of each identity in the order of its uses within a phase.
    private var known: [[String]: [Int]] = [:]
    private var names: Set<String> = []

    /// The names of the stressors that carry the loads of a phase.
    mutating func names(for loads: [DraftLoad]) -> [String] {
        var used: [[String]: Int] = [:]
        return loads.map { load in
            let identity = load.identity
            let use = used[identity, default: 0]
            used[identity] = use + 1
            if let indices = known[identity], use < indices.count { return entries[indices[use]].name }
            let name = name(for: load)
            known[identity, default: []].append(entries.count)
            entries.append(Entry(name: name, load: load))
            return name
        }
    }

    /// The kind's own name, or with what tells it from others of its kind, or with a number behind that.
    private mutating func name(for load: DraftLoad) -> String {
        if names.insert(load.kind).inserted { return load.kind }
        let tag = load.tag ?? load.title
        let wanted = tag == load.kind ? tag : "\(load.kind)-\(tag)"
        if names.insert(wanted).inserted { return wanted }
        var number = 2
        while !names.insert("\(wanted)-\(number)").inserted { number += 1 }
        return "\(wanted)-\(number)"
    }
}
