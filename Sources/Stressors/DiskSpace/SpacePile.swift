// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import LinuxSystem
internal import LoadModel
internal import UndoRecords

/// Files that hold space, the last of which grows and shrinks.
///
/// More than one where a file may not be as large as the space that is wanted. All figures are in bytes as the file
/// system counts them (`st_blocks`), not as they were asked for.
final class SpacePile {
    struct Options: Sendable {
        enum Method: String { case auto, allocate, write }

        /// For people.
        var directory: String
        /// What leads there.
        var location: String
        /// What the names of visible files begin with; `nil` for files without a name.
        var namePrefix: String?
        var method: Method
        var blockSize: Int64
        /// The run that undo records are written for.
        var run = ""
    }

    /// What is allocated in one go: a target that turns must not wait for more than some milliseconds.
    private static let allocateChunk: Int64 = 4 << 30
    /// What is written in one go where space must be written.
    private static let writeChunk = 4 << 20

    private final class File {
        let file: SpaceFile
        var size: Int64 = 0
        var allocated: Int64 = 0
        /// The size at which the file system or a limit refused to let it grow.
        var limit: Int64

        init(_ file: consuming SpaceFile, limit: Int64) {
            self.file = file
            self.limit = limit
        }
    }

    private let options: Options
    private let journal: UndoJournal
    private let tell: (String, String) -> Void
    private var files: [File] = []
    private var filesMade = 0
    /// The largest file that is tried, in bytes.
    private var fileLimit: Int64
    private var isWriting: Bool
    private var writer: ContentWriter?
    private var growthBefore: Int64 = 0
    private var turns = 0

    /// What the files take.
    private(set) var allocated: Int64 = 0
    /// The smallest step: a cluster where the file system hands out several blocks at a time.
    private(set) var granularity: Int64

    /// Makes the first file and tries it, with one block that is given back at once.
    init(_ options: Options, tell: @escaping (String, String) -> Void) throws(StressorFailure) {
        self.options = options
        journal = .standard(run: options.run)
        self.tell = tell
        granularity = options.blockSize
        let most = SpaceFile.sizeLimit() ?? .max
        fileLimit = min(1 << 40, most / options.blockSize * options.blockSize)
        isWriting = options.method == .write
        guard fileLimit > 0 else {
            let (limit, block) = HumanUnits.amounts(Double(most), Double(options.blockSize), .bytes)
            throw .impossible("RLIMIT_FSIZE of \(limit) is less than a block of \(block)")
        }
        do throws(SpaceProblem) {
            files.append(try makeFile())
        } catch {
            throw .impossible("no file can be made in \(options.directory): \(Self.words(error))")
        }
        if !isWriting, (try? files[0].file.allocate(at: 0, count: options.blockSize)) != nil {
            // A multiple of the block and no huge amount: else it is not the size of a cluster.
            let step = files[0].file.allocated
            if step > granularity, step % granularity == 0, step <= 1 << 20 { granularity = step }
        }
        try shrinkLast(to: 0)
    }

    /// Forgets how often the last moves turned; called when time has passed.
    func rest() { turns = 0 }

    /// Looks at what the files take: whoever may open `/proc/PID/fd` can cut them, or punch holes.
    ///
    /// - Returns: what others have taken away, in bytes.
    func measureAll() -> Int64 {
        let before = allocated
        for file in files {
            measure(file)
            file.size = min(file.size, file.file.size)
        }
        return max(0, before - allocated)
    }

    /// Moves at most one step toward `target` and returns what is held.
    func move(toward target: Int64) throws(StressorFailure) -> Int64 {
        let growth = target - allocated
        // A tree of extents takes a block of its own and gives it back with the last of its extents: where one block
        // more brings two, and one less takes two, the target lies in between for ever.
        if abs(growth) <= 8 * granularity, growth.signum() == -growthBefore.signum() { turns += 1 }
        growthBefore = growth
        if turns > 6 { return target }
        if growth > 0 { try grow(growth) } else if growth < 0 { try shrink(-growth) }
        return allocated
    }

    /// Gives everything back.
    func removeAll() {
        files = []
        allocated = 0
    }

    // MARK: Growing

