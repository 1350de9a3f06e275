// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials

/// Something that happened in a run: a line of its experiment log.
///
/// The lines and their members are described by `exert schema log`.
public struct RunEvent: Sendable {
    /// Its number in the run, from 1.
    public let number: Int
    /// What happened, such as `run_started`, `phase_started`, `sample` or `run_ended`.
    public let name: String
    /// When it happened, in seconds since the load began; 0 before that.
    public let elapsedSeconds: Double
    /// The line with its line feed; everybody who follows the run shares its bytes.
    package let line: [UInt8]

    /// Reads a line; `nil` where it is no event.
    package init?(number: Int, line: [UInt8]) {
        var name: String?
        var elapsed: Double?
        JSONMembers.forEach(in: line) { key, value in
            if key.elementsEqual("event".utf8) {
                name = String(decoding: value.dropFirst().dropLast(), as: UTF8.self)
            } else if key.elementsEqual("elapsed_s".utf8) {
                elapsed = Double(String(decoding: value, as: UTF8.self))
            }
            return name == nil || elapsed == nil
        }
        guard let name else { return nil }
        self.number = number
        self.name = name
        elapsedSeconds = elapsed ?? 0
        self.line = line
    }

    /// The line of the log, a JSON object.
    public var json: String { String(decoding: line.last == 0x0A ? line.dropLast() : line[...], as: UTF8.self) }

    /// The figures, where this is a sample.
    public var sample: RunSample? { name == "sample" ? decoded(RunSample.self) : nil }

    /// What a probe came to in a second, where this tells of one.
    public var probe: ProbeSample? { name == "probe_second" ? decoded(ProbeSample.self) : nil }

    func decoded<T: Decodable>(_ type: T.Type) -> T? { WireCoding.value(type, line) }
}
