// SPDX-License-Identifier: Apache-2.0

/// One figure over the samples of a run: its mean in each, and the least and most where they differ.
///
/// Single precision: a curve is looked at. Figures that are told come from the results, which are exact.
public struct Series: Sendable {
    /// The mean of each sample; not a number where there is none.
    public private(set) var means: [Float] = []
    /// The least and the most of each sample; empty as long as they are the mean.
    private var lows: [Float] = []
    private var highs: [Float] = []

    /// Creates a figure that has not been there in `count` samples.
    init(missing count: Int = 0) { means = [Float](repeating: .nan, count: count) }

    /// How many samples there are.
    public var count: Int { means.count }
    /// Whether it was never there.
    public var isEmpty: Bool { means.allSatisfy(\.isNaN) }
    /// Whether the least or the most ever differed from the mean.
    public var hasSpread: Bool { !lows.isEmpty }
    /// The least of a sample.
    public func low(_ index: Int) -> Float { lows.isEmpty ? means[index] : lows[index] }
    /// The most of a sample.
    public func high(_ index: Int) -> Float { highs.isEmpty ? means[index] : highs[index] }

    mutating func append(_ mean: Double?, low: Double? = nil, high: Double? = nil) {
        let value = Self.single(mean)
        let least = min(value, Self.single(low ?? mean)), most = max(value, Self.single(high ?? mean))
        if lows.isEmpty, least < value || most > value {
            lows = means
            highs = means
        }
        if !lows.isEmpty {
            lows.append(least)
            highs.append(most)
        }
        means.append(value)
    }

    /// Forgets what stands behind `count` samples.
    mutating func cut(to count: Int) {
        guard means.count > count else { return }
        means.removeSubrange(count...)
        if !lows.isEmpty {
            lows.removeSubrange(count...)
            highs.removeSubrange(count...)
        }
    }

    /// What no `Float` holds is no figure of a host.
    private static func single(_ value: Double?) -> Float {
        guard let value, value.magnitude < 1e38 else { return .nan }
        return Float(value)
    }

    /// Makes one of each two samples, so that none of their extremes is lost; `weights` are the samples' lengths.
    mutating func halve(_ weights: [Float]) {
        var half = Series()
        half.means.reserveCapacity((count + 1) / 2)
        for index in stride(from: 0, to: count, by: 2) {
            guard index + 1 < count else {
                half.append(Double(means[index]), low: Double(low(index)), high: Double(high(index)))
                continue
            }
            let (a, b) = (means[index], means[index + 1])
            let (left, right) = (max(weights[index], .leastNormalMagnitude), max(weights[index + 1], 0))
            let mean = a.isNaN ? b : b.isNaN ? a : (a * left + b * right) / (left + right)
            half.append(
                Double(mean), low: Double(Self.least(low(index), low(index + 1))),
                high: Double(Self.most(high(index), high(index + 1))))
        }
        self = half
    }

    private static func least(_ a: Float, _ b: Float) -> Float { a.isNaN ? b : b.isNaN ? a : min(a, b) }
    private static func most(_ a: Float, _ b: Float) -> Float { a.isNaN ? b : b.isNaN ? a : max(a, b) }

    /// The least and the most of all samples in `range`; `nil` where it was not there.
    public func extremes(_ range: Range<Int>) -> ClosedRange<Float>? {
        var least = Float.infinity, most = -Float.infinity
        for index in range where !means[index].isNaN {
            least = min(least, low(index))
            most = max(most, high(index))
        }
        return least <= most ? least...most : nil
    }

    /// The mean of the samples in `range`; `nil` where it was not there.
    public func mean(_ range: Range<Int>) -> Float? {
        var sum = 0.0, count = 0.0
        for index in range where !means[index].isNaN {
            sum += Double(means[index])
            count += 1
        }
        return count > 0 ? Float(sum / count) : nil
    }
}

