// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Why a file is no log.
public struct LogProblem: Error, Equatable, CustomStringConvertible {
    /// The file, as it was named.
    public let file: String
    /// The line, from 1.
    public let line: Int
    /// The column, in bytes from 1.
    public let column: Int
    /// What is wrong, and what to do about it.
    public let message: String

    /// The place and what is wrong.
    public var description: String { "\(file):\(line):\(column): \(message)" }
}

/// A log as it was read.
public struct LogContents: Sendable {
    /// The run that was asked for; else the one that began last, since logs are appended to.
    public var run: RunEvidence
    /// The other runs whose lines are in the file, in the order in which they came.
    public var others: [(runID: String, firstTime: String)]
}

/// Reads an experiment log piece by piece.
///
/// One run is kept, in bounded memory. Members and events that are not known are passed over, as the log's schema says.
/// A last line that is cut is left out, and so is one in the middle that a run after it was appended to; whatever else
/// is no line of a log is an error.
public struct LogReader: Sendable {
    /// The longest line, in bytes: a run's end has two histograms for each phase and disk load.
    static let lineLimit = 64 << 20
    /// The most runs that are told apart.
    private static let runLimit = 10_000
    static let opening = Array(#"{"schema":"exert-log/"#.utf8)

    private let file: String
    private let wanted: String?
    private var rest: [UInt8] = []
    private var line = 0
    /// What is cut, with the run that it is of; `nil` where that is not known.
    private var cuts: [(runID: String?, text: String)] = []
    /// The run of the line that was looked at last.
    private var lastRunID: String?
    private var taker: EventTaker?
    private var others: [(runID: String, firstTime: String)] = []

    /// Creates a reader.
    ///
    /// - Parameters:
    ///   - file: what the log is called in messages.
    ///   - run: the identifier of the run that is wanted; `nil` for the one that begins last.
    public init(file: String, run: String? = nil) {
        self.file = file
        wanted = run
    }

    /// Whether a file that begins with these bytes is a log.
    public static func isLog(_ beginning: [UInt8]) -> Bool { beginning.starts(with: opening) }

    /// Takes what comes next of the file.
    public mutating func take(_ piece: [UInt8]) throws(LogProblem) {
        var start = 0
        while start < piece.count {
            let end = piece.withUnsafeBufferPointer { bytes -> Int? in
                guard let base = bytes.baseAddress else { return nil }
                return memchr(base + start, 0x0A, bytes.count - start).map {
                    UnsafeRawPointer($0) - UnsafeRawPointer(base)
                }
            }
            guard let end else { break }
            if rest.isEmpty {
                try take(line: piece, start..<end)
            } else {
                rest += piece[start..<end]
                let whole = rest
                rest = []
                try take(line: whole, 0..<whole.count)
            }
            start = end + 1
        }
        rest += piece[start...]
        guard rest.count <= Self.lineLimit else {
            throw LogProblem(
                file: file, line: line + 1, column: 1,
                message: "the line is longer than \(Self.lineLimit >> 20) MiB; no line of a log is: this is none")
        }
    }

    /// Takes the end of the file.
    public mutating func finish() throws(LogProblem) -> LogContents {
        let last = rest
        rest = []
        // What a disk did not keep in a crash reads as zeroes.
        let text = last.filter { $0 != 0 }
        if !text.isEmpty {
            do throws(LogProblem) {
                try take(line: text, 0..<text.count)
            } catch {
                guard Self.looksCut(text) else { throw error }
                cuts.append((lastRunID, "the last line, number \(line), is cut after \(text.count) bytes and left out"))
            }
        } else if !last.isEmpty {
            cuts.append((lastRunID, "the file ends in \(last.count) zero bytes, as after a crash of the machine"))
        }
        if taker == nil, let wanted {
            let known = others.suffix(5).map(\.runID).joined(separator: ", ")
            throw LogProblem(
                file: file, line: max(1, line), column: 1,
                message: "no run \(wanted) is in this log" + (known.isEmpty ? "" : "; there is \(known)"))
        }
        var run = taker?.finish() ?? RunEvidence(runID: "unknown")
        if taker == nil { run.missing.append("everything: the log has no whole line") }
        run.missing += cuts.filter { $0.runID == nil || taker == nil || $0.runID == run.runID }.map(\.text)
        return LogContents(run: run, others: others)
    }

    /// Whether text is the beginning of a line of a log.
    private static func looksCut(_ text: [UInt8]) -> Bool {
        text.starts(with: opening) || opening.starts(with: text)
    }

    private mutating func take(line bytes: [UInt8], _ range: Range<Int>) throws(LogProblem) {
        line += 1
        guard range.count <= Self.lineLimit else {
            throw LogProblem(
                file: file, line: line, column: 1,
                message: "the line is longer than \(Self.lineLimit >> 20) MiB; no line of a log is: this is none")
        }
        let problem = bytes.withUnsafeBufferPointer { take(UnsafeBufferPointer(rebasing: $0[range])) }
        guard let problem else { return }
        // A line that was cut when a run was killed, and the next run's first line behind it.
        if let next = Self.lastOpening(bytes[range]), next > range.lowerBound {
            // Where it is cut before its run, it is of the run of the line before; at the beginning, of the next one.
            let cutRunID = lastRunID
            let second = bytes.withUnsafeBufferPointer {
                take(UnsafeBufferPointer(rebasing: $0[next..<range.upperBound]))
            }
            if second == nil {
                cuts.append(
                    (
                        cutRunID ?? lastRunID,
                        "line \(line) is cut after \(next - range.lowerBound) bytes, and another follows in it"
                    ))
                return
            }
        }
        throw LogProblem(file: file, line: line, column: problem.offset + 1, message: problem.message)
    }

    private static func lastOpening(_ line: ArraySlice<UInt8>) -> Int? {
        guard line.count > opening.count else { return nil }
        return (line.startIndex...(line.endIndex - opening.count)).reversed().first {
            line[$0] == opening[0] && line[$0...].starts(with: opening)
        }
    }

    /// Whether a line begins within another one; no string of JSON can have that beginning in it.
    private static func hasSecondOpening(_ line: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let base = line.baseAddress else { return false }
        var at = 1
        while at < line.count, let brace = memchr(base + at, 0x7B, line.count - at) {
            let found = UnsafeRawPointer(brace) - UnsafeRawPointer(base)
            if line[found...].starts(with: opening) { return true }
            at = found + 1
        }
        return false
    }

    /// Takes a line; what is wrong with it, `nil` where nothing is.
    private mutating func take(_ bytes: UnsafeBufferPointer<UInt8>) -> JSONPull.Malformed? {
        var pull = JSONPull(bytes)
        // An empty line says nothing.
        if pull.peek() == nil { return nil }
        do throws(JSONPull.Malformed) {
            let head = try LineHead(&pull)
            lastRunID = head.runID
            guard try choose(head) else {
                // One that is cut may have the run that is wanted behind it.
                if Self.hasSecondOpening(bytes) { throw pull.problem("the line is cut, and another follows in it") }
                return nil
            }
            try taker?.take(head, bytes)
            return nil
        } catch {
            return error
        }
    }

    /// Whether a line is of the run that is kept; a run that begins takes the place of the one before.
    private mutating func choose(_ head: LineHead) throws(JSONPull.Malformed) -> Bool {
        if let taker, taker.run.runID == head.runID { return true }
        let isKnown = others.contains { $0.runID == head.runID }
        if isKnown { return false }
        if let wanted, wanted != head.runID {
            if others.count < Self.runLimit { others.append((head.runID, head.time)) }
            return false
        }
        if let taker, others.count < Self.runLimit { others.append((taker.run.runID, taker.run.firstTime)) }
        taker = EventTaker(runID: head.runID)
        return true
    }
}

/// What every line of a log has.
struct LineHead {
    var event = ""
    var runID = ""
    var time = ""

