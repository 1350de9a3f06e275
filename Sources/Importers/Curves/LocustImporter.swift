// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// Reads the stages of a Locust load shape, as a list in JSON.
///
/// `duration` is when a stage ends, counted from the beginning, in seconds; users come and go at `spawn_rate` a second
/// until there are as many as the stage wants, and then they stay.
enum LocustImporter {
    static func read(
        _ documents: [SourceField], _ options: ImportOptions, _ draft: inout Draft
    ) throws(ImportErrors) -> ImportAccount {
        var ledger = SourceLedger()
        try ledger.add(documents)
        var stages: [(from: Double, to: Double, way: Nanoseconds, start: Nanoseconds, length: Nanoseconds)] = []
        var (level, time, most) = (0.0, Nanoseconds(0), 0.0)
        for document in documents {
            let list = document["stages"] ?? document
            guard list.isList, list.items.count <= Draft.limit else {
                ledger.refuse(
                    document,
                    "a list of at most \(Draft.limit) stages stands here, each with duration, users and spawn_rate")
                continue
            }
            for stage in list.items {
                guard let end = number(stage, "duration", &ledger), let users = number(stage, "users", &ledger),
                    let rate = number(stage, "spawn_rate", &ledger)
                else { continue }
                let until = Nanoseconds(seconds: end)
                guard until > time else {
                    ledger.refuse(
                        stage,
                        "'duration' is when the stage ends, counted from the beginning, so it grows from stage to stage"
                    )
                    continue
                }
                guard rate > 0 || users == level else {
                    ledger.refuse(stage, "at a spawn_rate of 0 its users are never reached; write more")
                    continue
                }
                let length = until - time
                let whole = users == level ? 0 : Nanoseconds(seconds: (users - level).magnitude / rate)
                let reached = whole <= length ? users : level + (users - level) * Double(length) / Double(whole)
                stages.append((level, reached, min(whole, length), time, length))
                most = max(most, level, reached)
                level = reached
                time = until
            }
            ledger.settleRest(of: document, .notCarried, "of the users, not of their number")
        }
        guard ledger.problems.isEmpty else { throw ImportErrors(problems: ledger.problems) }
        guard !stages.isEmpty else {
            throw ImportErrors(problems: [Diagnostic(nil, "there is no stage")])
        }
        let scale = try CurveScale(options, most: most, noun: "users")
        for (index, stage) in stages.enumerated() {
            var load = scale.line(stage.from, stage.to, title: "stage-\(index + 1)")
            if stage.from != stage.to, stage.way < stage.length {
                // A way that is shorter than what the reader takes for one is a jump.
                load.shape =
                    stage.way < .millisecond
                    ? scale.amount(stage.to) : load.shape + " in \(AmountText.duration(stage.way))"
            }
            if stage.from > 0 || stage.to > 0 { draft.add(load, at: stage.start, for: stage.length) }
            draft.reach(stage.start, stage.length)
        }
        return ledger.account(.locust)
    }

    private static func number(_ stage: SourceField, _ key: String, _ ledger: inout SourceLedger) -> Double? {
        guard let field = stage[key], let text = field.text else {
            ledger.refuse(stage, "a stage has 'duration', 'users' and 'spawn_rate'; '\(key)' is missing")
            return nil
        }
        guard let (value, rest) = NumberPrefix.decimal(text), rest.isEmpty, value <= 1e9 else {
            ledger.refuse(field, "a number from 0 to 1000000000 stands here, not '\(PlainLine.text(text))'")
            return nil
        }
        ledger.settle(field, .exact)
        return value
    }
}