/// The samples of a run as columns, in bounded memory.
///
/// Where there are more samples than ``limit``, each two become one: their mean, and the least and most of both.
public struct Columns: Sendable {
    /// The most samples that are kept.
    public static let limit = 131_072
    /// The most phases that are told apart.
    private static let phaseLimit = 10_000

    /// When each sample ended, in s since the load began.
    public private(set) var times: [Double] = []
    /// How long each was, in s.
    public private(set) var lengths: [Float] = []
    /// How many samples of the log one of these stands for; a power of two.
    public private(set) var merged = 1
    /// The phase that each was in, as a place in ``phaseNames``; ``noPhase`` and ``unsaidPhase`` are none of them.
    public private(set) var phases: [UInt16] = []
    /// The names of these phases, each once.
    public private(set) var phaseNames: [String] = []
    /// Figures of each stressor, in the order of ``RunEvidence/stressors``.
    public internal(set) var stressors: [StressorColumns] = []
    /// Figures of the host.
    public internal(set) var host = HostColumns()

    /// How many samples there are.
    public var count: Int { times.count }

    /// Stands for no phase: the log says that there was none.
    public static let noPhase = UInt16.max
    /// Stands for a phase that the log does not tell.
    public static let unsaidPhase = UInt16.max - 1
    /// The phase of the sample that was begun.
    private var phase = Self.unsaidPhase

    /// Whether a sample was begun and has not ended.
    private(set) var isOpen = false

    mutating func beginSample() {
        if count >= Self.limit { halve() }
        isOpen = true
        phase = Self.unsaidPhase
    }

    /// Takes the phase of the sample that was begun; `nil` where there was none.
    mutating func take(phase name: String?) {
        guard let name else { return phase = Self.noPhase }
        // Mostly that of the sample before.
        if let last = phases.last, phaseNames.indices.contains(Int(last)), phaseNames[Int(last)] == name {
            phase = last
        } else if let index = phaseNames.firstIndex(of: name) {
            phase = UInt16(index)
        } else if phaseNames.count < Self.phaseLimit {
            phaseNames.append(name)
            phase = UInt16(phaseNames.count - 1)
        }
    }

    /// Adds a figure of the sample that was begun; a second one of the same is passed over.
    mutating func take(
        _ path: WritableKeyPath<StressorColumns, Series>, of index: Int, _ mean: Double?, low: Double? = nil,
        high: Double? = nil
    ) {
        guard stressors[index][keyPath: path].count <= count else { return }
        stressors[index][keyPath: path].append(mean, low: low, high: high)
    }

    /// Adds a figure of the host to the sample that was begun.
    mutating func take(host path: WritableKeyPath<HostColumns, Series>, _ value: Double?) {
        guard host[keyPath: path].count <= count else { return }
        host[keyPath: path].append(value)
    }

    mutating func addStressor() {
        var columns = StressorColumns()
        columns.fill(to: count)
        stressors.append(columns)
    }

    /// Ends the sample; the time that it has, which is never before the last one's.
    ///
    /// What the line did not say was not there.
    mutating func endSample(_ time: Double, length: Double) -> Double {
        let time = max(time, times.last ?? 0)
        times.append(time)
        lengths.append(Float(length))
        phases.append(phase)
        isOpen = false
        for index in stressors.indices { stressors[index].fill(to: count) }
        host.fill(to: count)
        return time
    }

    /// Forgets the sample that was begun and has not ended.
    mutating func dropSample() {
        isOpen = false
        for index in stressors.indices { stressors[index].cut(to: count) }
        host.cut(to: count)
    }

    private mutating func halve() {
        for index in stressors.indices { stressors[index].halve(lengths) }
        host.halve(lengths)
        var half: (times: [Double], lengths: [Float], phases: [UInt16]) = ([], [], [])
        for index in stride(from: 0, to: count, by: 2) {
            let last = min(index + 1, count - 1)
            half.times.append(times[last])
            half.lengths.append(last > index ? lengths[index] + lengths[last] : lengths[index])
            half.phases.append(phases[last])
        }
        (times, lengths, phases) = half
        merged *= 2
    }
}

