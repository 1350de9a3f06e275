// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

// The lines that a log is full of: read without a tree.

extension EventTaker {
    mutating func sample(_ pull: inout JSONPull) throws(JSONPull.Malformed) {
        var elapsed: Double?
        var interval = 0.0
        run.columns.beginSample()
        guard try pull.beginObject() else { return run.columns.dropSample() }
        // The causes' times are those of the sample, which may stand behind them.
        var causes: [(index: Int, cause: String, evidence: String?)] = []
        var seen = 0
        repeat {
            let name = try pull.key()
            if pull.has(name, "elapsed_s") {
                elapsed = try pull.number()
            } else if pull.has(name, "interval_s") {
                interval = max(0, try pull.number() ?? 0)
            } else if pull.has(name, "phase") {
                try phase(&pull)
            } else if pull.has(name, "stressors"), pull.peek() == UInt8(ascii: "{") {
                guard try pull.beginObject() else { continue }
                repeat {
                    let stressor = try pull.key()
                    guard pull.peek() == UInt8(ascii: "{"), let index = try stressorIndex(stressor, seen, &pull) else {
                        try pull.skip()
                        continue
                    }
                    seen = index + 1
                    if let cause = try reading(index, &pull) { causes.append(cause) }
                } while try pull.hasNext(closing: UInt8(ascii: "}"))
            } else if pull.has(name, "host"), pull.peek() == UInt8(ascii: "{") {
                try host(&pull)
            } else {
                try pull.skip()
            }
        } while try pull.hasNext(closing: UInt8(ascii: "}"))
        guard let elapsed else { throw pull.problem("a sample has no 'elapsed_s'") }
        let before = run.columns.times.last
        // A sample that looked at a time before the last one's end is in the file twice; one of processes that are all
        // gone looked at none.
        if let before, elapsed <= before, interval > 0 || knownUntil != nil {
            repeated += 1
            return run.columns.dropSample()
        }
        let time = run.columns.endSample(elapsed, length: interval)
        run.lastElapsed = max(run.lastElapsed, time)
        if let before, time - interval - before > 0.5 * interval + 0.01 { noteGap(time - interval - before) }
        for index in run.stressors.indices {
            let cause = causes.first { $0.index == index }
            guard cause != nil || shortages.indices.contains(index) && shortages[index] != nil else { continue }
            note(cause?.cause, of: index, from: max(0, time - interval), to: time, evidence: cause?.evidence)
        }
    }

    private mutating func phase(_ pull: inout JSONPull) throws(JSONPull.Malformed) {
        guard pull.peek() == UInt8(ascii: "\"") else {
            let isNone = pull.peek() == UInt8(ascii: "n")
            try pull.skip()
            if isNone { run.columns.take(phase: nil) }
            return
        }
        run.columns.take(phase: try pull.text(try pull.skipString()))
    }

    /// The place of the stressor whose name stands at `range`: mostly the next one of the plan.
    private mutating func stressorIndex(
        _ range: Range<Int>, _ guess: Int, _ pull: inout JSONPull
    ) throws(JSONPull.Malformed) -> Int? {
        let name = try pull.text(range)
        if run.stressors.indices.contains(guess), run.stressors[guess].name == name,
            !run.stressors[guess].unitName.isEmpty
        {
            return guess
        }
        if let index = run.stressors.firstIndex(where: { $0.name == name }) { return index }
        var ahead = pull
        return stressorIndex(name, try ahead.tree())
    }

