// SPDX-License-Identifier: Apache-2.0

/// What a kind of stressor is and which settings it takes; the source of its profile keys, help and schema.
public struct Manifest: Sendable {
    /// The kind's name in profiles, such as `cpu`.
    public var kind: String
    /// One line on what it exerts.
    public var summary: String
    /// What it does to the kernel, what it leaves behind: a few plain sentences for `exert list KIND`.
    public var details: String
    /// Whether it holds an amount or does work per second.
    public var drive: Drive
    /// How far its load itself can be felt.
    public var reach: Reach
    /// The unit of its figures.
    public var unit: Unit
    /// The unit where loads use amounts of these kinds: disk bandwidth is in bytes or in operations a second.
    public var units: [AmountKind: Unit]
    /// The kinds of amount that it takes as a target.
    public var amounts: [AmountKind]
    /// The most percent that it may be asked for: above 100 where it can go beyond its limit.
    public var mostPercent: Double
    /// Its settings, the ones that every kind has last.
    public var keys: [Key]
    /// How far off it may be where the profile does not say.
    public var tolerance: ToleranceRule
    /// The kernel interface that its achieved figure comes from, as named in the log.
    public var witness: String
    /// Loads that a user may copy, such as `80%`.
    public var examples: [String]
    /// Whether `exert list` shows it; the null stressor, which measures exert itself, is not shown.
    public var isListed: Bool

    /// Creates a manifest.
    public init(
        kind: String, summary: String, details: String, reach: Reach, drive: Drive, unit: Unit,
        units: [AmountKind: Unit] = [:], amounts: [AmountKind], mostPercent: Double = 100, keys: [Key],
        tolerance: ToleranceRule, witness: String, examples: [String], isListed: Bool = true
    ) {
        self.kind = kind
        self.summary = summary
        self.details = details
        self.reach = reach
        self.drive = drive
        self.unit = unit
        self.units = units
        self.amounts = amounts
        self.mostPercent = mostPercent
        self.keys = keys + [Self.cgroupKey, Self.withinKey, Self.expectKey]
        self.tolerance = tolerance
        self.witness = witness
        self.examples = examples
        self.isListed = isListed
    }

    /// The setting that every kind has: where its processes run.
    private static let cgroupKey = Key(
        "cgroup", .text, default: nil, reach: .always(.controlGroup),
        help: "Put the stressor's processes, not exert itself, into this control group before they load: a directory "
            + "such as /sys/fs/cgroup/app, or a path as in /proc/PID/cgroup, such as /app. 'of: cgroup' then means "
            + "this group.")

    /// The setting of kinds whose base may change while they run.
    public static let followKey = Key(
        "follow", .boolean, default: .boolean(false), reach: .always(.ownProcess),
        help: "When what 100 % is changes while the run goes on (a quota is set, a limit lowered, processors lost), "
            + "change the targets with it, from the next second on. Without it they stay what they were at the start, "
            + "and the change is told. Needs all loads of the stressor in percent.")

    /// The setting that says how long the way to a target may take.
    private static let withinKey = Key(
        "within", .duration, default: nil, reach: .always(.ownProcess),
        help: "How long the way to a new target may take before the error counts, such as 5s; 1s unless given, a "
            + "quarter of the time that the target stands at most, half of it where given. A phase, or a load in one "
            + "({load: 80%, within: 5s}), may say otherwise.")

    /// The setting that says which end is wanted.
    static let expectKey = Key(
        "expect", .choice(ExpectedEnd.allCases.map(\.rawValue)), default: nil, reach: .always(.ownProcess),
        help: "An end that is wanted, in one of the stressor's phases: killed, or not_met. Then it is a success, and "
            + "exit code 2 tells that it did not come. Of one phase, write it beside the load "
            + "({load: 80%, expect: killed}).")

    /// One setting of a stressor.
    public struct Key: Sendable {
        /// Its name in profiles, lower case with hyphens; `target.pid` is the key `pid` of a mapping `target`.
        public var name: String
        /// What it takes.
        public var type: ValueType
        /// The value where the profile gives none; `nil` where that means "not set".
        public var defaultValue: SettingValue?
        /// How far its values can be felt.
        public var reach: KeyReach
        /// What it does and when one would want it.
        public var help: String

