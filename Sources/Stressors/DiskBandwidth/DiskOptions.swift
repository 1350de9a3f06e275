// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import LoadModel

/// The settings of a disk-bandwidth load as the plan resolved them.
struct DiskOptions: Hashable, Sendable {
    enum Operation: String { case write, read, mix }
    enum Durability: String { case direct, directDurable = "direct+dsync", sync = "fdatasync", buffered }
    enum Engine: String { case uring, threads }

    /// For people.
    var directory: String
    /// What leads there; `nil` where it is not held.
    private var held: String?
    var location: String { held ?? directory }
    var operation: Operation
    /// Reads in hundredths of a percent.
    var readShare: Int64
    var isRandom: Bool
    /// The sizes of the operations.
    var sizes: SizeMix
    /// The largest of them.
    var largest: Int { Int(sizes.largest) }
    var durability: Durability
    /// An fdatasync belongs to every that many writes; 0 for none.
    var syncEvery: Int
    var engine: Engine
    var depth: Int
    var size: Int64
    var maxWritten: Int64
    /// Whether operations that are neighbours on the disk may become one request.
    var mayMerge: Bool
    /// What the times of operations are drawn from; `nil` where they come evenly.
    var seed: UInt64?

    /// Reads resolved settings; `nil` where one is missing, which only a broken plan brings about.
    init?(_ settings: Settings) {
        guard let directory = settings.text("directory"), let sizes = settings.sizes("block"),
            let depth = settings.integer("depth"), let size = settings.bytes("size"),
            let maxWritten = settings.bytes("max-written"),
            let engine = settings.text("engine").flatMap(Engine.init(rawValue:))
        else { return nil }
        self.directory = directory
        held = settings.held("directory")?.location
        self.sizes = sizes
        self.depth = depth
        self.size = size
        self.maxWritten = maxWritten
        self.engine = engine
        operation = Self.operation(settings)
        readShare = Self.readShare(settings)
        isRandom = settings.text("pattern") == "random"
        mayMerge = settings.text("merge") != "never"
        seed = Self.isDrawn(settings) ? settings.integer("seed").map { UInt64(clamping: $0) } : nil
        durability = Self.durability(settings)
        syncEvery = durability == .sync ? settings.integer("fdatasync-every") ?? 1 : 0
    }

    static func operation(_ settings: Settings) -> Operation {
        settings.text("operation").flatMap(Operation.init(rawValue:)) ?? .write
    }

    static func isDrawn(_ settings: Settings) -> Bool {
        settings.text("arrivals") == DiskBandwidthStressor.Arrivals.poisson.rawValue
    }

    static func durability(_ settings: Settings) -> Durability {
        settings.text("sync").flatMap(Durability.init(rawValue:)) ?? .direct
    }

    static func readShare(_ settings: Settings) -> Int64 {
        switch operation(settings) {
        case .write: 0
        case .read: OperationPattern.whole
        case .mix: Int64(((settings.percent("read-share") ?? 50) * 100).rounded())
        }
    }

    var isDirect: Bool { durability != .buffered }

    /// The most that can have been handed to the kernel and not have ended, in bytes.
    var bytesInFlight: Int {
        let direct = depth * largest
        return isDirect || operation == .read ? direct : max(direct, depth * WriteOutEngine.mostDirty)
    }

    /// Buffered writes leave no block unwritten for long; all else must find blocks that were written before: reading
    /// what never was touches no device, and the first write to it costs more than the next.
    var needsContent: Bool { isDirect || operation != .write }

    /// What each operation does, in units of work, and how they come.
    func row(unit: Unit) -> OperationRow {
        let mean = unit == .operationsPerSecond ? 1 : sizes.mean
        if let seed { return OperationRow(work: mean).drawn(from: seed) }
        guard unit != .operationsPerSecond, sizes.parts.count > 1 else { return OperationRow(work: mean) }
        let pattern = pattern
        return OperationRow(mean: mean) { pattern.bytes(ofFirst: $0) }
    }

    var pattern: OperationPattern {
        OperationPattern(
            mix: sizes, size: size, readShare: readShare, isRandom: isRandom, syncEvery: syncEvery)
    }
}
