// SPDX-License-Identifier: Apache-2.0

public import LinuxSystem
public import LoadModel

/// What a witness is opened for.
public struct WitnessRequest {
    /// The stressor's processes.
    public var processIDs: [Int32]
    /// Its settings, resolved.
    public var settings: Settings
    /// The unit of its figures.
    public var unit: Unit
    /// Whether the figure is the stressor's own or the base's total.
    public var mode: LoadMode
    /// The host as the stressor's processes see it, which may be in another control group than the observer.
    public var host: HostFacts
    /// What the workers say, for a witness that has no kernel interface to ask.
    public var claims: () -> Int64
    /// What they say that reads did of it, where a load reads and writes.
    public var claimedReads: () -> Int64 = { 0 }
    /// Tells the user something: a finding's code and message.
    public var tell: (String, String) -> Void = { _, _ in }

    /// Creates a request.
    public init(
        processIDs: [Int32], settings: Settings, unit: Unit, mode: LoadMode = .add, host: HostFacts,
        claims: @escaping () -> Int64
    ) {
        self.processIDs = processIDs
        self.settings = settings
        self.unit = unit
        self.mode = mode
        self.host = host
        self.claims = claims
    }
}

/// The kernel's word on what a stressor's processes do.
public protocol Witness: AnyObject {
    /// Called when the processes are ready and their load has not begun.
    func begin()
    /// Called when the processes are gone: what the witness has made in the kernel is given back.
    func end()
    /// All work done so far (rates, in units of work) or the amount held (levels); `nil` once the processes are gone.
    func read(target: Double) -> WitnessReading?
    /// The same by a slower and more exact way, for the edges of phases; `nil` where there is none.
    func readExactly() -> Double?
    /// What lies on each memory node, by page walk, for the edges of phases; `nil` where the load names no nodes.
    func readNodes() -> NodeReading?
    /// What the device behind the load did so far; `nil` where there is none.
    func readDevice() -> DeviceCounters?
    /// What the user is to know of the figures, asked for at the end of each phase; `nil` where there is nothing new.
    func takeFinding() -> Finding?
}

extension Witness {
    /// Nothing to do.
    public func begin() {}
    /// Nothing to give back.
    public func end() {}
    /// No other way.
    public func readExactly() -> Double? { nil }
    /// No nodes.
    public func readNodes() -> NodeReading? { nil }
    /// No device.
    public func readDevice() -> DeviceCounters? { nil }
    /// Nothing to tell.
    public func takeFinding() -> Finding? { nil }
}

/// One look at a witness.
public struct WitnessReading: Hashable, Sendable {
    /// What the target is compared with.
    public var amount: Double
    /// What the stressor's processes hold of it; `nil` where that is all of it.
    public var own: Double?
    /// What reads did of it; `nil` where the load does not both read and write.
    public var reads: Double?

    /// Creates a reading.
    public init(_ amount: Double, own: Double? = nil, reads: Double? = nil) {
        self.amount = amount
        self.own = own
        self.reads = reads
    }
}

/// What a stressor's processes have on each memory node.
///
/// Source: `/proc/PID/numa_maps`, proc(5).
public struct NodeReading: Hashable, Sendable {
    /// Bytes by node.
    public var bytes: [Int: Double]
    /// What each node was to have of what there is; `nil` where the load does not say.
    public var targets: [Int: Double]?
    /// How far off a node may be, in bytes: a huge page.
    public static let tolerance = 0x1p21

    /// Creates a reading.
    public init(bytes: [Int: Double], targets: [Int: Double]? = nil) {
        self.bytes = bytes
        self.targets = targets
    }

    /// What is wrong with where the memory lies; `nil` where nothing is.
    public var misplacement: String? {
        guard let targets else { return nil }
        let wrong = Set(bytes.keys).union(targets.keys).sorted().filter {
            abs(bytes[$0, default: 0] - targets[$0, default: 0]) > Self.tolerance
        }
        if wrong.isEmpty { return nil }
        let parts = wrong.map {
            let (held, wanted) = HumanUnits.amounts(bytes[$0, default: 0], targets[$0, default: 0], .bytes)
            return "node \($0) has \(held) and should have \(wanted)"
        }
        return parts.joined(separator: ", ")
            + "; a node may be full: see 'placement', and what else is on it (numactl --hardware)"
    }
}

/// What a block device did since it was attached.
///
/// Source: `Documentation/block/stat.rst` of the kernel.
public struct DeviceCounters: Hashable, Sendable {
    /// Its name, such as `nvme0n1`.
    public var name: String
    /// Bytes read.
    public var readBytes: Int64
    /// Bytes written.
    public var writtenBytes: Int64
    /// Read requests completed.
    public var readOperations: Int64
    /// Write requests completed.
    public var writtenOperations: Int64
    /// Time with at least one request in flight.
    public var busyTime: Nanoseconds
    /// The time of all requests in flight added up.
    public var queueTime: Nanoseconds

    /// Creates counters.
    public init(
        name: String, readBytes: Int64, writtenBytes: Int64, readOperations: Int64, writtenOperations: Int64,
        busyTime: Nanoseconds, queueTime: Nanoseconds
    ) {
        self.name = name
        self.readBytes = readBytes
        self.writtenBytes = writtenBytes
        self.readOperations = readOperations
        self.writtenOperations = writtenOperations
        self.busyTime = busyTime
        self.queueTime = queueTime
    }
}