        /// Creates a key.
        public init(
            _ name: String, _ type: ValueType, default defaultValue: SettingValue?, reach: KeyReach, help: String
        ) {
            self.name = name
            self.type = type
            self.defaultValue = defaultValue
            self.reach = reach
            self.help = help
        }
    }

    /// What a setting takes.
    public enum ValueType: Hashable, Sendable {
        /// One of these words.
        case choice([String])
        /// A whole number within the bounds.
        case integer(ClosedRange<Int>)
        /// `true` or `false`.
        case boolean
        /// CPU numbers and ranges, such as `0-3,8`.
        case cpuList
        /// An amount of bytes with a unit, such as `256MiB`.
        case bytes
        /// A size in bytes such as `64KiB`, or several with their shares, such as `4KiB 50%, 16KiB 50%`.
        case sizes
        /// A length of time with a unit, such as `5s`.
        case duration
        /// Any text, such as a path.
        case text
        /// The path of a directory, which is opened once, when the run is planned.
        case directory
        /// A percentage, 0 through 100, such as `70%`.
        case percent
        /// Memory nodes such as `0-1`, or an amount for each such as `{0: 1GiB, 1: 3GiB}`.
        case nodes
    }
}

/// The value of one setting.
public enum SettingValue: Hashable, Sendable {
    /// A word or any text.
    case text(String)
    /// A whole number.
    case integer(Int)
    /// Yes or no.
    case boolean(Bool)
    /// CPU numbers, ascending.
    case cpus([Int])
    /// Bytes.
    case bytes(Int64)
    /// Several sizes with their shares; a single one is ``bytes(_:)``.
    case sizes(SizeMix)
    /// A length of time.
    case duration(Nanoseconds)
    /// A percentage, 0 through 100.
    case percent(Double)
    /// Memory nodes.
    case nodes(NodeSelection)
    /// A directory that is held open.
    case directory(HeldDirectory)
}

/// A stressor's settings by key name.
public struct Settings: Hashable, Sendable {
    /// The values that are set, explicitly or by default.
    public var values: [String: SettingValue]
    /// Where each explicit value stands in the profile.
    public var marks: [String: SourceMark]

    /// Creates settings from the defaults of `manifest`.
    public init(defaultsOf manifest: Manifest) {
        values = [:]
        marks = [:]
        for key in manifest.keys { values[key.name] = key.defaultValue }
    }

    /// Creates settings from values.
    public init(values: [String: SettingValue], marks: [String: SourceMark] = [:]) {
        self.values = values
        self.marks = marks
    }

    /// The text of `key`, of a directory its path, or `nil` where it is not set.
    public func text(_ key: String) -> String? {
        switch values[key] {
        case .text(let value): value
        case .directory(let directory): directory.path
        default: nil
        }
    }
    /// The number of `key`, or `nil` where it is not set.
    public func integer(_ key: String) -> Int? {
        if case .integer(let value)? = values[key] { value } else { nil }
    }
    /// Whether `key` is set and true.
    public func flag(_ key: String) -> Bool {
        if case .boolean(true)? = values[key] { true } else { false }
    }
    /// The CPUs of `key`, or `nil` where it is not set.
    public func cpus(_ key: String) -> [Int]? {
        if case .cpus(let value)? = values[key] { value } else { nil }
    }
    /// The bytes of `key`, or `nil` where it is not set.
    public func bytes(_ key: String) -> Int64? {
        if case .bytes(let value)? = values[key] { value } else { nil }
    }
    /// The sizes of `key`, of which one alone is all of them; `nil` where it is not set.
    public func sizes(_ key: String) -> SizeMix? {
        switch values[key] {
        case .sizes(let mix): mix
        case .bytes(let bytes) where bytes > 0: SizeMix(bytes: bytes)
        default: nil
        }
    }
    /// The length of time of `key`, or `nil` where it is not set.
    public func duration(_ key: String) -> Nanoseconds? {
        if case .duration(let value)? = values[key] { value } else { nil }
    }
    /// The percentage of `key`, or `nil` where it is not set.
    public func percent(_ key: String) -> Double? {
        if case .percent(let value)? = values[key] { value } else { nil }
    }
    /// The memory nodes of `key`, or `nil` where it is not set.
    public func nodes(_ key: String) -> NodeSelection? {
        if case .nodes(let value)? = values[key] { value } else { nil }
    }
}
