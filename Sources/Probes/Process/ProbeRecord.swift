// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// What the prober's process tells, as records of 64 bytes in a pipe.
///
/// A pipe takes what is no longer than `PIPE_BUF` (4096 bytes) whole or not at all: pipe(7). So records are never torn,
/// and the prober never waits for whoever reads them.
enum ProbeRecord {
    static let size = 64
    /// The most bytes of one message.
    static let most = 4096

    private enum Kind: Int64 {
        case ready, problem, result, second, note
    }

    /// What came.
    enum Message: Equatable {
        /// Everything is taken.
        case ready
        /// It cannot be done.
        case problem(String)
        case event(Prober.Event)
    }

    static func bytes(_ message: Message) -> [UInt8] {
        var writer = ByteWriter()
        switch message {
        case .ready: writer.integer(Kind.ready.rawValue)
        case .problem(let text): return words(.problem, 0, text)
        case .event(.note(let probe, let text)): return words(.note, probe, text)
        case .event(.result(let result)):
            let outcome = ProbeOutcome.allCases.firstIndex(of: result.outcome) ?? 0
            writer.integer(Kind.result.rawValue | Int64(outcome) << 8 | (result.value == nil ? 0 : 1 << 16))
            writer.integer(result.probe)
            for value in [result.number, result.due, result.sent, result.done] { writer.integer(value) }
            writer.integer(Int64(bitPattern: (result.value ?? 0).bitPattern))
        case .event(.second(let second)):
            writer.integer(Kind.second.rawValue)
            let wait = second.runQueueWait ?? -1
            for value in [second.end, wait, second.cpuTime, second.lateness, second.dropped] { writer.integer(value) }
        }
        return padded(writer.bytes)
    }

    /// Text takes as many records as it needs; the first says how many bytes it has.
    private static func words(_ kind: Kind, _ probe: Int, _ text: String) -> [UInt8] {
        let bytes = Array(text.utf8.prefix(most - size))
        var writer = ByteWriter()
        for value in [kind.rawValue, Int64(probe), Int64(bytes.count)] { writer.integer(value) }
        return padded(writer.bytes) + padded(bytes)
    }

    private static func padded(_ bytes: [UInt8]) -> [UInt8] {
        bytes + [UInt8](repeating: 0, count: (size - bytes.count % size) % size)
    }

    /// Takes the messages that are whole from the front of `bytes`; `nil` where they make no sense.
    static func take(from bytes: inout [UInt8]) -> [Message]? {
        var messages: [Message] = []
        var at = 0
        defer { bytes.removeFirst(at) }
        while bytes.count - at >= size {
            var reader = ByteReader(Array(bytes[at..<(at + size)]))
            do {
                let head = try reader.integer()
                guard let kind = Kind(rawValue: head & 0xFF) else { return nil }
                guard kind == .problem || kind == .note else {
                    messages.append(try message(kind, head, &reader))
                    at += size
                    continue
                }
                let probe = try reader.small(Int.self)
                let count = try reader.small(Int.self)
                guard (0...most).contains(count) else { return nil }
                let length = size + (count + size - 1) / size * size
                guard bytes.count - at >= length else { return messages }
                let text = String(decoding: bytes[(at + size)..<(at + size + count)], as: UTF8.self)
                messages.append(kind == .note ? .event(.note(probe: probe, text: text)) : .problem(text))
                at += length
            } catch {
                return nil
            }
        }
        return messages
    }

    private static func message(
        _ kind: Kind, _ head: Int64, _ reader: inout ByteReader
    ) throws(ByteReader.Malformed) -> Message {
        switch kind {
        case .result:
            let outcome = Int(head >> 8 & 0xFF)
            guard ProbeOutcome.allCases.indices.contains(outcome) else { throw ByteReader.Malformed() }
            let probe = try reader.small(Int.self)
            let (number, due) = (try reader.integer(), try reader.integer())
            let (sent, done) = (try reader.integer(), try reader.integer())
            let value = try reader.double()
            return .event(
                .result(
                    ProbeResult(
                        probe: probe, number: number, due: due, sent: sent, done: done,
                        outcome: ProbeOutcome.allCases[outcome], value: head >> 16 & 1 == 1 ? value : nil)))
        case .second:
            let (end, wait) = (try reader.integer(), try reader.integer())
            let (cpu, late) = (try reader.integer(), try reader.integer())
            return .event(
                .second(
                    Prober.Second(
                        end: end, runQueueWait: wait < 0 ? nil : wait, cpuTime: cpu, lateness: late,
                        dropped: try reader.integer())))
        default: return .ready
        }
    }
}
