// SPDX-License-Identifier: Apache-2.0

/// What is known of a unit: whatever reads, prints, logs or describes figures takes it from here.
///
/// A unit without its row does not compile: ``Unit/description`` is the only place that tells units apart.
public struct UnitDescription: Sendable {
    /// The unit in words, in the plural: `bytes per second`.
    public let words: String
    /// The kind of amount that a profile writes in it.
    public let amountKind: AmountKind
    /// How people are shown it, smallest first; the first one shows what is less than each of them.
    public let scales: [HumanUnits.Scale]
    /// Whether there are whole ones only.
    public var isWhole = false
    /// Decimals that the log keeps: nanoseconds of CPU time, whole bytes, thousandths of the rest.
    public var logPlaces = 3
    /// Units of work in one unit·nanosecond of a curve's area.
    ///
    /// The work of a CPU worker is CPU time in nanoseconds, and a core is one of them each nanosecond; other work is
    /// counted in bytes or operations, and targets are in those a second.
    public var workPerArea = 1e-9
    /// Whether errors are told in points of the base, which is how a CPU load and its tolerance are thought of, rather
    /// than in percent of the target.
    public var isInPoints = false
    /// Whether an exact amount is given in the smallest scale too: `1 GiB (1073741824 bytes)`.
    public var isGivenInFull = false
    /// The height of a chart of a load that asks for as much as there is: what is usual of a fast machine.
    public var usualPeak = 100e3
}

extension UnitDescription {
    private static let cores = UnitDescription(
        words: "cores", amountKind: .cores, scales: [.init("cores", one: "core", places: 3)], logPlaces: 9,
        workPerArea: 1, isInPoints: true)
    private static let bytes = UnitDescription(
        words: "bytes", amountKind: .bytes,
        scales: [
            .init("bytes", one: "byte"), .init("KiB", 0x1p10, places: 1), .init("MiB", 0x1p20, places: 1),
            .init("GiB", 0x1p30, places: 3), .init("TiB", 0x1p40, places: 3), .init("PiB", 0x1p50, places: 3),
            .init("EiB", 0x1p60, places: 3),
        ],
        logPlaces: 0, isGivenInFull: true)
    private static let handles = UnitDescription(
        words: "handles", amountKind: .count, scales: [.init("handles", one: "handle")], isWhole: true)
    private static let inodes = UnitDescription(
        words: "inodes", amountKind: .count, scales: [.init("inodes", one: "inode")], isWhole: true)
    private static let processes = UnitDescription(
        words: "processes", amountKind: .count, scales: [.init("processes", one: "process")], isWhole: true)
    private static let bytesPerSecond = UnitDescription(
        words: "bytes per second", amountKind: .bytesPerSecond,
        scales: [
            .init("B/s"), .init("kB/s", 1e3, places: 1), .init("MB/s", 1e6, places: 1),
            .init("GB/s", 1e9, places: 3), .init("TB/s", 1e12, places: 3), .init("PB/s", 1e15, places: 3),
        ],
        logPlaces: 0, usualPeak: 999e6)
    private static let operationsPerSecond = UnitDescription(
        words: "operations per second", amountKind: .operationsPerSecond, scales: [.init("iops", places: 1)])

    fileprivate static func of(_ unit: Unit) -> UnitDescription {
        switch unit {
        case .cores: cores
        case .bytes: bytes
        case .handles: handles
        case .inodes: inodes
        case .processes: processes
        case .bytesPerSecond: bytesPerSecond
        case .operationsPerSecond: operationsPerSecond
        }
    }
}

extension Unit {
    /// What is known of it.
    public var description: UnitDescription { .of(self) }

    /// Whether there are whole ones only.
    public var isWhole: Bool { description.isWhole }

    /// Units of work in one unit·nanosecond of a curve's area.
    public var workPerArea: Double { description.workPerArea }
}

/// How a kind of amount is written in a profile, and what it is called.
public struct AmountDescription: Sendable {
    /// Its name in lists of what is taken: `cores`.
    public let words: String
    /// What an amount of it is called where it is not taken.
    public let title: String
    /// Amounts as a profile may write them; the first one is shown in messages.
    public let examples: [String]
    /// An amount that `leave` may be given; `nil` where `leave` takes none of this kind first.
    public var leaveExample: String?
    /// An amount that may be more than there is, for who wrote more than 100 percent.
    public var largeExample: String?
    /// What may stand behind the number, each with what it multiplies by; empty for a plain number.
    public var suffixes: [(name: String, factor: Double)] = []
    /// The amount of a number that is scaled; `nil` where it is written as a word.
    public var amount: (@Sendable (Double) -> Amount)?
}

extension AmountDescription {
    private static let byteSuffixes = [
        ("B", 1), ("kB", 1e3), ("MB", 1e6), ("GB", 1e9), ("TB", 1e12),
        ("KiB", 0x1p10), ("MiB", 0x1p20), ("GiB", 0x1p30), ("TiB", 0x1p40),
    ]
    private static let percent = AmountDescription(
        words: "percent", title: "a percentage", examples: ["80%"], suffixes: [("%", 1)], amount: Amount.percent)
    private static let cores = AmountDescription(
        words: "cores", title: "an amount of cores", examples: ["1.5 cores", "500m"], leaveExample: "0.5 cores",
        largeExample: "3 cores", suffixes: [("cores", 1), ("core", 1), ("m", 0.001)], amount: Amount.cores)
    private static let bytes = AmountDescription(
        words: "bytes", title: "an amount of bytes", examples: ["512MiB"], leaveExample: "8MiB",
        largeExample: "64GiB", suffixes: byteSuffixes, amount: Amount.bytes)
    private static let count = AmountDescription(
        words: "a count", title: "a count", examples: ["15000"], leaveExample: "10", largeExample: "50000",
        amount: Amount.count)
    private static let bytesPerSecond = AmountDescription(
        words: "bytes per second", title: "bytes per second", examples: ["50MB/s"], leaveExample: "10MB/s",
        largeExample: "500MB/s", suffixes: byteSuffixes.map { ($0.0 + "/s", $0.1) }, amount: Amount.bytesPerSecond)
    private static let operationsPerSecond = AmountDescription(
        words: "operations per second", title: "operations per second", examples: ["2000 iops"],
        leaveExample: "100 iops", largeExample: "20000 iops", suffixes: [("iops", 1)],
        amount: Amount.operationsPerSecond)
    private static let max = AmountDescription(words: "max", title: "all that there is", examples: [])
    private static let leave = AmountDescription(
        words: "leave (all but that much)", title: "all but an amount", examples: [])

    fileprivate static func of(_ kind: AmountKind) -> AmountDescription {
        switch kind {
        case .percent: percent
        case .cores: cores
        case .bytes: bytes
        case .count: count
        case .bytesPerSecond: bytesPerSecond
        case .operationsPerSecond: operationsPerSecond
        case .max: max
        case .leave: leave
        }
    }
}

extension AmountKind {
    /// How it is written and what it is called.
    public var description: AmountDescription { .of(self) }
}