    /// Reads the line as far as it takes to know its event.
    init(_ pull: inout JSONPull) throws(JSONPull.Malformed) {
        var hasSchema = false
        guard pull.peek() == UInt8(ascii: "{") else {
            throw pull.problem("no line of an exert log, each of which is a JSON object; give the file of --log")
        }
        guard try pull.beginObject() else { throw pull.problem(Self.foreign) }
        repeat {
            let name = try pull.key()
            if pull.has(name, "schema") {
                let start = pull.at
                let schema = try Self.text(&pull) ?? ""
                guard schema.hasPrefix("exert-log/") else {
                    let isProbes = schema.hasPrefix("exert-probe-log/")
                    throw JSONPull.Malformed(
                        offset: start,
                        message: isProbes
                            ? "this is the log of exert probe; exert report reads logs of exert run" : Self.foreign)
                }
                guard schema == "exert-log/1" else {
                    throw JSONPull.Malformed(
                        offset: start, message: "this exert reads exert-log/1, and the line is '\(schema.prefix(40))'")
                }
                hasSchema = true
            } else if pull.has(name, "event") {
                event = try Self.text(&pull) ?? ""
            } else if pull.has(name, "run_id") {
                runID = try Self.text(&pull) ?? ""
            } else if pull.has(name, "time") {
                time = try Self.text(&pull) ?? ""
            } else {
                try pull.skip()
            }
            if hasSchema, !event.isEmpty, !runID.isEmpty, !time.isEmpty { return }
        } while try pull.hasNext(closing: UInt8(ascii: "}"))
        guard hasSchema else { throw pull.problem(Self.foreign) }
        guard !runID.isEmpty, !event.isEmpty else { throw pull.problem("the line has no 'event' or no 'run_id'") }
    }

    private static let foreign = #"no line of an exert log, which says "schema":"exert-log/1"; give the file of --log"#

    private static func text(_ pull: inout JSONPull) throws(JSONPull.Malformed) -> String? {
        guard pull.peek() == UInt8(ascii: "\"") else {
            try pull.skip()
            return nil
        }
        return try pull.text(try pull.skipString())
    }
}