    /// Reads a stressor's figures; why it is short, where it is.
    private mutating func reading(
        _ index: Int, _ pull: inout JSONPull
    ) throws(JSONPull.Malformed) -> (index: Int, cause: String, evidence: String?)? {
        var figures = Reading()
        var cause: String?
        var evidence: String?
        try pull.members { (pull, name) throws(JSONPull.Malformed) in
            if try figures.take(name, &pull) { return }
            if pull.has(name, "limited_by"), pull.peek() == UInt8(ascii: "\"") {
                cause = try pull.text(try pull.skipString())
            } else if pull.has(name, "limit"), cause != nil, isNew(cause, index) {
                let tree = try pull.tree()
                if let source = tree["source"]?.text, let figure = tree["figure"]?.text {
                    evidence = "\(source) says \(figure)"
                }
            } else if pull.has(name, "cgroup"), pull.peek() == UInt8(ascii: "{") {
                try pull.members { (pull, name) throws(JSONPull.Malformed) in
                    guard pull.has(name, "psi"), pull.peek() == UInt8(ascii: "{") else { return try pull.skip() }
                    try run.columns.stressors[index].groupPressure.take(&pull)
                }
            } else if pull.has(name, "device"), pull.peek() == UInt8(ascii: "{") {
                var (read, write): (Double?, Double?)
                try pull.members { (pull, name) throws(JSONPull.Malformed) in
                    if pull.has(name, "read_bytes_per_second") {
                        read = try pull.figure()
                    } else if pull.has(name, "write_bytes_per_second") {
                        write = try pull.figure()
                    } else {
                        try pull.skip()
                    }
                }
                run.columns.take(\.deviceRead, of: index, read)
                run.columns.take(\.deviceWrite, of: index, write)
            } else {
                try pull.skip()
            }
        }
        run.columns.take(
            \.target, of: index, figures.targetMean ?? figures.target, low: figures.targetMin, high: figures.targetMax)
        run.columns.take(
            \.achieved, of: index, figures.achievedMean ?? figures.achieved, low: figures.achievedMin,
            high: figures.achievedMax)
        run.columns.take(\.due, of: index, figures.due)
        run.columns.take(\.error, of: index, figures.difference)
        return cause.map { (index, $0, evidence) }
    }

    /// Whether a stressor was not short by this cause in the sample before.
    private func isNew(_ cause: String?, _ index: Int) -> Bool {
        !shortages.indices.contains(index) || shortages[index]?.cause != cause
    }

    /// The figures of a reading that become columns.
    private struct Reading {
        var target, targetMin, targetMean, targetMax: Double?
        var achieved, achievedMin, achievedMean, achievedMax: Double?
        var error, due: Double?

        /// The error of what is told beside it: of the means where there are both, else as the log has it.
        ///
        /// The log's own is of the interval's end for levels, where a mean may be far from its target.
        var difference: Double? {
            guard let achievedMean, let wanted = due ?? targetMean else { return error }
            return achievedMean - wanted
        }

        /// Takes a member; whether it is one of these.
        mutating func take(_ name: Range<Int>, _ pull: inout JSONPull) throws(JSONPull.Malformed) -> Bool {
            if pull.has(name, "target") {
                target = try pull.figure()
            } else if pull.has(name, "achieved") {
                achieved = try pull.figure()
            } else if pull.has(name, "error") {
                error = try pull.figure()
            } else if pull.has(name, "due") {
                due = try pull.figure()
            } else if pull.has(name, "target_min") {
                targetMin = try pull.figure()
            } else if pull.has(name, "target_mean") {
                targetMean = try pull.figure()
            } else if pull.has(name, "target_max") {
                targetMax = try pull.figure()
            } else if pull.has(name, "achieved_min") {
                achievedMin = try pull.figure()
            } else if pull.has(name, "achieved_mean") {
                achievedMean = try pull.figure()
            } else if pull.has(name, "achieved_max") {
                achievedMax = try pull.figure()
            } else {
                return false
            }
            return true
        }
    }

    private mutating func host(_ pull: inout JSONPull) throws(JSONPull.Malformed) {
        try pull.members { (pull, name) throws(JSONPull.Malformed) in
            if pull.has(name, "cpu_busy_ratio") {
                run.columns.take(host: \.busy, try pull.figure())
            } else if pull.has(name, "cpu_steal_ratio") {
                run.columns.take(host: \.steal, try pull.figure())
            } else if pull.has(name, "memory_available_bytes") {
                run.columns.take(host: \.memory, try pull.figure())
            } else if pull.has(name, "psi"), pull.peek() == UInt8(ascii: "{") {
                try run.columns.host.pressure.take(&pull)
            } else {
                try pull.skip()
            }
        }
    }

