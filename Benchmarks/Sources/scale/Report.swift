// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Reporting

extension Run {
    /// One dimension at a time from the smallest run on, then all of them at once.
    ///
    /// Small runs come first, since what a process has had stays resident. A quick list sees two hours of each.
    static func list(isQuick: Bool) -> [Run] {
        let runs = [
            Run(stressors: 1, workers: 1), Run(stressors: 1, workers: 32), Run(stressors: 1, workers: 1024),
            Run(stressors: 1, workers: 1, logInterval: .tenth), Run(stressors: 8, workers: 8),
            Run(stressors: 8, workers: 8, isWatched: true), Run(stressors: 64, workers: 64),
            Run(stressors: 64, workers: 1024), Run(stressors: 64, workers: 1024, phases: 1000),
            Run(stressors: 64, workers: 1024, hours: 6, logInterval: .tenth),
        ]
        return runs.map { run in
            var run = run
            if isQuick { run.hours = 2 }
            return run
        }
    }

    var title: String {
        "\(stressors) stressor\(stressors > 1 ? "s" : ""), \(workers) worker\(workers > 1 ? "s" : "")"
            + (phases == 24 ? "" : ", \(phases) phases") + (isWatched ? ", watched" : "")
            + (logInterval == .tenth ? ", logged at 10 Hz" : "")
    }
}

extension Nanoseconds {
    fileprivate static let tenth: Nanoseconds = 100 * .millisecond
}

/// A figure and what it is held to, in the form that the other programs here write.
private struct Bar {
    var name: String
    var figure: Double
    var unit: String
    /// The most that it may be; `nil` for information.
    var most: Double?
    var note = ""

    var isMet: Bool? { most.map { figure <= $0 } }
}

/// The table, the bars, and their JSON.
struct Report {
    private var outcomes: [Run.Outcome] = []
    private var bars: [Bar] = []
    private let isQuick: Bool

    init(isQuick: Bool) {
        self.isQuick = isQuick
        print("run".padded(44), "looks".leading(8), "us/look".leading(9), "ns/stressor".leading(12), terminator: " ")
        print("growth".leading(7), "KiB: at start, 1, 6, 24 h".leading(30), "RSS MiB".leading(8), "log MB".leading(8))
    }

    var isMet: Bool { bars.allSatisfy { $0.isMet != false } }

    /// Prints the row of a run and takes it in.
    mutating func add(_ outcome: Run.Outcome) {
        outcomes.append(outcome)
        let run = outcome.run
        let kibibytes = ([outcome.heapAtStart] + outcome.marks.map(\.heap)).map { "\($0 / 1024)" }
        print(
            run.title.padded(44), "\(outcome.last.looks)".leading(8), (outcome.perLook / 1000).text(2).leading(9),
            outcome.perStressor.text(0).leading(12), outcome.growth.text(2).leading(7),
            kibibytes.joined(separator: ", ").leading(30), "\(outcome.last.resident >> 20)".leading(8),
            "\(outcome.last.log / 1_000_000)".leading(8))
        let name = run.title
        bars.append(
            Bar(
                name: "\(name): CPU of the observer", figure: outcome.perLook / Double(Nanoseconds.tenth) * 100,
                unit: "% of a core", most: run.stressors == 64 && run.logInterval == .tenth ? 1 : 0.2))
        bars.append(
            Bar(
                name: "\(name): a look at the end over one in the first hour", figure: outcome.growth, unit: "×",
                most: 1.5))
        if let first = outcome.marks.first, let last = outcome.marks.last {
            // Each phase leaves its results: some hundred bytes a stressor.
            bars.append(
                Bar(
                    name: "\(name): memory for each hour after the first",
                    figure: Double(max(0, last.heap - first.heap)) / 1024 / Double(max(1, last.hours - first.hours)),
                    unit: "KiB"))
            // As many phases as a profile may have: 64,000 sections of curves and as many results are held.
            bars.append(
                Bar(
                    name: "\(name): resident", figure: Double(last.resident) / 1e6, unit: "MB",
                    most: run.phases == 1000 ? 100 : 40))
        }
        if outcome.verdict != .met {
            bars.append(Bar(name: "\(name): targets not met, but \(outcome.verdict)", figure: 1, unit: "", most: 0))
        }
        if run.stressors == 64, let few = outcomes.first(where: { $0.run.stressors == 8 }), run.workers == 64 {
            bars.append(
                Bar(
                    name: "a stressor's cost among 64 over that among 8", figure: outcome.perStressor / few.perStressor,
                    unit: "×", most: 1.5))
        }
    }

