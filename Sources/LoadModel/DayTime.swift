// SPDX-License-Identifier: Apache-2.0

/// A time of day in a zone, at which a period of a shape begins.
public struct DayTime: Hashable, Sendable {
    /// Since midnight, as the zone's clocks show it.
    public var sinceMidnight: Nanoseconds
    /// The zone as written: `UTC`, `+02:00`, `local`, or a name of the time zone database such as `Europe/Berlin`.
    public var zone: String
    /// When it was last that time before the run, in nanoseconds since the Unix epoch; `nil` before the run is planned.
    public var instant: Nanoseconds?

    /// Creates one that is not planned yet.
    public init(sinceMidnight: Nanoseconds, zone: String) {
        self.sinceMidnight = sinceMidnight
        self.zone = zone
    }
}

extension LoadShape {
    /// Whether it goes by the time of day.
    public var isOnClock: Bool {
        switch self {
        case .onClock: true
        case .sum(let shapes): shapes.contains(where: \.isOnClock)
        case .placed(let shape, _, _): shape.isOnClock
        default: false
        }
    }

    /// The periodic shape that goes by the time of day; else the shape itself.
    var periodic: LoadShape { if case .onClock(let shape, _) = self { shape } else { self } }

    /// The same shape with other times of day.
    public func mapTimes<E: Error>(_ transform: (DayTime) throws(E) -> DayTime) throws(E) -> LoadShape {
        switch self {
        case .onClock(let shape, let time): return .onClock(shape, try transform(time))
        case .placed(let shape, let start, let length):
            return .placed(try shape.mapTimes(transform), start: start, length: length)
        case .sum(let shapes):
            var mapped: [LoadShape] = []
            for shape in shapes { mapped.append(try shape.mapTimes(transform)) }
            return .sum(mapped)
        default: return self
        }
    }

    /// The shape as it is where it begins at `time`, in nanoseconds since the Unix epoch: what goes by the time of day
    /// begins as far in its period as it is then.
    public func begun(at time: Nanoseconds) -> LoadShape {
        switch self {
        case .onClock(let shape, let day):
            guard let instant = day.instant else { return self }
            return .onClock(shape.offset(by: time - instant), day)
        case .placed(let shape, let start, let length):
            return .placed(shape.begun(at: time + start), start: start, length: length)
        case .sum(let shapes): return .sum(shapes.map { $0.begun(at: time) })
        default: return self
        }
    }

    /// A periodic shape that begins so far in its period, or in a later one.
    private func offset(by time: Nanoseconds) -> LoadShape {
        func within(_ every: Nanoseconds) -> Nanoseconds { (time % every + every) % every }
        switch self {
        case .sine(let from, let to, let every, _):
            return .sine(from: from, to: to, every: every, offset: within(every))
        case .pulse(let amount, let width, let every, _):
            return .pulse(amount, width: width, every: every, offset: within(every))
        case .sawtooth(let from, let to, let every, _):
            return .sawtooth(from: from, to: to, every: every, offset: within(every))
        default: return self
        }
    }
}
