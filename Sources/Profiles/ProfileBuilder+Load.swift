// SPDX-License-Identifier: Apache-2.0

import LoadModel

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
        guard let parsed, let shape = resolved(parsed, for: taker, at: place) else { return nil }
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

    /// The shape with the traces that it names; `nil` after reporting what is wrong with one.
    private mutating func resolved(
        _ parsed: ShapeNotation.Parsed, for taker: AmountTaker, at place: Place
    ) -> LoadShape? {
        switch parsed {
        case .shape(let shape): return shape
        case .trace(let file, let column):
            return trace(file, column: column, for: taker, at: place).map { .trace($0) }
        case .sum(let parts):
            let shapes = parts.compactMap { resolved($0, for: taker, at: place) }
            return shapes.count == parts.count ? .sum(shapes) : nil
        }
    }

    private mutating func trace(
        _ phrase: Phrase, column: Phrase?, for taker: AmountTaker, at place: Place
    ) -> Trace? {
        let words = phrase.words
        if words.count > 1 {
            report(
                NotationError(
                    words[1].offset,
                    "unexpected \(Wording.quote(words[1].text)) after the trace's file; put a name that has spaces in"
                        + " double quotes, and write 'column' before a column"),
                at: place)
            return nil
        }
        let file = Self.unquoted(phrase.text)
        guard !file.isEmpty, !file.unicodeScalars.contains(where: \.isControl) else {
            report(NotationError(phrase.offset, "\(Wording.quote(phrase.text)) cannot be a file's name"), at: place)
            return nil
        }
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
        let path = resolve(file)
        let bytes: [UInt8]
        if let lastTrace, lastTrace.path == path {
            bytes = lastTrace.bytes
        } else {
            do {
                bytes = try readFile(path)
                lastTrace = (path, bytes)
            } catch {
                report(
                    NotationError(
                        phrase.offset, "cannot read trace \(Wording.quote(path)): \(Wording.line("\(error)"))"),
                    at: place)
                return nil
            }
        }
        let table = TraceTable(file: file, taker: taker, mayQuote: mayQuoteFiles)
        var (points, found) = table.points(from: bytes, column: column.map { Self.unquoted($0.text) })
        if timeScale != 1 { for index in points.indices { points[index].at = points[index].at.scaled(by: timeScale) } }
        for problem in found { report(NotationError(phrase.offset, problem), at: place) }
        return found.isEmpty ? Trace(file: file, points: points) : nil
    }

    private static func unquoted(_ text: String) -> String {
        text.utf8.count >= 2 && text.hasPrefix("\"") && text.hasSuffix("\"")
            ? String(text.dropFirst().dropLast()) : text
    }

    /// The path of a file that the profile names: relative to the profile's directory.
    func resolve(_ path: String) -> String {
        guard source != nil, !path.hasPrefix("/"), let slash = file.lastIndex(of: "/") else { return path }
        return String(file[...slash]) + path
    }
}