    func printBars() {
        print("")
        for bar in bars {
            let verdict = bar.isMet.map { $0 ? "pass" : "FAIL" } ?? ""
            print(
                bar.name.padded(82), bar.figure.text(3).leading(10), bar.unit.padded(11),
                (bar.most.map { "<= \($0)" } ?? "").leading(9), verdict)
        }
        let judged = bars.filter { $0.most != nil }
        print("\(judged.filter { $0.isMet == true }.count) of \(judged.count) bars met")
    }

    /// The members `bars` and `runs`, as `bars.py` has them.
    var json: [UInt8] {
        var writer = JSONWriter(.pretty, capacity: 64 * 1024)
        writer.beginObject()
        writer.key("quick")
        writer.boolean(isQuick)
        writer.key("bars")
        writer.beginArray()
        for bar in bars {
            writer.beginObject()
            writer.key("name")
            writer.string(bar.name)
            writer.key("figure")
            writer.decimal(bar.figure, places: 6)
            writer.key("unit")
            writer.string(bar.unit)
            writer.key("relation")
            writer.string(bar.most == nil ? "" : "<=")
            writer.key("bar")
            writer.decimal(bar.most, places: 6)
            writer.key("note")
            writer.string(bar.note)
            writer.key("met")
            if let isMet = bar.isMet { writer.boolean(isMet) } else { writer.null() }
            writer.endObject()
        }
        writer.endArray()
        writer.key("runs")
        writer.beginArray()
        for outcome in outcomes { write(outcome, to: &writer) }
        writer.endArray()
        writer.endObject()
        writer.endLine()
        return writer.bytes
    }

    private func write(_ outcome: Run.Outcome, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("stressors")
        writer.integer(outcome.run.stressors)
        writer.key("workers")
        writer.integer(outcome.run.workers)
        writer.key("phases")
        writer.integer(outcome.run.phases)
        writer.key("log_interval_s")
        writer.seconds(of: outcome.run.logInterval)
        writer.key("watched")
        writer.boolean(outcome.run.isWatched)
        writer.key("verdict")
        writer.string(outcome.verdict.rawValue)
        writer.key("ns_per_look")
        writer.decimal(outcome.perLook, places: 0)
        writer.key("ns_per_look_and_stressor")
        writer.decimal(outcome.perStressor, places: 0)
        writer.key("world_ns_per_look")
        writer.decimal(outcome.worldCost, places: 0)
        writer.key("heap_at_start_bytes")
        writer.integer(outcome.heapAtStart)
        writer.key("marks")
        writer.beginArray()
        for mark in outcome.marks {
            writer.beginObject()
            writer.key("hours")
            writer.integer(mark.hours)
            writer.key("looks")
            writer.integer(mark.looks)
            writer.key("cpu_s")
            writer.decimal(mark.cpu / 1e9, places: 6)
            writer.key("heap_bytes")
            writer.integer(mark.heap)
            writer.key("resident_bytes")
            writer.integer(mark.resident)
            writer.key("log_bytes")
            writer.integer(mark.log)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
    }
}

extension String {
    fileprivate func padded(_ width: Int) -> String { self + blanks(width) }
    fileprivate func leading(_ width: Int) -> String { blanks(width) + self }
    private func blanks(_ width: Int) -> String { String(repeating: " ", count: Swift.max(0, width - count)) }
}

extension Double {
    /// With so many places, without Foundation.
    fileprivate func text(_ places: Int) -> String {
        var unit = 1
        for _ in 0..<places { unit *= 10 }
        let scaled = Int((magnitude * Double(unit)).rounded())
        let sign = self < 0 ? "-" : ""
        if places == 0 { return "\(sign)\(scaled)" }
        let fraction = String(scaled % unit)
        return "\(sign)\(scaled / unit)." + String(repeating: "0", count: places - fraction.count) + fraction
    }
}
