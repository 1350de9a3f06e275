// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Engine
internal import LinuxSystem
internal import LoadModel

/// Resolves what a disk-bandwidth profile leaves open, and refuses what cannot work, before anything is started.
struct DiskPlanner {
    let request: LoadRequest
    let directory: DiskDirectory
    /// What holds it; `nil` where it could not be held.
    let held: HeldDirectory?
    let curve: Curve
    var settings: Settings { request.settings }
    var findings: [Finding] = []

    init(request: LoadRequest, directory: DiskDirectory, held: HeldDirectory?, curve: Curve) {
        self.request = request
        self.directory = directory
        self.held = held
        self.curve = curve
    }

    /// The slowest that laying out the file is expected to be, in bytes a second: a worn disk of the last century.
    private static let slowestLayout = 10_000_000.0

    mutating func prepare() throws(PlanProblem) -> Preparation {
        let durability = DiskOptions.durability(settings)
        let operation = DiskOptions.operation(settings)
        if durability == .buffered, operation == .mix {
            throw .invalid(
                setting: "operation",
                "a buffered mix would read from memory what it has just written; use sync: direct")
        }
        try checkDependencies(durability, operation)
        let trial = DiskTrial(
            directory: directory.path, location: held?.location ?? directory.path, isDirect: durability != .buffered)
        let alignment = try trial.alignment()
        let isRandom = pattern() == "random"
        let sizes = try sizes(isRandom: isRandom, alignment: alignment)
        let block = Int(sizes.largest)
        let engine = try engine(trial, alignment: alignment, isBuffered: durability == .buffered)
        var depth = settings.integer("depth") ?? defaultDepth(engine, sizes, isBuffered: durability == .buffered)
        guard depth * block <= 1 << 28 else {
            throw .invalid(
                setting: settings.integer("depth") == nil ? "block" : "depth",
                "\(depth) operations of \(HumanUnits.bytes(block)) in flight are more than 256 MiB; lower 'depth' or "
                    + "'block'")
        }
        let size = try size(block: block, depth: &depth)
        let maxWritten = try maxWritten(size: size, sizes, durability, operation)
        let mayMerge = try mayMerge(durability)
        noteDevice(sizes, total: engine == .uring ? depth * block : block, durability)
        let arrivals = try arrivals(sizes)
        var resolved: [String: SettingValue] = [
            "merge": .text(mayMerge ? "allowed" : "never"),
            "directory": held.map { .directory($0) } ?? .text(directory.path),
            "pattern": .text(isRandom ? "random" : "sequential"),
            "block": sizes.parts.count > 1 ? .sizes(sizes) : .bytes(sizes.largest), "engine": .text(engine.rawValue),
            "depth": .integer(depth),
            "size": .bytes(size), "max-written": .bytes(maxWritten), "keep-free": .bytes(keepFree),
        ]
        if let arrivals { resolved["seed"] = .integer(Int(arrivals.seed)) }
        var preparation = Preparation(
            workers: engine == .uring ? 1 : depth, findings: findings, settings: resolved,
            quantum: quantum(sizes, depth: depth, durability, operation),
            setupLimit: Nanoseconds(Double(size) / Self.slowestLayout * Double(Nanoseconds.second)))
        preparation.arrivals = arrivals
        return preparation
    }

    private func checkDependencies(
        _ durability: DiskOptions.Durability, _ operation: DiskOptions.Operation
    ) throws(PlanProblem) {
        if settings.percent("read-share") != nil, operation != .mix {
            throw .invalid(
                setting: "read-share", "'read-share' is of operation: mix, and this is \(operation.rawValue)")
        }
        if settings.integer("fdatasync-every") != nil, durability != .sync {
            throw .invalid(
                setting: "fdatasync-every",
                "'fdatasync-every' is of sync: fdatasync, and this is \(durability.rawValue)")
        }
        if settings.integer("seed") != nil, !DiskOptions.isDrawn(settings) {
            throw .invalid(setting: "seed", "'seed' is of arrivals: poisson; even ones are not drawn")
        }
        if durability == .directDurable || durability == .sync, operation == .read {
            throw .invalid(setting: "sync", "reads need no \(durability.rawValue); use sync: direct")
        }
    }

    private func pattern() -> String {
        let asked = settings.text("pattern") ?? "auto"
        return asked != "auto" ? asked : request.unit == .operationsPerSecond ? "random" : "sequential"
    }

    // MARK: The block

