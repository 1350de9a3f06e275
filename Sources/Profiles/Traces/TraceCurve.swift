// SPDX-License-Identifier: Apache-2.0

import LoadModel

/// Puts the rows of a trace together to the points of a curve; keeps no more of them than the phase can follow.
struct TraceCurve {
    let request: TraceRequest
    let amounts: TraceAmount
    let form: TraceTime
    /// How long the phase is, where the rows beyond it need not be kept.
    let keptLength: Nanoseconds?
    let rowLimit: Int

    private var points: [Trace.Point] = []
    /// The row that was read last, where it lies before or behind the part that is taken.
    private var outside: Trace.Point?
    /// Where that part begins and ends on the curve.
    private var bounds: (from: Nanoseconds?, until: Nanoseconds?) = (nil, nil)
    /// Where the curve ends, where rows follow that are not taken.
    private var cut: Nanoseconds?
    private var first: TraceInstant?
    private var origin: TraceInstant?
    private var last: TraceInstant?
    private var days: Int64 = 0
    /// Whether the times fall; known with the second one that differs.
    private var isFalling: Bool?
    private var sameTimes = 1
    private var lastAt: Nanoseconds = 0
    private var lastInterval: Nanoseconds = 0
    private var isHolding = false
    /// What the rows of a stretch of time come to.
    private struct Bin {
        var kind: AmountKind
        var sum: Double
        var count: Int
        var least: Double
        var most: Double
    }
    private var bins: [Int64: Bin] = [:]
    /// How many rows are on the curve.
    private(set) var rows = 0
    /// How many times the rows on the curve have.
    private var times = 0
    /// How many rows have the time of the row above.
    private(set) var pairs = 0

    init(
        request: TraceRequest, amounts: TraceAmount, form: TraceTime, keptLength: Nanoseconds?, rowLimit: Int
    ) {
        self.request = request
        self.amounts = amounts
        self.form = form
        // Whether a row lies beyond the phase is known where nothing is done to the times afterwards.
        self.keptLength = request.stretch == nil && request.repeats == 1 ? keptLength : nil
        self.rowLimit = rowLimit
    }

    /// Whether the curve begins where it is said, and not with its first row.
    private var isPlaced: Bool { form.isNumberOfPhase(first) || ![nil, TraceRequest.firstRow].contains(request.from) }

    private var isStepped: Bool { request.isStepped ?? (request.fold != nil) }

    /// Where the curve begins: `from`, the first row, or 0.
    private static func origin(_ first: TraceInstant, _ form: TraceTime, _ from: TraceInstant?) -> TraceInstant {
        from ?? (form.isNumberOfPhase(first) ? TraceInstant(whole: 0) : first)
    }

    /// Takes the time of the next row.
    ///
    /// - Parameter window: where the curve begins and ends; `nil` for the rows' own.
    /// - Returns: when the row is, and whether it is on the curve; `nil` where it is far from it.
    mutating func place(
        _ time: TraceInstant, window: (from: TraceInstant?, until: TraceInstant?)
    ) throws(NotationError) -> (at: Nanoseconds, isOn: Bool)? {
        var time = time
        if form.isTimeOfDay {
            // A step of half a day and more goes past midnight; a smaller one back is newest first.
            let step = last.map { time.whole - ($0.whole - days * 86_400) } ?? 0
            if isFalling != true, step < -43_200 { days += 1 } else if isFalling == true, step > 43_200 { days -= 1 }
            time.whole += days * 86_400
        }
        try checkOrder(time)
        last = time
        if first == nil {
            if form.isNumberOfPhase(time), time.whole < 0 || time.fraction < 0 {
                throw NotationError(0, "the time is negative; write a number from 0 on")
            }
            first = time
        }
        // The step that would begin where the curve ends is not a part of it.
        let isOn =
            window.from.map { !(time < $0) } != false
            && window.until.map { !($0 < time || isStepped && $0 == time) } != false
        let begin = origin ?? (request.from == TraceRequest.firstRow ? time : Self.origin(time, form, window.from))
        if origin == nil {
            origin = begin
            bounds.from = window.from == nil ? nil : 0
            bounds.until = window.until.flatMap { $0.nanoseconds(since: begin, unit: form.unit) }
        }
        guard let at = time.nanoseconds(since: begin, unit: form.unit) else {
            if !isOn { return nil }
            throw NotationError(0, "the time is too long; the limit is 36 years")
        }
        guard isOn else { return (at, false) }
        rows += 1
        if rows == 1 || at != lastAt { times += 1 }
        if rows > 1, at != lastAt { lastInterval = abs(at - lastAt) }
        lastAt = at
        return (at, true)
    }

