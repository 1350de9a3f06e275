// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import LinuxSystem
internal import LoadModel
internal import UndoRecords

/// Holds inodes of a file system: a number of its own, or what others leave of a total.
struct InodeHolder: Holding, ~Copyable {
    struct Options: Sendable {
        /// For people.
        var directory: String
        /// What leads there.
        var location: String
        /// How many files without a name one process may hold.
        var unnamedLimit: Int
        /// The run that undo records are written for.
        var run: String
    }

    /// What is made or given back between two looks at the target: some milliseconds' worth.
    private static let chunk = 512

    private let options: Options
    private let lane: Lane
    private let gauge: FileSystemGauge
    private let context: StressorContext
    private let follower: TotalFollower
    private var files: InodeFiles
    private var unnamedLimit: Int

    init(_ options: Options, lane: Lane, context: StressorContext) throws(StressorFailure) {
        guard let gauge = FileSystemGauge(options.location) else {
            throw .impossible("\(options.directory) cannot be opened")
        }
        do throws(SpaceProblem) {
            files = try InodeFiles(in: options.location, journal: .standard(run: options.run))
        } catch {
            throw .impossible("\(options.directory) cannot be opened: \(SpacePile.words(error))")
        }
        self.options = options
        self.lane = lane
        self.gauge = gauge
        self.context = context
        follower = TotalFollower(context, refusal: "the file system is full") {
            gauge.space.map { .init(used: $0.usedFiles, free: $0.availableFiles) }
        }
        unnamedLimit = options.unnamedLimit
    }

    var granularity: Int64 { 1 }

    func holdings(for total: Int64) -> Int64 { total > 0 ? follower.holdings(for: total) : 0 }

    mutating func move(toward target: Int64) throws(StressorFailure) -> Int64 {
        let missing = Int(target) - files.count
        lane.gauge.isMoving = true
        defer {
            // What was made before a refusal is held, and must be known.
            lane.gauge.claimed = Int64(files.count)
            lane.gauge.isMoving = false
        }
        do throws(SpaceProblem) {
            if missing > 0 { try grow(min(missing, Self.chunk)) } else { try shrink(min(-missing, Self.chunk)) }
        } catch {
            switch error {
            case .full:
                tellFull()
                throw .refused("the file system is full", because: .saturation)
            case .noDescriptor, .quota: throw .refused(SpacePile.words(error), because: .refusal)
            case .tooLarge, .unsupported, .other: throw .impossible("no inode more: \(SpacePile.words(error))")
            }
        }
        if missing < 0, files.isMixed, files.count <= 2 {
            throw .refused("something that is not of the load is in its directory, which stays", because: .refusal)
        }
        return Int64(files.count)
    }

    /// Gives everything back at the end, and tells what stays.
    mutating func finish() {
        // What cannot be removed has a record, and is told by whoever finds that.
        try? files.remove(files.count)
        guard files.linkedCount > 0 else { return }
        context.tell(
            "links_stay",
            "\(files.linkedCount) files of the load in \(options.directory) have got other names, which stay; they are "
                + "empty")
    }

    private mutating func grow(_ wanted: Int) throws(SpaceProblem) {
        let unnamed = min(wanted, max(0, unnamedLimit - files.unnamedCount))
        guard unnamed > 0 else { return try files.addNamed(wanted) }
        do throws(SpaceProblem) {
            try files.addUnnamed(unnamed)
        } catch {
            switch error {
            case .noDescriptor:
                unnamedLimit = files.unnamedCount
                context.tell(
                    "named_files",
                    "no more files can be opened after \(unnamedLimit); the others have names, and an undo record")
            case .unsupported:
                unnamedLimit = 0
                context.tell(
                    "technique_fallback", "the file system has no O_TMPFILE: files have names, and an undo record")
            default: throw error
            }
        }
    }

    private mutating func shrink(_ surplus: Int) throws(SpaceProblem) {
        guard surplus > 0 else { return }
        let before = follower.used
        try files.remove(surplus)
        // XFS frees inodes in the background: until that is done the total would look too high, and more be given back.
        guard context.mode == .total, let before else { return }
        for _ in 0..<50 {
            guard let used = follower.used, used > before - Int64(surplus) else { return }
            if !lane.time.wait(until: lane.time.now + .millisecond) { return }
        }
    }

    private func tellFull() {
        guard let space = gauge.space else { return }
        if space.availableFiles == 0 {
            context.tell("inodes_used_up", "the file system has no inode left")
        } else {
            context.tell(
                "disk_full",
                "the file system has \(space.availableFiles) inodes left and no block for them; free space first")
        }
    }

    mutating func upkeep(at now: Nanoseconds) throws(StressorFailure) -> Nanoseconds {
        lane.curve.value(at: now) > 0 ? follower.nextLook(at: now) : .max
    }
}