    // MARK: Probes

    mutating func probeSecond(_ pull: inout JSONPull) throws(JSONPull.Malformed) {
        var name = ""
        var elapsed = 0.0
        var span = ProbeColumns.Span(
            from: .nan, to: 0, count: 0, good: 0, p50: .nan, p95: .nan, most: .nan, value: .nan)
        var outcomes: [(name: String, count: Double)] = []
        try pull.members { (pull, key) throws(JSONPull.Malformed) in
            if pull.has(key, "probe"), pull.peek() == UInt8(ascii: "\"") {
                name = try pull.text(try pull.skipString())
            } else if pull.has(key, "from_s") {
                span.from = try pull.figure() ?? .nan
            } else if pull.has(key, "elapsed_s") {
                elapsed = try pull.figure() ?? 0
            } else if pull.has(key, "value_mean") {
                span.value = Float(try pull.figure() ?? .nan)
            } else if pull.has(key, "outcomes"), pull.peek() == UInt8(ascii: "{") {
                try pull.members { (pull, outcome) throws(JSONPull.Malformed) in
                    guard let count = try pull.figure(), count > 0 else { return }
                    outcomes.append((try pull.text(outcome), count))
                }
            } else if pull.has(key, "latency"), pull.peek() == UInt8(ascii: "{") {
                try pull.members { (pull, share) throws(JSONPull.Malformed) in
                    if pull.has(share, "p50_s") {
                        span.p50 = Float(try pull.figure() ?? .nan)
                    } else if pull.has(share, "p95_s") {
                        span.p95 = Float(try pull.figure() ?? .nan)
                    } else if pull.has(share, "max_s") {
                        span.most = Float(try pull.figure() ?? .nan)
                    } else {
                        try pull.skip()
                    }
                }
            } else {
                try pull.skip()
            }
        }
        try pull.end()
        guard !name.isEmpty else { return }
        if span.from.isNaN { span.from = max(0, elapsed - 1) }
        if let last = run.probes.first(where: { $0.name == name })?.spans.last, span.from < last.to - 0.5 {
            return repeated += 1
        }
        span.to = span.from + 1
        for (outcome, count) in outcomes where Self.isOfService(outcome) { span.count += count }
        span.good = outcomes.first { $0.name == "good" }?.count ?? 0
        run.lastElapsed = max(run.lastElapsed, span.from)
        if let index = run.probes.firstIndex(where: { $0.name == name }) {
            run.probes[index].append(span, outcomes: outcomes)
        } else if run.probes.count < Self.nameLimit {
            var probe = ProbeColumns(name: name)
            probe.append(span, outcomes: outcomes)
            run.probes.append(probe)
        }
    }
}

extension JSONPull {
    /// Takes a number, and passes over any other value.
    mutating func figure() throws(Malformed) -> Double? {
        guard let byte = peek(), (0x30...0x39).contains(byte) || byte == 0x2D || byte == 0x6E else {
            try skip()
            return nil
        }
        return try number()
    }
}

extension PressureColumns {
    mutating func take(_ pull: inout JSONPull) throws(JSONPull.Malformed) {
        try pull.members { (pull, name) throws(JSONPull.Malformed) in
            guard let index = Self.members.firstIndex(where: { pull.has(name, $0) }) else { return try pull.skip() }
            waiting[index] = try pull.figure()
        }
    }
}

extension EventTaker {
    /// Whether an outcome says something of the service; one that is not known here does.
    private static func isOfService(_ outcome: String) -> Bool { ProbeOutcome(rawValue: outcome)?.isOfService ?? true }
}
