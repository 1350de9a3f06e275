// SPDX-License-Identifier: Apache-2.0

public import LoadModel

/// Something that a guard can watch.
public struct GuardMetric: Hashable, Sendable {
    /// Its name in profiles, such as `memory.available`.
    public var name: String
    /// The kinds of amount that it is compared with.
    public var kinds: [AmountKind]
    /// What it is, for help.
    public var help: String

    /// Every metric that a profile may name.
    public static let all = [
        GuardMetric(
            name: "memory.available", kinds: [.bytes, .percent],
            help: "memory that can be had without swapping: MemAvailable, or what the cgroup's limit leaves"),
        GuardMetric(
            name: "cpu.busy", kinds: [.percent],
            help: "time of all processors that is neither idle nor waiting for a disk"),
        GuardMetric(name: "disk.available", kinds: [.bytes, .percent], help: "space that unprivileged users can have"),
        GuardMetric(
            name: "disk.free", kinds: [.bytes, .percent], help: "space that is free, the reserve of root included"),
        GuardMetric(name: "handles.free", kinds: [.count], help: "file handles that the kernel can still open"),
        GuardMetric(name: "psi.cpu.some", kinds: [.percent], help: "time in which some task waited for a processor"),
        GuardMetric(name: "psi.memory.some", kinds: [.percent], help: "time in which some task waited for memory"),
        GuardMetric(name: "psi.memory.full", kinds: [.percent], help: "time in which all tasks waited for memory"),
        GuardMetric(name: "psi.io.some", kinds: [.percent], help: "time in which some task waited for a disk"),
        GuardMetric(name: "psi.io.full", kinds: [.percent], help: "time in which all tasks waited for a disk"),
    ]
}

/// Reads `METRIC < AMOUNT [for T]`.
enum GuardNotation {
    static let usage = "memory.available < 256MiB for 2s"

    static func parse(_ text: String, mark: SourceMark) throws(NotationError) -> Guard {
        let phrase = Phrase(text)
        let isSign: (Unicode.Scalar) -> Bool = { "<>=!≤≥".unicodeScalars.contains($0) }
        guard let signStart = phrase.firstOffset(where: isSign) else {
            throw NotationError(
                phrase.offset, "\(Wording.quote(phrase.text)) has no comparison; write a guard such as '\(usage)'")
        }
        let signEnd = phrase.firstOffset(from: signStart) { !isSign($0) } ?? phrase.end
        let name = phrase.slice(phrase.offset, signStart)
        guard let metric = GuardMetric.all.first(where: { $0.name == name.text }) else {
            let remedy = Wording.remedy(for: name.text, among: GuardMetric.all.map(\.name), taking: "a guard watches")
            throw NotationError(name.offset, "unknown metric \(Wording.quote(name.text))\(remedy)")
        }
        let sign = phrase.slice(signStart, signEnd).text
        guard let comparison = Guard.Comparison(rawValue: sign) else {
            throw NotationError(signStart, "unknown comparison \(Wording.quote(sign)); a guard takes: <, <=, >, >=")
        }
        let rest = phrase.dropping(to: signEnd)
        let hold = rest.words.first { $0.text == "for" }
        let taker = AmountTaker(name: "'\(metric.name)'", kinds: metric.kinds)
        let limit = try UnitNotation.amount(rest.slice(rest.offset, hold?.offset ?? rest.end), for: taker)
        var length: Nanoseconds = 0
        if let hold { length = try UnitNotation.duration(rest.dropping(to: hold.end)) }
        return Guard(
            metric: metric.name, comparison: comparison, limit: limit, length: length, text: phrase.text, mark: mark)
    }
}