    private func sizes(isRandom: Bool, alignment: Int) throws(PlanProblem) -> SizeMix {
        // A block of no bytes is no size.
        guard settings.values["block"] != nil else {
            let block = Self.block(
                unit: request.unit, hasOnlyMax: request.amounts == [.max], isRandom: isRandom, peak: curve.peak,
                alignment: alignment)
            return SizeMix(bytes: Int64(block))
        }
        guard let asked = settings.sizes("block"), asked.largest <= 1 << 26 else {
            throw .invalid(setting: "block", "a block is between \(alignment) bytes and 64 MiB")
        }
        for part in asked.parts where part.bytes % Int64(alignment) != 0 {
            throw .invalid(
                setting: "block",
                "a block of \(part.bytes) bytes is no multiple of \(alignment), which direct I/O on \(deviceText) "
                    + "needs")
        }
        return asked
    }

    /// The block for a load that names none.
    static func block(unit: Unit, hasOnlyMax: Bool, isRandom: Bool, peak: Double, alignment: Int) -> Int {
        if unit == .operationsPerSecond { return max(4096, alignment) }
        if hasOnlyMax { return isRandom ? 256 << 10 : 1 << 20 }
        guard peak > 0, peak.isFinite else { return 256 << 10 }
        if peak >= 1e9 { return 1 << 20 }
        var block = 256 << 10
        // One operation more or less must be small against a second: 1 % of the target.
        while Double(block) * 100 > peak, block / 2 >= max(4096, alignment) { block /= 2 }
        return block
    }

    // MARK: The engine

    private mutating func engine(
        _ trial: DiskTrial, alignment: Int, isBuffered: Bool
    ) throws(PlanProblem) -> DiskOptions.Engine {
        let asked = settings.text("engine") ?? "auto"
        if asked == "threads" || (asked == "auto" && isBuffered) { return .threads }
        guard let reason = trial.ringProblem(count: alignment) else { return .uring }
        if asked == "uring" {
            throw .unsupported(
                "io_uring cannot be used here: \(reason). A container's seccomp profile or kernel.io_uring_disabled "
                    + "may forbid it; use engine: auto")
        }
        findings.append(
            Finding(
                code: "io_uring_unavailable", severity: .note,
                message: "io_uring cannot be used here (\(reason)); threads do the I/O, at a higher cost in CPU"))
        return .threads
    }

    private func defaultDepth(_ engine: DiskOptions.Engine, _ sizes: SizeMix, isBuffered: Bool) -> Int {
        let block = Int(sizes.largest)
        // Buffered writes to one file take turns in the kernel.
        if isBuffered { return 1 }
        let most = max(1, min(block >= 1 << 20 ? 16 : 32, (1 << 28) / block))
        guard engine == .threads, curve.peak.isFinite else { return most }
        var operations = curve.peak / (request.unit == .operationsPerSecond ? 1 : sizes.mean)
        // Of drawn ones several come together: four standard deviations above the mean of those in flight.
        if DiskOptions.isDrawn(settings) { operations += 4 * (operations / 0.005).squareRoot() }
        return max(1, min(most, max(2, Int((min(operations, 1e6) * 0.005).rounded(.up)))))
    }

    // MARK: Bounds

    private var keepFree: Int64 { settings.bytes("keep-free") ?? min(256 << 20, directory.totalBytes / 20) }

    private func size(block: Int, depth: inout Int) throws(PlanProblem) -> Int64 {
        let block = Int64(block)
        let most = min(directory.freeBytes - keepFree, Int64(clamping: CLinux_file_size_limit()))
        let asked = settings.bytes("size")
        var size = asked ?? min(1 << 30, max(directory.freeBytes / 10, 2 * block * Int64(depth)))
        if let asked, asked < block {
            throw .invalid(
                setting: "size",
                "a file of \(HumanUnits.bytes(asked)) does not hold one block of \(HumanUnits.bytes(block))")
        }
        guard size <= most else {
            throw .unsupported(
                "a working file of \(HumanUnits.bytes(size)) does not fit: \(HumanUnits.bytes(directory.freeBytes)) "
                    + "are free in '\(directory.path)', \(HumanUnits.bytes(keepFree)) of them are kept free, and a "
                    + "file may have "
                    + "\(HumanUnits.bytes(Int64(clamping: CLinux_file_size_limit()))); set 'size', or free space first")
        }
        size = size / block * block
        let blocks = size / block
        if Int64(depth) > blocks {
            guard settings.integer("depth") == nil else {
                throw .invalid(
                    setting: "depth", "\(depth) operations in flight need as many blocks, and the file has \(blocks)")
            }
            depth = Int(blocks)
        }
        return size
    }

