// SPDX-License-Identifier: Apache-2.0

import LoadModel
import YAML

// Loads, with the files that traces name and the limits that hold for all loads together.
extension ProfileBuilder {
    /// Reads a load; `nil` after reporting what is wrong with it.
    mutating func shape(
        _ text: String, of stressor: String, _ manifest: Manifest, length: Nanoseconds?, at place: Place
    ) -> LoadShape? {
        let taker = AmountTaker(stressor: stressor, of: manifest)
        let scale = timeScale
        let parsed = reading(place) { () throws(NotationError) in
            try ShapeNotation(taker: taker, phaseLength: length, timeScale: scale).parse(text)
        }
        guard let parsed, let shape = resolved(parsed, length: length, for: taker, at: place) else { return nil }
        guard let length else { return shape }
        let count = Curve.pieceCount(of: shape, length: length)
        guard count <= Curve.pieceLimit else {
            report(
                NotationError(
                    0,
                    "the load changes \(count) times in its phase; the limit is \(Curve.pieceLimit), so take longer "
                        + "steps"
                ),
                at: place)
            return nil
        }
        let before = pieces
        pieces += count * repetitions
        // Once, where it is passed.
        if pieces > ProfileReader.pieceLimit, before <= ProfileReader.pieceLimit {
            report(
                NotationError(
                    0,
                    "the loads of the profile change more than \(ProfileReader.pieceLimit) times in all, the limit;"
                        + " take longer steps"),
                at: place)
        }
        return shape
    }

    /// The word for a phase that is as long as the traces in it.
    static let asTrace = "trace"

    /// A load whose trace may be what its phase is as long as.
    struct TimedLoad {
        var stressor: String
        var text: String
        var place: Place
        var start: Nanoseconds = 0
        /// How long it lasts; `nil` for as long as its phase.
        var length: Nanoseconds?
    }

    /// The loads of a phase; what is wrong with them is told where they are read.
    func timedLoads(_ loads: YAMLNode?) -> [TimedLoad] {
        guard case .mapping(let entries) = loads?.content else { return [] }
        return entries.compactMap { entry in
            var node = entry.value
            var stay: (start: Nanoseconds, length: Nanoseconds?) = (0, nil)
            if case .mapping(let members) = node.content, let load = members.first(where: { $0.key == "load" }) {
                node = load.value
                func length(_ key: String) -> Nanoseconds? {
                    guard case .scalar(let text, _) = members.first(where: { $0.key == key })?.value.content else {
                        return nil
                    }
                    return (try? UnitNotation.duration(Phrase(text)))?.scaled(by: timeScale)
                }
                stay = (length("start") ?? 0, length("for"))
            }
            guard case .scalar(let text, _) = node.content else { return nil }
            return TimedLoad(
                stressor: entry.key, text: text, place: .text(node.mark, value: text), start: stay.start,
                length: stay.length)
        }
    }

    /// How long the longest trace of a phase's loads is; `nil` after reporting that there is none that ends.
    ///
    /// What is wrong with the traces themselves is told where they are read.
    mutating func traceLength(_ loads: [TimedLoad], _ report: (inout Self, String) -> Void) -> Nanoseconds? {
        let before = (problems, traces)
        var lengths: [Nanoseconds] = []
        for load in loads where Phrase(load.text).words.contains(where: { $0.text == ShapeForm.trace }) {
            let defined = definitions.first { $0.name == load.stressor }
            guard let manifest = defined?.manifest ?? manifest(of: load.stressor) else { continue }
            let shape = shape(load.text, of: load.stressor, manifest, length: nil, at: load.place)
            (problems, traces) = before
            guard let shape else { return nil }
            lengths += shape.traces.map { load.start + min(load.length ?? $0.wholeLength, .max - load.start) }
        }
        switch lengths.max() {
        case nil: report(&self, "no load of it is a trace")
        case let length? where length <= 0: report(&self, "its trace has one row, and so no length")
        case let length? where length > UnitNotation.durationLimit:
            let limit = UnitNotation.text(of: UnitNotation.durationLimit)
            report(&self, "its trace has no end before \(limit), the limit")
        case let length?: return length
        }
        return nil
    }

    /// The shape with the traces that it names; `nil` after reporting what is wrong with one.
    private mutating func resolved(
        _ parsed: ShapeNotation.Parsed, length: Nanoseconds?, for taker: AmountTaker, at place: Place
    ) -> LoadShape? {
        switch parsed {
        case .shape(let shape): return shape
        case .trace(let request, let file):
            return trace(request, file, length: length, for: taker, at: place).map { .trace($0) }
        case .sum(let parts):
            let shapes = parts.compactMap { resolved($0, length: length, for: taker, at: place) }
            return shapes.count == parts.count ? .sum(shapes) : nil
        }
    }

    private mutating func trace(
        _ request: TraceRequest, _ phrase: Phrase, length: Nanoseconds?, for taker: AmountTaker, at place: Place
    ) -> Trace? {
        traces += 1
        guard traces <= ProfileReader.traceLimit, pieces <= ProfileReader.pieceLimit else {
            if traces == ProfileReader.traceLimit + 1 {
                report(
                    NotationError(
                        phrase.offset, "the profile reads more than \(ProfileReader.traceLimit) traces, the limit"),
                    at: place)
            }
            return nil
        }
        // Phases that follow the same trace often follow each other; and a phase that is as long as its trace has read
        // it already, of which it cuts nothing off.
        let key = TraceKey(request: request, length: length, taker: taker.name)
        let whole = TraceKey(request: request, length: nil, taker: taker.name)
        if let lastTrace, lastTrace.key == key || lastTrace.key == whole && lastTrace.trace.length <= length ?? .max {
            return lastTrace.trace
        }
        let path = resolve(request.file, beside: place.mark.file)
        let open: ByteReader
        do {
            open = try openTrace(path)
        } catch {
            report(
                NotationError(
                    phrase.offset, "cannot read trace \(Wording.quote(path)): \(Wording.line("\(error)"))"),
                at: place)
            return nil
        }
        var table = TraceTable(request: request, taker: taker, phaseLength: length, mayQuote: mayQuoteFiles)
        table.sizeLimit = min(table.sizeLimit, ProfileReader.traceBytesLimit - traceBytes)
        var count = 0
        let (trace, found) = table.trace {
            let bytes = try open()
            count += bytes.count
            return bytes
        }
        traceBytes += count
        for problem in found { report(NotationError(phrase.offset, problem), at: place) }
        if let trace { lastTrace = (key, trace) }
        return trace
    }

    /// The path of a file that the profile names: relative to the directory of the text that names it.
    func resolve(_ path: String, beside included: String?) -> String {
        let file = included ?? file
        guard source != nil, !path.hasPrefix("/"), let slash = file.lastIndex(of: "/") else { return path }
        return String(file[...slash]) + path
    }
}