    /// Times rise from row to row, or fall from row to row.
    private mutating func checkOrder(_ time: TraceInstant) throws(NotationError) {
        guard let last, request.fold == nil else { return }
        guard time != last else {
            sameTimes += 1
            pairs += 1
            if sameTimes > 2 {
                throw NotationError(
                    0,
                    "three rows have the same time; take one of the machines or series with 'where COLUMN = VALUE',"
                        + " or put them together with 'mean every 10s' or 'sum every 10s'")
            }
            return
        }
        sameTimes = 1
        let isFalling = time < last
        if let known = self.isFalling, known != isFalling {
            throw NotationError(
                0,
                "the time is \(known ? "after" : "before") the row above; sort the rows by time, or take one of the "
                    + "machines or series with 'where COLUMN = VALUE'")
        }
        self.isFalling = isFalling
    }

    /// Takes what the row says whose time was taken last; `nil` counts it.
    mutating func add(
        _ place: (at: Nanoseconds, isOn: Bool), _ reading: TraceAmount.Reading?
    ) throws(NotationError) {
        let at = place.at
        if request.fold == nil { try cross(place, reading) }
        guard place.isOn else { return }
        guard let reading else {
            try fold(at, .init(kind: .count, number: 1))
            return
        }
        switch reading {
        case .word(let amount):
            guard request.fold == nil else {
                throw NotationError(0, "'max' and 'leave' have no figure, so there is no mean and no sum of them")
            }
            try append(at, amount)
        case .figure(let figure):
            if request.fold != nil { try fold(at, figure) } else { try append(at, try amounts.amount(figure)) }
        case .gap:
            switch request.gaps {
            case nil:
                throw NotationError(
                    0, "there is no amount; say what a gap means: 'gaps skipped', 'gaps held' or 'gaps zero'")
            case .skipped: break
            case .held: isHolding = request.fold == nil
            case .zero:
                if request.fold != nil {
                    try fold(at, amounts.zero)
                } else {
                    try append(at, try amounts.amount(amounts.zero))
                }
            }
        }
    }

    // MARK: The ends of a part

    /// Adds what the curve has where the part that is taken begins or ends, if that lies between the last row and this.
    private mutating func cross(
        _ place: (at: Nanoseconds, isOn: Bool), _ reading: TraceAmount.Reading?
    ) throws(NotationError) {
        guard bounds.from != nil || bounds.until != nil else { return }
        let amount: Amount
        switch reading {
        case .figure(let figure): amount = try amounts.amount(figure)
        case .word(let word): amount = word
        case .gap, nil: return
        }
        let row = Trace.Point(at: place.at, amount: amount)
        defer { outside = place.isOn ? nil : row }
        guard let before = outside ?? points.last, outside != nil || !place.isOn else { return }
        let (first, second) = before.at < row.at ? (before, row) : (row, before)
        var ends = [bounds.from, bounds.until].compactMap { $0 }.filter { first.at < $0 && $0 <= second.at }
        if before.at > row.at { ends.reverse() }
        for end in ends {
            let isEnd = end == bounds.until
            if isEnd { cut = end }
            // A step lasts until its part ends; what ends or begins with a row needs no other point.
            guard !(isStepped && isEnd), end < second.at else { continue }
            try append(end, isStepped ? first.amount : Self.between(first, second, at: end))
            if isEnd { lastAt = end }
        }
    }

    /// What a line between two rows comes to; of amounts that are not alike, the first one.
    private static func between(_ a: Trace.Point, _ b: Trace.Point, at time: Nanoseconds) -> Amount {
        guard a.amount.kind == b.amount.kind, let from = a.amount.figure, let to = b.amount.figure,
            let make = a.amount.kind.description.amount
        else { return a.amount }
        return make(from + (to - from) * (Double(time - a.at) / Double(b.at - a.at)))
    }

    private mutating func append(_ at: Nanoseconds, _ amount: Amount) throws(NotationError) {
        if isHolding, let last = points.last {
            isHolding = false
            try append(at, last.amount)
        }
        isHolding = false
        // The last row of a line that leaves the phase is the first one beyond it.
        if let keptLength, isFalling != true, let last = points.last, last.at >= keptLength { return }
        guard points.count < rowLimit else {
            throw NotationError(
                0,
                "the trace has more than \(rowLimit) rows here; take less of it with 'where', 'from' and 'to', or put "
                    + "rows together such as with 'mean every 1m'")
        }
        points.append(.init(at: at, amount: amount))
    }

    // MARK: Folding

    /// Adds a row to its stretch; rows need no order, as load tools write what ended first.
    private mutating func fold(_ at: Nanoseconds, _ figure: TraceAmount.Figure) throws(NotationError) {
        let every = request.foldInterval
        // One that began a little before the first row stands beside it.
        let isBeside = at < 0 && at > -every && !isPlaced
        let index = at >= 0 || isBeside ? at / every : (at + 1) / every - 1
        // What lies beyond the phase is not followed.
        if let keptLength, index > keptLength / every + 1 { return }
        guard let bin = bins[index] else {
            guard bins.count < rowLimit else {
                throw NotationError(
                    0,
                    "the trace has more than \(rowLimit) stretches here; take less of it with 'where', 'from' and "
                        + "'to', or longer ones")
            }
            bins[index] = Bin(
                kind: figure.kind, sum: figure.number, count: 1, least: figure.number, most: figure.number)
            return
        }
        guard bin.kind == figure.kind else {
            throw NotationError(0, "the row is in another unit than the ones before it, so they cannot be put together")
        }
        bins[index] = Bin(
            kind: bin.kind, sum: bin.sum + figure.number, count: bin.count + 1, least: min(bin.least, figure.number),
            most: max(bin.most, figure.number))
    }