    private mutating func maxWritten(
        size: Int64, _ sizes: SizeMix, _ durability: DiskOptions.Durability, _ operation: DiskOptions.Operation
    ) throws(PlanProblem) -> Int64 {
        let most = settings.bytes("max-written") ?? min(100 << 30, directory.totalBytes)
        let layout = durability == .buffered && operation == .write ? 0 : size
        guard most >= layout else {
            throw .invalid(
                setting: settings.bytes("max-written") == nil ? "size" : "max-written",
                "laying out the file takes \(HumanUnits.bytes(layout)) of the \(HumanUnits.bytes(most)) that may be "
                    + "written; lower 'size'")
        }
        let share = 1 - Double(DiskOptions.readShare(settings)) / Double(OperationPattern.whole)
        let work = curve.area(until: curve.length) * request.unit.workPerArea * share
        let written = work * (request.unit == .operationsPerSecond ? sizes.mean : 1)
        guard curve.peak.isFinite, written + Double(layout) > Double(most) else { return most }
        let (own, layoutText) = (HumanUnits.amount(written, .bytes), HumanUnits.bytes(layout))
        let subject = "the run would write \(own)" + (layout > 0 ? ", and laying out the file \(layoutText)" : "")
        // A step more than is due: writes end in whole blocks.
        let mebibytes = (1.01 * (written + Double(layout)) / 0x1p20).rounded(.up)
        let enough = NumberText.text(min(mebibytes, 1e15), places: 0) + "MiB"
        let who = settings.bytes("max-written") == nil ? ", which is that unless the profile says so" : ""
        // Not refused: a rate that no disk reaches is a way to ask for all that it does.
        findings.append(
            Finding(
                code: "max_written_too_low",
                message:
                    "\(subject); the load ends before its time at max-written, \(HumanUnits.bytes(most))\(who). Set "
                    + "'max-written: \(enough)', lower the load, or make it shorter"))
        return most
    }

    // MARK: The device

    private var deviceText: String { directory.device?.text ?? directory.type }

    private func mayMerge(_ durability: DiskOptions.Durability) throws(PlanProblem) -> Bool {
        let isBuffered = durability == .buffered
        guard let asked = settings.text("merge") else {
            return isBuffered || request.unit != .operationsPerSecond && settings.values["block"] == nil
        }
        if isBuffered, asked == "never" {
            throw .invalid(
                setting: "merge",
                "what goes through the page cache is merged there; use sync: direct, or leave 'merge' out")
        }
        return asked == "allowed"
    }

    /// What is done in one piece, in units of work: an operation, or what is written out together.
    private func quantum(
        _ sizes: SizeMix, depth: Int, _ durability: DiskOptions.Durability, _ operation: DiskOptions.Operation
    ) -> Double {
        let isOperations = request.unit == .operationsPerSecond
        guard durability == .buffered, operation == .write else { return isOperations ? 1 : Double(sizes.largest) }
        let rate = curve.peak * (isOperations ? sizes.mean : 1) / Double(depth)
        let window = Double(WriteOutEngine.window(block: Int(sizes.largest), rate: rate))
        return isOperations ? max(1, (window / sizes.mean).rounded(.down)) : window
    }

    private mutating func noteDevice(_ sizes: SizeMix, total: Int, _ durability: DiskOptions.Durability) {
        guard let device = directory.device else {
            findings.append(
                Finding(
                    code: "device_unknown", severity: .note,
                    message: "no block device can be seen behind '\(directory.path)' (\(directory.type)): the figures "
                        + "rest on the operations that ended and on /proc/PID/io alone"))
            return
        }
        if !device.isCounting {
            findings.append(
                Finding(
                    code: "device_not_counting", severity: .note,
                    message: "the counters of \(device.text) are off (queue/iostats): the figures rest on the "
                        + "operations that ended and on /proc/PID/io alone. Turn them on: write 1 to queue/iostats"))
        }
        let block = Int(sizes.largest)
        guard durability != .buffered,
            let most = device.largestRequest(pieceSize: RandomBuffer.pieceSize(count: total)), block > most
        else { return }
        findings.append(
            Finding(
                code: "block_is_split", severity: .note,
                message: "\(device.upperName) takes \(HumanUnits.bytes(most)) in one request at most "
                    + "(queue/max_sectors_kb, max_segments): each operation of \(HumanUnits.bytes(block)) is "
                    + "\((block + most - 1) / most) requests there"))
    }
}