/// The figures of one stressor.
public struct StressorColumns: Sendable {
    /// Its target, in its unit; missing where that is as much as there is.
    public var target = Series()
    /// What the kernel says of it.
    public var achieved = Series()
    /// What was due, where operations come at times that are drawn.
    public var due = Series()
    /// Achieved less target, or less due: of the same means where the log has them.
    public var error = Series()
    /// Shares of the time in which tasks of its control group waited, 0 through 1.
    public var groupPressure = PressureColumns()
    /// Bytes that the device under it read, and wrote, a second.
    public var deviceRead = Series()
    /// See ``deviceRead``.
    public var deviceWrite = Series()

    mutating func fill(to count: Int) {
        fillSeries(&target, count)
        fillSeries(&achieved, count)
        fillSeries(&due, count)
        fillSeries(&error, count)
        fillSeries(&deviceRead, count)
        fillSeries(&deviceWrite, count)
        groupPressure.fill(to: count)
    }

    mutating func cut(to count: Int) {
        target.cut(to: count)
        achieved.cut(to: count)
        due.cut(to: count)
        error.cut(to: count)
        deviceRead.cut(to: count)
        deviceWrite.cut(to: count)
        groupPressure.waiting = [:]
    }

    mutating func halve(_ weights: [Float]) {
        target.halve(weights)
        achieved.halve(weights)
        due.halve(weights)
        error.halve(weights)
        deviceRead.halve(weights)
        deviceWrite.halve(weights)
        groupPressure.halve(weights)
    }
}

/// The figures of the host.
public struct HostColumns: Sendable {
    /// Busy time of all processors, 0 through 1.
    public var busy = Series()
    /// Time that a hypervisor took, 0 through 1.
    public var steal = Series()
    /// `MemAvailable`, in bytes.
    public var memory = Series()
    /// Shares of the time in which tasks waited.
    public var pressure = PressureColumns()

    mutating func fill(to count: Int) {
        fillSeries(&busy, count)
        fillSeries(&steal, count)
        fillSeries(&memory, count)
        pressure.fill(to: count)
    }

    mutating func cut(to count: Int) {
        busy.cut(to: count)
        steal.cut(to: count)
        memory.cut(to: count)
        pressure.waiting = [:]
    }

    mutating func halve(_ weights: [Float]) {
        busy.halve(weights)
        steal.halve(weights)
        memory.halve(weights)
        pressure.halve(weights)
    }
}

/// Shares of the time in which tasks waited, by what for; in the order of ``names``.
public struct PressureColumns: Sendable {
    /// As the log calls them, without `_ratio`.
    public static let names: [StaticString] = ["cpu_some", "memory_some", "memory_full", "io_some", "io_full"]
    static let members: [StaticString] = [
        "cpu_some_ratio", "memory_some_ratio", "memory_full_ratio", "io_some_ratio", "io_full_ratio",
    ]

    /// Each of them.
    public var series = [Series](repeating: Series(), count: Self.members.count)

    /// Whether the kernel told none of them.
    public var isEmpty: Bool { series.allSatisfy(\.isEmpty) }

    /// What the sample that was begun says, by index.
    var waiting: [Int: Double] = [:]

    mutating func fill(to count: Int) {
        for index in series.indices where series[index].count < count {
            fillSeries(&series[index], count - 1)
            series[index].append(waiting[index])
        }
        if !waiting.isEmpty { waiting = [:] }
    }

    mutating func halve(_ weights: [Float]) { for index in series.indices { series[index].halve(weights) } }
}

/// A figure that comes late was missing before; one that a line has twice counts once.
private func fillSeries(_ series: inout Series, _ count: Int) {
    while series.count < count { series.append(nil) }
}
