// SPDX-License-Identifier: Apache-2.0

internal import LoadModel
internal import Profiles

/// Reads the options of k6, as `k6 inspect` prints them: the levels of scenarios over time.
struct K6Importer {
    /// A stretch of a scenario, on a straight line.
    private struct Stretch {
        var from: Double
        var to: Double
        var start: Nanoseconds
        var length: Nanoseconds
        var title: String

        /// The level at a time within it.
        func level(at time: Nanoseconds) -> Double {
            if time == start { return from }
            if time == start + length { return to }
            return from + (to - from) * (Double(time - start) / Double(length))
        }
    }

    private var ledger = SourceLedger()
    private var stretches: [Stretch] = []
    /// Whether some scenario counts users, and some other one requests a second.
    private var hasUsers = false
    private var hasRates = false

    static func read(
        _ documents: [SourceField], _ options: ImportOptions, _ draft: inout Draft
    ) throws(ImportErrors) -> ImportAccount {
        var importer = K6Importer()
        try importer.ledger.add(documents)
        for document in documents { importer.read(document) }
        guard importer.ledger.problems.isEmpty else { throw ImportErrors(problems: importer.ledger.problems) }
        guard importer.stretches.count <= Draft.limit else {
            throw ImportErrors(problems: [
                Diagnostic(nil, "the scenarios have more than \(Draft.limit) stages in all; import them in parts")
            ])
        }
        let sum = importer.sum()
        let most = sum.reduce(0) { max($0, $1.from, $1.to) }
        draft.group = "scenarios"
        if !sum.isEmpty {
            let scale = try CurveScale(options, most: most, noun: "users or requests")
            for stretch in sum {
                // Nothing is asked for where the curve lies on the ground.
                guard stretch.from > 0 || stretch.to > 0 else {
                    draft.reach(stretch.start, stretch.length)
                    continue
                }
                let load = scale.line(stretch.from, stretch.to, title: stretch.title)
                draft.add(load, at: stretch.start, for: stretch.length)
            }
        }
        return importer.ledger.account(.k6)
    }

    /// What all scenarios come to together, on a straight line between any two points where one of them bends.
    private func sum() -> [Stretch] {
        let times = Set(stretches.flatMap { [$0.start, $0.start + $0.length] }).sorted()
        return zip(times, times.dropFirst()).compactMap { start, end in
            let parts = stretches.filter { $0.start <= start && $0.start + $0.length >= end }
            guard let first = parts.first else { return nil }
            var sum = Stretch(from: 0, to: 0, start: start, length: end - start, title: first.title)
            for part in parts {
                sum.from += part.level(at: start)
                sum.to += part.level(at: end)
            }
            let loaded = parts.filter { $0.from > 0 || $0.to > 0 }
            if !loaded.isEmpty { sum.title = loaded.map(\.title).joined(separator: "-and-") }
            return sum
        }
    }

    private mutating func read(_ options: SourceField) {
        let scenarios = options["scenarios"]?.members ?? []
        for (name, scenario) in scenarios { read(scenario, title: PlainLine.name(name) ?? "scenario") }
        if let stages = options["stages"], stages.isList, !stages.items.isEmpty, scenarios.isEmpty {
            let start = number(options["vus"]) ?? 1
            readStages(stages, from: start, at: 0, title: "stage")
        } else if let length = options["duration"], length.text != nil, scenarios.isEmpty {
            let level = number(options["vus"]) ?? 1
            if let length = duration(length) {
                stretches.append(Stretch(from: level, to: level, start: 0, length: length, title: "users"))
            }
        }
        if hasUsers, hasRates {
            for (_, scenario) in scenarios where scenario["executor"]?.text?.hasSuffix("rate") == true {
                ledger.settle(
                    scenario["executor"], .near, "requests a second of this and users of others are on one scale")
            }
        }
        ledger.settleRest(
            of: options["scenarios"], .notCarried, "of the requests and how k6 sends them, not of their number")
        ledger.settleRest(
            of: options["thresholds"], .notCarried, "of the requests; exert's 'probes' and 'objectives' judge a service"
        )
        ledger.settleRest(of: options, .notCarried, "of the requests and how k6 sends them, not of their number")
    }

