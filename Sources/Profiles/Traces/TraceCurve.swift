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
    private var bin: (index: Int64, kind: AmountKind, sum: Double, count: Int, least: Double, most: Double)?
    /// How many rows are on the curve.
    private(set) var rows = 0
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

    private var isStepped: Bool { request.isStepped ?? (request.fold != nil) }

    /// Where the curve begins: `from`, the first row, or 0.
    private static func origin(_ first: TraceInstant, _ form: TraceTime, _ from: TraceInstant?) -> TraceInstant {
        from ?? (form.isNumberOfPhase(first) ? TraceInstant(whole: 0) : first)
    }

    /// Takes the time of the next row.
    ///
    /// - Parameter window: where the curve begins and ends; `nil` for the rows' own.
    /// - Returns: when the row is on the curve; `nil` where it is not.
    mutating func place(
        _ time: TraceInstant, window: (from: TraceInstant?, until: TraceInstant?)
    ) throws(NotationError) -> Nanoseconds? {
        var time = time
        if form.isTimeOfDay {
            if let last, time < TraceInstant(whole: last.whole - days * 86_400, fraction: last.fraction) { days += 1 }
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
        if let from = window.from, time < from { return nil }
        // The step that would begin where the curve ends is not a part of it.
        if let until = window.until, until < time || isStepped && until == time { return nil }
        let begin = origin ?? (request.from == TraceRequest.firstRow ? time : Self.origin(time, form, window.from))
        origin = begin
        guard let at = time.nanoseconds(since: begin, unit: form.unit) else {
            throw NotationError(0, "the time is too long; the limit is 36 years")
        }
        rows += 1
        if rows > 1, at != lastAt { lastInterval = abs(at - lastAt) }
        lastAt = at
        return at
    }

    /// Times rise from row to row, or fall from row to row.
    private mutating func checkOrder(_ time: TraceInstant) throws(NotationError) {
        guard let last else { return }
        guard time != last else {
            sameTimes += 1
            if request.fold == nil { pairs += 1 }
            if sameTimes > 2, request.fold == nil {
                throw NotationError(
                    0,
                    "three rows have the same time; take one of the machines or series with 'where COLUMN = VALUE',"
                        + " or put them together with 'mean every 10s' or 'sum every 10s'")
            }
            return
        }
        sameTimes = 1
        let isFalling = time < last
        if let known = self.isFalling, known != isFalling || isFalling && request.fold != nil {
            throw NotationError(
                0,
                "the time is \(known ? "after" : "before") the row above; sort the rows by time, or take one of the "
                    + "machines or series with 'where COLUMN = VALUE'")
        }
        self.isFalling = isFalling
    }

    /// Takes what the row says whose time was taken last; `nil` counts it.
    mutating func add(_ at: Nanoseconds, _ reading: TraceAmount.Reading?) throws(NotationError) {
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

    private mutating func fold(_ at: Nanoseconds, _ figure: TraceAmount.Figure) throws(NotationError) {
        let index = at / request.foldInterval
        if bin?.index != index { try closeBin(before: index) }
        guard let open = bin else {
            bin = (index, figure.kind, figure.number, 1, figure.number, figure.number)
            return
        }
        guard open.kind == figure.kind else {
            throw NotationError(0, "the row is in another unit than the ones before it, so they cannot be put together")
        }
        bin = (
            index, open.kind, open.sum + figure.number, open.count + 1, min(open.least, figure.number),
            max(open.most, figure.number)
        )
    }

    /// Ends the stretch that is open; those without rows up to `next` follow it.
    private mutating func closeBin(before next: Int64?) throws(NotationError) {
        guard let open = bin else { return }
        bin = nil
        let every = request.foldInterval
        let figure: TraceAmount.Figure
        switch request.fold {
        case .mean: figure = .init(kind: open.kind, number: open.sum / Double(open.count))
        case .max: figure = .init(kind: open.kind, number: open.most)
        case .min: figure = .init(kind: open.kind, number: open.least)
        case .count: figure = try amounts.figure(open.sum, text: Array("\(Int(open.sum))".utf8)[...])
        case .sum, nil: figure = .init(kind: open.kind, number: open.sum)
        }
        // A line goes through the middle of a stretch.
        let shift = isStepped ? 0 : every / 2
        try append(open.index * every + shift, try amounts.amount(figure))
        guard request.fold == .sum || request.fold == .count, let next, next > open.index + 1 else { return }
        let zero = try amounts.amount(.init(kind: figure.kind, number: 0))
        try append((open.index + 1) * every + shift, zero)
        if !isStepped, next > open.index + 2 { try append((next - 1) * every + shift, zero) }
    }

    // MARK: The end

    /// The curve of all rows; `nil` where there were none.
    mutating func finish(title: String) throws(NotationError) -> Trace? {
        let isFolded = request.fold != nil
        if isFolded { try closeBin(before: nil) }
        guard rows > 0, !points.isEmpty else { return nil }
        if isFalling == true {
            points.reverse()
            let isPlaced = form.isNumberOfPhase(first) || ![nil, TraceRequest.firstRow].contains(request.from)
            let shift = isPlaced ? 0 : points[0].at
            if shift != 0 { for index in points.indices { points[index].at -= shift } }
            lastAt = points[points.count - 1].at
        }
        var end = lastAt
        if isFolded {
            lastInterval = request.foldInterval
            end = (lastAt / lastInterval + 1) * lastInterval
        } else if isStepped {
            end += lastInterval
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
        return abs(Double(first.whole) * unit) <= Double(UnitNotation.durationLimit)
    }
}
