// SPDX-License-Identifier: Apache-2.0

/// What a probe came to, second by second, in bounded memory.
public struct ProbeColumns: Sendable {
    /// One second, or several that were put together.
    public struct Span: Sendable {
        /// When it began, in s since the load began.
        public var from: Double
        /// When it ended.
        public var to: Double
        /// How many results say something of the service.
        public var count: Double
        /// How many of these were good.
        public var good: Double
        /// The median of the latencies, in s; not a number where it lies among what was given up.
        public var p50: Float
        /// The 95th percentile; see ``p50``.
        public var p95: Float
        /// The longest latency; see ``p50``.
        public var most: Float
        /// The mean of the numbers that a probe of a number read; not a number where it reads none.
        public var value: Float
    }

    /// The most spans that are kept.
    static let limit = 65_536

    /// The probe's name.
    public var name: String
    /// How often it is asked, in s.
    public var every: Double?
    /// After how long it is given up, in s.
    public var timeout: Double?
    /// What it came to.
    public private(set) var spans: [Span] = []
    /// Results by outcome, in the order in which they came first.
    public private(set) var outcomes: [(name: String, count: Double, first: Double, last: Double)] = []

    /// The most outcomes that are told apart: the log knows some fifteen.
    private static let outcomeLimit = 32

    init(name: String, every: Double? = nil, timeout: Double? = nil) {
        self.name = name
        self.every = every
        self.timeout = timeout
    }

    mutating func append(_ span: Span, outcomes counts: [(name: String, count: Double)]) {
        if spans.count >= Self.limit { halve() }
        spans.append(span)
        for (name, count) in counts where count > 0 {
            if let index = outcomes.firstIndex(where: { $0.name == name }) {
                outcomes[index].count += count
                outcomes[index].last = span.from
            } else if outcomes.count < Self.outcomeLimit {
                outcomes.append((name, count, span.from, span.from))
            }
        }
    }

    /// The percentile of two seconds is not known from theirs: the greater one is kept, which hides nothing.
    private mutating func halve() {
        var half: [Span] = []
        for index in stride(from: 0, to: spans.count, by: 2) {
            var span = spans[index]
            if index + 1 < spans.count {
                let next = spans[index + 1]
                span.to = next.to
                span.count += next.count
                span.good += next.good
                span.p50 = worse(span.p50, next.p50)
                span.p95 = worse(span.p95, next.p95)
                span.most = worse(span.most, next.most)
                span.value =
                    span.value.isNaN ? next.value : next.value.isNaN ? span.value : worse(span.value, next.value)
            }
            half.append(span)
        }
        spans = half
    }

    private func worse(_ a: Float, _ b: Float) -> Float { a.isNaN || b.isNaN ? .nan : max(a, b) }

    /// How many results say something of the service.
    public var count: Double { spans.reduce(0) { $0 + $1.count } }
    /// How many of these were good.
    public var good: Double { spans.reduce(0) { $0 + $1.good } }
}