    private func grow(_ wanted: Int64) throws(StressorFailure) {
        var count = min(wanted, Self.allocateChunk)
        // What a full file system lacks is mostly some blocks for its own metadata, so little is taken off first.
        var trim = 4 * granularity
        while true {
            let file: File
            do throws(SpaceProblem) {
                file = try fileToGrow()
            } catch {
                throw Self.failure(error, count)
            }
            let step = min(count, file.limit - file.size)
            do throws(SpaceProblem) {
                if isWriting { return try write(step, to: file) }
                try file.file.allocate(at: file.size, count: step)
            } catch {
                // ext4 keeps what it found before it ran out, behind the end of the file.
                try? file.file.setSize(file.size)
                switch error {
                case .full where step > granularity:
                    count = max(granularity, max(step - trim, step / 2 / granularity * granularity))
                    trim *= 8
                    continue
                case .tooLarge:
                    try shorten(file, refused: step)
                    continue
                case .unsupported where options.method == .auto:
                    fallBack("the file system has no fallocate")
                    continue
                default: throw Self.failure(error, step)
                }
            }
            let before = file.allocated
            file.size += step
            measure(file)
            if file.allocated - before >= step / 2 || options.method == .allocate { return }
            // ZFS says yes and takes nothing: a return code is no evidence.
            let (taken, granted) = HumanUnits.amounts(Double(file.allocated - before), Double(step), .bytes)
            fallBack("the file system took \(taken) of \(granted) that fallocate granted")
            try setSize(of: file, to: file.size - step)
        }
    }

    private func fileToGrow() throws(SpaceProblem) -> File {
        if let last = files.last, last.size < last.limit { return last }
        let file = try makeFile()
        files.append(file)
        return file
    }

    private func makeFile() throws(SpaceProblem) -> File {
        defer { filesMade += 1 }
        guard let prefix = options.namePrefix else {
            return File(try SpaceFile.unnamed(in: options.location, journal: journal), limit: fileLimit)
        }
        let file = try SpaceFile.named("\(options.location)/\(prefix)-\(filesMade)", journal: journal)
        return File(file, limit: fileLimit)
    }

    /// Files may not be as large as was tried: this one stays as it is, and an empty one is tried with half.
    private func shorten(_ file: File, refused step: Int64) throws(StressorFailure) {
        if file.size == 0 {
            fileLimit = step / 2 / granularity * granularity
            file.limit = fileLimit
            guard fileLimit > 0 else { throw .impossible("a file in \(options.directory) may not hold a single block") }
        } else {
            file.limit = file.size + max(0, step / 2 / granularity * granularity)
        }
    }

    private func fallBack(_ reason: String) {
        isWriting = true
        tell("technique_fallback", "\(reason): space is taken by writing to it, which is slower")
    }

    private func write(_ count: Int64, to file: File) throws(SpaceProblem) {
        if writer == nil { writer = ContentWriter(capacity: Self.writeChunk) }
        guard let writer else { return }
        let chunk = Int(min(count, Int64(Self.writeChunk)))
        let written = try file.file.write(writer.next(chunk), at: file.size)
        file.size += Int64(written)
        measure(file)
    }

    // MARK: Shrinking

    private func shrink(_ surplus: Int64) throws(StressorFailure) {
        guard let last = files.last else { return }
        try shrinkLast(to: max(0, last.size - surplus))
        if last.size == 0, files.count > 1 {
            allocated -= last.allocated
            files.removeLast()
        }
    }

    private func shrinkLast(to size: Int64) throws(StressorFailure) {
        if let last = files.last { try setSize(of: last, to: size) }
    }

    private func setSize(of file: File, to size: Int64) throws(StressorFailure) {
        do throws(SpaceProblem) {
            try file.file.setSize(size)
        } catch {
            throw .impossible("space cannot be given back: \(Self.words(error))")
        }
        file.size = size
        // A file that was cut may grow again.
        file.limit = max(file.limit, min(fileLimit, size))
        measure(file)
    }

    private func measure(_ file: File) {
        let now = file.file.allocated
        allocated += now - file.allocated
        file.allocated = now
    }

    // MARK: Words

    private static func failure(_ problem: SpaceProblem, _ count: Int64) -> StressorFailure {
        let more = HumanUnits.bytes(count)
        return switch problem {
        case .full: .refused("\(more) more: \(words(problem))", because: .saturation)
        case .quota, .noDescriptor: .refused("\(more) more: \(words(problem))", because: .refusal)
        case .tooLarge, .unsupported, .other: .impossible("\(more) more: \(words(problem))")
        }
    }

    static func words(_ problem: SpaceProblem) -> String {
        switch problem {
        case .full: "the file system is full"
        case .quota: "the quota is used up"
        case .tooLarge: "files may not be that large here"
        case .unsupported: "the file system does not support it"
        case .noDescriptor: "no more files can be opened (RLIMIT_NOFILE or fs.file-max)"
        case .other(let words): words
        }
    }
}
