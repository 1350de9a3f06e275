// SPDX-License-Identifier: Apache-2.0

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
    var block: Int
    var durability: Durability
    /// An fdatasync belongs to every that many writes; 0 for none.
    var syncEvery: Int
    var engine: Engine
    var depth: Int
    var size: Int64
    var maxWritten: Int64
    /// Whether operations that are neighbours on the disk may become one request.
    var mayMerge: Bool

    /// Reads resolved settings; `nil` where one is missing, which only a broken plan brings about.
    init?(_ settings: Settings) {
        guard let directory = settings.text("directory"), let block = settings.bytes("block"),
            let depth = settings.integer("depth"), let size = settings.bytes("size"),
            let maxWritten = settings.bytes("max-written"),
            let engine = settings.text("engine").flatMap(Engine.init(rawValue:))
        else { return nil }
        self.directory = directory
        held = settings.held("directory")?.location
        self.block = Int(block)
        self.depth = depth
        self.size = size
        self.maxWritten = maxWritten
        self.engine = engine
        operation = Self.operation(settings)
        readShare = Self.readShare(settings)
        isRandom = settings.text("pattern") == "random"
        mayMerge = settings.text("merge") != "never"
        durability = Self.durability(settings)
        syncEvery = durability == .sync ? settings.integer("fdatasync-every") ?? 1 : 0
    }

    static func operation(_ settings: Settings) -> Operation {
        settings.text("operation").flatMap(Operation.init(rawValue:)) ?? .write
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
        let direct = depth * block
        return isDirect || operation == .read ? direct : max(direct, depth * WriteOutEngine.mostDirty)
    }

    /// Buffered writes leave no block unwritten for long; all else must find blocks that were written before: reading
    /// what never was touches no device, and the first write to it costs more than the next.
    var needsContent: Bool { isDirect || operation != .write }

    var pattern: OperationPattern {
        OperationPattern(
            block: block, blocks: size / Int64(block), readShare: readShare, isRandom: isRandom, syncEvery: syncEvery)
    }
}
