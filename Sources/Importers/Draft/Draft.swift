// SPDX-License-Identifier: Apache-2.0

internal import LoadModel
internal import Profiles

/// A load as a profile is to have it.
struct DraftLoad {
    /// A setting of the stressor that carries it.
    struct Setting: Hashable {
        var key: String
        var value: String

        init(_ key: String, _ value: String) {
            self.key = key
            self.value = value
        }
    }

    /// The kind of stressor, such as `cpu`.
    var kind: String
    /// What it is called in the source; names its phase.
    var title: String
    /// What tells its stressor from others of the kind, such as `float`; `nil` where that is the title.
    var tag: String?
    var settings: [Setting] = []
    /// The load in the profile's notation; of a load with a way to it, the amount at its end.
    var shape: String
    /// How long the way from nothing to the amount takes, on a straight line; 0 where it is there at once.
    var way: Nanoseconds = 0
    /// A share of the amount, from 0 to 1, as text: what is reached of a way that is cut short, and where it begins.
    var share: ((Double) -> String)?

    /// The amounts that its shape names: both ends of a way, or the one that is held.
    var amounts: [String] {
        var amounts: [[Substring]] = [[]]
        for word in shape.split(separator: " ") {
            if word == "in" { break }
            if word == "to" { amounts.append([]) }
            if !["ramp", "from", "to"].contains(word) { amounts[amounts.count - 1].append(word) }
        }
        return amounts.map { $0.joined(separator: " ") }
    }

    /// Whether it is 0 all the time.
    var isNothing: Bool { amounts.allSatisfy { NumberPrefix.decimal($0)?.value == 0 } }

    /// Why no host can take it; `nil` where one might.
    var excess: String? {
        guard kind == "memory" else { return nil }
        for text in amounts {
            guard let amount = try? UnitNotation.amount(text, for: kind, kinds: [.bytes]), let bytes = amount.number,
                bytes >= AddressSpace.limit
            else { continue }
            let most = AmountText.bytes(Int64(AddressSpace.limit))
            return "\(title): \(text) is as much as a process can address, or more (\(most)); lower it"
        }
        return nil
    }

    /// Loads with the same identity may be carried by the same stressor, one after the other.
    ///
    /// Not so an amount and a share of the whole: of those a stressor that is told no `mode` takes one kind alone.
    var identity: [String] {
        let isOfWhole = shape.contains("%") || shape.contains("leave") || shape.contains("max")
        return [kind, isOfWhole ? "whole" : "amount"] + settings.flatMap { [$0.key, $0.value] }
    }
}

/// What a profile is to be: loads on a time axis, of which phases are made.
struct Draft {
    /// A load with its place on the time axis.
    struct Placed {
        var load: DraftLoad
        var start: Nanoseconds
        var length: Nanoseconds

        var end: Nanoseconds { start + length }
    }

    /// A phase: loads that overlap, or nothing.
    struct Span {
        var name: String
        var start: Nanoseconds
        var end: Nanoseconds
        var loads: [Placed]
    }

    /// The name of the profile; `nil` for none.
    var name: String?
    /// What a phase of several loads is called.
    var group = "load"
    private(set) var placed: [Placed] = []
    /// When the last phase ends, at least.
    private(set) var end: Nanoseconds = 0

    /// Titles of the loads that are 0 all the time: they have their place in time, and nothing is written for them.
    private(set) var silent: [String] = []
    /// Why loads are more than any host can take.
    private(set) var excesses: [String] = []
    /// Whether it goes on until somebody ends it; of a draft that comes to a single phase.
    var isEndless = false

    /// The most loads that are taken: as many as there may be phases.
    static let limit = ProfileReader.phaseLimit

    /// Whether there are more loads than are taken, or they last longer than a run may.
    private(set) var isTooLarge = false

    /// Adds a load; one without length is none.
    mutating func add(_ load: DraftLoad, at start: Nanoseconds, for length: Nanoseconds) {
        guard length > 0, reach(start, length) else { return }
        guard placed.count < Self.limit else {
            isTooLarge = true
            return
        }
        var load = load
        if load.way > 0, let share = load.share {
            let reached = load.way <= length ? load.shape : share(Double(length) / Double(load.way))
            load.shape = "ramp from \(share(0)) to \(reached) in \(AmountText.duration(min(load.way, length)))"
        }
        if load.isNothing {
            if !silent.contains(load.title) { silent.append(load.title) }
            return
        }
        if let excess = load.excess, !excesses.contains(excess) { excesses.append(excess) }
        placed.append(Placed(load: load, start: start, length: length))
    }

    /// Lets the run last until `start + length` at least.
    @discardableResult
    mutating func reach(_ start: Nanoseconds, _ length: Nanoseconds) -> Bool {
        let limit = UnitNotation.durationLimit
        guard start >= 0, length >= 0, start <= limit, length <= limit - start else {
            isTooLarge = true
            return false
        }
        end = max(end, start + length)
        return true
    }

    /// The phases: loads that overlap share one, and where nothing is there is one without load.
    func spans() -> [Span] {
        var spans: [Span] = []
        var names: Set<String> = []
        func name(_ wanted: String) -> String {
            var name = wanted
            var number = 2
            while !names.insert(name).inserted {
                name = "\(wanted)-\(number)"
                number += 1
            }
            return name
        }
        var time: Nanoseconds = 0
        var rest = placed.enumerated().sorted { ($0.element.start, $0.offset) < ($1.element.start, $1.offset) }
            .map(\.element)[...]
        while let first = rest.popFirst() {
            if first.start > time {
                let title = spans.isEmpty ? "steady" : "rest"
                spans.append(Span(name: name(title), start: time, end: first.start, loads: []))
            }
            var span = Span(name: "", start: first.start, end: first.end, loads: [first])
            while let next = rest.first, next.start < span.end {
                span.loads.append(next)
                span.end = max(span.end, next.end)
                rest.removeFirst()
            }
            let titles = span.loads.reduce(into: [String]()) { all, placed in
                if !all.contains(placed.load.title) { all.append(placed.load.title) }
            }
            let joined = titles.joined(separator: "-and-")
            span.name = name(titles.count <= 3 && joined.utf8.count <= 80 ? joined : group)
            time = span.end
            spans.append(span)
        }
        if end > time, !spans.isEmpty { spans.append(Span(name: name("recover"), start: time, end: end, loads: [])) }
        return spans
    }
}