    private mutating func read(_ scenario: SourceField, title: String) {
        let start = scenario["startTime"].flatMap { $0.text == nil ? nil : duration($0) } ?? 0
        let executor = scenario["executor"]
        ledger.settle(executor, .exact)
        switch executor?.text {
        case "ramping-vus":
            hasUsers = true
            readStages(scenario["stages"], from: number(scenario["startVUs"]) ?? 1, at: start, title: title)
        case "ramping-arrival-rate":
            let unit = timeUnit(scenario)
            readStages(
                scenario["stages"], from: number(scenario["startRate"]) ?? 0, at: start, title: title, unit: unit)
        case "constant-vus", "constant-arrival-rate":
            let isRate = executor?.text == "constant-arrival-rate"
            if !isRate { hasUsers = true }
            let level = number(scenario[isRate ? "rate" : "vus"]) ?? 1
            let unit = isRate ? timeUnit(scenario) : 1
            guard let field = scenario["duration"], let length = duration(field) else {
                return ledger.refuse(scenario, "k6 needs a 'duration' here")
            }
            stretches.append(
                Stretch(from: level / unit, to: level / unit, start: start, length: length, title: title))
        case let name?:
            ledger.settle(
                executor, .notCarried, "'\(PlainLine.text(name))' has no number of users or requests over time")
            ledger.settleRest(of: scenario, .notCarried, "of a scenario that is not carried")
        case nil: ledger.refuse(scenario, "a scenario has an 'executor'")
        }
    }

    /// How many seconds the requests of a scenario are counted in.
    private mutating func timeUnit(_ scenario: SourceField) -> Double {
        hasRates = true
        guard let field = scenario["timeUnit"], field.text != nil, let length = duration(field), length > 0 else {
            return 1
        }
        return length.seconds
    }

    /// Straight lines from level to level; a stage of no length is a jump.
    ///
    /// - Parameter unit: what levels are divided by.
    private mutating func readStages(
        _ stages: SourceField?, from start: Double, at begin: Nanoseconds, title: String, unit: Double = 1
    ) {
        guard let stages, !stages.items.isEmpty, stages.items.count <= Draft.limit else {
            if let stages { ledger.refuse(stages, "a list of 1 to \(Draft.limit) stages stands here") }
            return
        }
        var level = start
        var time = begin
        for (index, stage) in stages.items.enumerated() {
            guard let field = stage["duration"], let length = duration(field) else {
                ledger.refuse(stage, "a stage has a 'duration' such as '30s'")
                continue
            }
            let target = number(stage["target"]) ?? level
            if length > 0 {
                stretches.append(
                    Stretch(
                        from: level / unit, to: target / unit, start: time, length: length,
                        title: "\(title)-\(index + 1)"))
                time += length
            }
            level = target
        }
    }

    /// A level, settled.
    private mutating func number(_ field: SourceField?) -> Double? {
        guard let field, let text = field.text else {
            ledger.settle(field, .exact)
            return nil
        }
        guard let (value, rest) = NumberPrefix.decimal(text), rest.isEmpty, value <= 1e9 else {
            ledger.refuse(field, "a number from 0 to 1000000000 stands here, not '\(PlainLine.text(text))'")
            return nil
        }
        ledger.settle(field, .exact)
        return value
    }

    /// A duration as k6 writes it: as Go does, or in milliseconds without a unit.
    private mutating func duration(_ field: SourceField) -> Nanoseconds? {
        let text = field.text ?? ""
        let plain = Int64(text).flatMap { (0...2_592_000_000).contains($0) ? $0 * .millisecond : nil }
        guard let length = plain ?? GoNotation.duration(text), length <= 30 * 86_400 * .second else {
            let most = UnitNotation.text(of: UnitNotation.durationLimit)
            ledger.refuse(field, "a duration such as '30s', '1h30m' or milliseconds stands here, of \(most) at most")
            return nil
        }
        ledger.settle(field, .exact)
        return length
    }
}