    /// The points of all stretches, in order; when the last one ends.
    private mutating func closeBins() throws(NotationError) -> Nanoseconds {
        let order = bins.keys.sorted()
        // Where times count from the first row, one that is earlier by a little begins the curve.
        let origin = isPlaced ? 0 : order.first ?? 0
        for (place, index) in order.enumerated() {
            guard let bin = bins[index] else { continue }
            let next = place + 1 < order.count ? order[place + 1] - origin : nil
            try close(bin, at: index - origin, before: next)
        }
        return ((order.last ?? 0) - origin + 1) * request.foldInterval
    }

    /// Ends a stretch; those without rows up to `next` follow it.
    private mutating func close(_ bin: Bin, at index: Int64, before next: Int64?) throws(NotationError) {
        let every = request.foldInterval
        let figure: TraceAmount.Figure
        switch request.fold {
        case .mean: figure = .init(kind: bin.kind, number: bin.sum / Double(bin.count))
        case .max: figure = .init(kind: bin.kind, number: bin.most)
        case .min: figure = .init(kind: bin.kind, number: bin.least)
        case .count: figure = try amounts.figure(bin.sum, text: Array("\(Int(bin.sum))".utf8)[...])
        case .sum, nil: figure = .init(kind: bin.kind, number: bin.sum)
        }
        // A line goes through the middle of a stretch.
        let shift = isStepped ? 0 : every / 2
        try append(index * every + shift, try amounts.amount(figure))
        guard request.fold == .sum || request.fold == .count, let next, next > index + 1 else { return }
        let zero = try amounts.amount(.init(kind: figure.kind, number: 0))
        try append((index + 1) * every + shift, zero)
        if !isStepped, next > index + 2 { try append((next - 1) * every + shift, zero) }
    }

    // MARK: The end

    /// The curve of all rows; `nil` where there were none.
    mutating func finish(title: String) throws(NotationError) -> Trace? {
        let isFolded = request.fold != nil
        let foldedEnd = isFolded ? try closeBins() : 0
        guard !points.isEmpty else { return nil }
        guard isFolded || times < 2 || rows != 2 * times else {
            throw NotationError(
                0,
                "each time has two rows, which are of two machines or series; take one of them with 'where COLUMN = "
                    + "VALUE', or put them together with 'mean every 10s' or 'sum every 10s'")
        }
        if isFalling == true {
            points.reverse()
            let shift = isPlaced ? 0 : points[0].at
            if shift != 0 { for index in points.indices { points[index].at -= shift } }
            cut = cut.map { $0 - shift }
            lastAt = points[points.count - 1].at
        }
        var end = lastAt
        if isFolded {
            (lastInterval, end) = (request.foldInterval, foldedEnd)
        } else if isStepped {
            end = cut ?? min(end + lastInterval, max(end, bounds.until ?? .max))
        }
        guard let first = points.first, first.at >= 0, end >= 0 else {
            throw NotationError(0, "the time is negative; write a number from 0 on")
        }
        let scale: Double
        switch request.stretch {
        case nil: scale = 1
        case .by(let factor): scale = factor
        case .to(let length):
            guard end > 0 else { throw NotationError(0, "one row has no length that could be stretched") }
            scale = Double(length) / Double(end)
        }
        guard Double(end) * scale < 0x1p61 else { throw NotationError(0, "the trace is too long") }
        if scale != 1 {
            for index in points.indices { points[index].at = Nanoseconds((Double(points[index].at) * scale).rounded()) }
            end = Nanoseconds((Double(end) * scale).rounded())
            lastInterval = Nanoseconds((Double(lastInterval) * scale).rounded())
        }
        if request.repeats > 1, end < ShapeNotation.leastInterval {
            throw NotationError(
                0,
                "the trace is shorter than \(UnitNotation.text(of: ShapeNotation.leastInterval)), too short to be "
                    + "repeated")
        }
        var trace = Trace(file: request.file, points: points)
        trace.isStepped = isStepped
        trace.length = end
        trace.interval = lastInterval
        trace.repeats = request.repeats
        trace.title = title
        return trace
    }
}

extension TraceTime {
    /// Whether its times count from the phase's begin, as `first` does.
    func isNumberOfPhase(_ first: TraceInstant?) -> Bool {
        guard case .number(let unit) = self, let first else { return false }
        return abs(Double(first.whole) * unit) <= Double(Self.longestNumber)
    }
}
