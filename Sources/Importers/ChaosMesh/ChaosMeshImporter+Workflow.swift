// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

// Workflows: templates that follow each other, or run side by side.
extension ChaosMeshImporter {
    /// How deep templates may call each other, and how often in all.
    private static let depthLimit = 16

    /// What is known of the templates of a workflow while it is walked.
    struct Walk {
        var templates: [String: SourceField] = [:]
        var chaos: [String: Chaos] = [:]
        var steps = 0
        /// Templates that are being run, to find one that calls itself.
        var path: [String] = []
    }

    mutating func readWorkflow(_ spec: SourceField?) {
        guard let spec else { return }
        var walk = Walk()
        for template in spec["templates"]?.items ?? [] {
            if let name = template["name"]?.text { walk.templates[name] = template }
        }
        ledger.settle(spec["entry"], .exact)
        guard let entry = spec["entry"]?.text else {
            return ledger.refuse(spec, "a workflow names the template that it begins with: 'entry'")
        }
        draft.group = "parallel"
        let end = run(entry, from: spec["entry"] ?? spec, at: 0, until: nil, &walk)
        draft.reach(0, end)
        for template in spec["templates"]?.items ?? [] {
            ledger.settleRest(of: template, .notCarried, "nothing in the workflow comes to this")
        }
    }

    /// Places what a template does; returns when it ends.
    private mutating func run(
        _ name: String, from caller: SourceField, at start: Nanoseconds, until end: Nanoseconds?, _ walk: inout Walk
    ) -> Nanoseconds {
        guard let template = walk.templates[name] else {
            ledger.refuse(caller, "there is no template '\(PlainLine.text(name))'")
            return start
        }
        walk.steps += 1
        guard walk.steps <= Draft.limit, walk.path.count < Self.depthLimit, !walk.path.contains(name) else {
            ledger.refuse(caller, "the templates call each other without end, or more than \(Draft.limit) times")
            return start
        }
        walk.path.append(name)
        defer { walk.path.removeLast() }
        ledger.settle(template["name"], .exact)
        ledger.settle(template["templateType"], .exact)
        var end = end
        var deadline: Nanoseconds?
        if let field = template["deadline"], let length = duration(field) {
            deadline = length
            if start < .max - length { end = min(end ?? .max, start + length) }
        }
        let children = template["children"]?.items ?? []
        switch template["templateType"]?.text {
        case "Serial":
            var time = start
            for child in children where time < end ?? .max {
                ledger.settle(child, .exact)
                time = run(child.text ?? "", from: child, at: time, until: end, &walk)
            }
            return min(time, end ?? .max)
        case "Parallel":
            var last = start
            for child in children {
                ledger.settle(child, .exact)
                last = max(last, run(child.text ?? "", from: child, at: start, until: end, &walk))
            }
            return last
        case "Suspend": return wait(template, start, deadline, end)
        case "StressChaos":
            guard let spec = template["stressChaos"] else { return start }
            let known = walk.chaos[name]
            let chaos = known ?? self.chaos(spec, deadline: deadline)
            walk.chaos[name] = chaos
            place(chaos, at: start, until: end)
            // The template lasts until its deadline, whatever the chaos does.
            return wait(template, start, deadline ?? chaos.length, end)
        default:
            ledger.settleRest(
                of: template["conditionalBranches"], .notCarried,
                "which of them is run comes out in the cluster; import the templates that are meant")
            ledger.settleRest(
                of: template, .notCarried,
                "exert has no part in it; as long as it takes by its deadline, nothing is exerted")
            return wait(template, start, deadline, end)
        }
    }

    private mutating func wait(
        _ template: SourceField, _ start: Nanoseconds, _ length: Nanoseconds?, _ end: Nanoseconds?
    ) -> Nanoseconds {
        guard let length, draft.reach(start, min(length, (end ?? .max) - start)) else { return start }
        return min(start + length, end ?? .max)
    }
}
