// SPDX-License-Identifier: Apache-2.0

public import Engine
internal import LinuxSystem
public import LoadModel

extension DiskSpaceStressor {
    /// See ``Stressor/manifest``.
    public static let manifest = Manifest(
        kind: "disk-space",
        summary: "Hold disk space, to the block: bytes, percent of the file system, or all but so much.",
        details: """
            A file without a name (O_TMPFILE) is allocated and never written (fallocate), which takes no time and \
            wears nothing; the kernel gives the space back when the process ends, however it ends. Where fallocate is \
            refused or takes nothing, the space is taken by writing bytes that do not compress, and the log says so. \
            The figure is what the file system counts: st_blocks of the files (mode add), or the use that statvfs \
            shows of the whole file system (mode total), which is followed both ways while others write and delete. \
            On btrfs, whose figures lag, the file system is written out first (syncfs). Blocks that are reserved for \
            root are left alone unless told otherwise. What is memory below (tmpfs, an overlay or a loop device on it, \
            RAM disks) is refused.
            """,
        reach: .directory, drive: .level, unit: .bytes, amounts: [.bytes, .percent, .max, .leave],
        keys: [
            FileSystemSetting.key, LevelMode.key,
            .init(
                "of", .choice(["whole", "available"]), default: .text("whole"), reach: .always(.directory),
                help: "What 100 % is: whole, all that df counts, or available, what is free at the start, of which a "
                    + "percentage is put on top of what is in use (mode: add)."),
            .init(
                "keep-free", .bytes, default: .bytes(0), reach: .always(.directory),
                help: "Never take what would leave less than this much available, whatever the target says; what "
                    + "others take of it is given back."),
            .init(
                "use-reserved", .boolean, default: .boolean(false),
                reach: .byValue(["false": .directory, "true": .host]),
                help: "Take the blocks that are reserved for root, too (ext4 keeps 5 %); needs root."),
            .init(
                "named", .boolean, default: .boolean(false), reach: .always(.directory),
                help: "Hold the space in a file that ls and du show, .exert-RUN-…; an undo record is written first, "
                    + "and the next run or 'exert cleanup' removes what a killed run left."),
            .init(
                "method", .choice(["auto", "allocate", "write"]), default: .text("auto"), reach: .always(.directory),
                help: "allocate takes space without writing to it, write by writing; auto allocates, and writes where "
                    + "that is refused."),
        ],
        tolerance: ToleranceRule(
            .percent(0.1), floor: .blocks(2), note: "totals of btrfs: 8 MiB, since its figures lag"),
        witness: "statvfs",
        examples: ["2GiB", "95%", "leave 8MiB", "ramp to 90% in 1m", "sawtooth 1GiB to 20GiB every 30s"])

    /// See ``Stressor/base(_:)``.
    public static func base(_ request: LoadRequest) throws(PlanProblem) -> Base {
        var settings = request.settings
        let facts = try FileSystemSetting.facts(&settings)
        let isOfAvailable = settings.text("of") == "available"
        if isOfAvailable, settings.text("mode") == "total" {
            throw .invalid(
                setting: "of", "a share of what is available is put on top of what is in use; drop 'mode: total'")
        }
        let mode = isOfAvailable ? .add : try LevelMode.resolve(request)
        let space = facts.space
        let usesReserved = settings.flag("use-reserved")
        if usesReserved, facts.heldBack == nil {
            throw .unsupported(
                "what \(facts.type) keeps from root, too, cannot be read (/sys/fs/\(facts.type)/*/reserved_clusters): "
                    + "drop 'use-reserved', or run where /sys is whole")
        }
        let room = roomOf(space, facts, usesReserved: usesReserved)
        let capacity = space.used + room
        guard capacity > 0 else {
            throw .unsupported("the \(FileSystemSetting.subject(facts)) has no size that could be filled")
        }
        let keepFree = settings.bytes("keep-free") ?? 0
        guard keepFree <= capacity else {
            let (kept, whole) = HumanUnits.amounts(Double(keepFree), Double(capacity), .bytes)
            throw .invalid(setting: "keep-free", "\(kept) are more than the file system has (\(whole))")
        }
        // `max` is what may be taken; what `leave` leaves includes what is kept free.
        let kept = request.amounts.contains(.leave) ? 0 : keepFree
        let whole = usesReserved ? "used + free, as root has it" : "used + available, as df counts it"
        let share = isOfAvailable ? "\(room) bytes, what is available" : "\(capacity) bytes, \(whole)"
        return Base(
            capacity: Double(isOfAvailable ? room : capacity),
            free: Double(max(0, (mode == .total ? capacity : room) - kept)),
            text:
                "\(FileSystemSetting.subject(facts)): 100 % is \(share); \(space.used) used, \(room) available at the "
                + "start",
            mode: mode, block: Double(space.blockSize),
            // Where figures lag, what others do between two times that the file system is written out is not known.
            floor: facts.isStale && mode == .total ? 0x1p23 : nil)
    }

    /// What may be taken, `keep-free` aside; what is kept from root is known where that is asked for.
    private static func roomOf(_ space: FileSystemSpace, _ facts: FileSystemFacts, usesReserved: Bool) -> Int64 {
        usesReserved ? max(0, space.unused - (facts.heldBack ?? 0)) : space.available
    }

    /// See ``Stressor/prepare(_:base:curve:)``.
    public static func prepare(
        _ request: LoadRequest, base: Base, curve: Curve
    ) throws(PlanProblem) -> Preparation {
        var settings = request.settings
        let facts = try FileSystemSetting.facts(&settings)
        if settings.flag("named") { try UndoNeed.check() }
        let peak = curve.peak
        // Beyond what there is, it runs as far as it goes; beyond this no file system could tell.
        guard peak < 0x1p62 else {
            let (wanted, whole) = HumanUnits.amounts(peak, base.capacity, .bytes)
            throw .invalid(
                setting: nil,
                "the target goes up to \(wanted), more than any file system holds; this one has \(whole): lower the "
                    + "target, or write 'max'")
        }
        let space = facts.space
        guard peak <= 0 || peak >= Double(space.blockSize) else {
            throw .invalid(
                setting: nil,
                "the target is \(HumanUnits.amount(peak, .bytes)) at most, less than one block of "
                    + "\(HumanUnits.bytes(space.blockSize))")
        }
        return Preparation(
            workers: 1, findings: findings(settings, base, peak: peak, facts),
            settings: [
                "directory": settings.values["directory"] ?? .text(facts.directory), "mode": .text(base.mode.rawValue),
            ])
    }

    private static func findings(
        _ settings: Settings, _ base: Base, peak: Double, _ facts: FileSystemFacts
    ) -> [Finding] {
        let keepFree = settings.bytes("keep-free") ?? 0
        let usesReserved = settings.flag("use-reserved")
        let space = facts.space
        let room = roomOf(space, facts, usesReserved: usesReserved) - keepFree
        let ownPeak = base.mode == .total ? peak - Double(space.used) : peak
        var findings = [FileSystemSetting.unknownStorage(facts.storage, of: facts.directory)].compactMap { $0 }
        func find(_ code: String, _ message: String) { findings.append(Finding(code: code, message: message)) }
        if room <= 0, peak > 0 {
            find(
                "disk_full",
                keepFree > 0
                    ? "less than the \(HumanUnits.bytes(keepFree)) that are to be kept free are left"
                    : "the file system is full already: there is nothing left to take")
        } else if ownPeak > Double(room) {
            // In one unit only where they are near to each other: 450 MiB are to be read as such beside 5 GiB.
            let left = Double(room)
            let (wanted, free) =
                peak < 10 * left
                ? HumanUnits.amounts(peak, left, .bytes)
                : (HumanUnits.amount(peak, .bytes), HumanUnits.amount(left, .bytes))
            find(
                "target_beyond_capacity",
                "the target goes up to \(wanted); \(free) can be taken"
                    + (keepFree > 0 ? " before less than \(HumanUnits.bytes(keepFree)) are kept free" : "")
                    + ". Lower the target, write 'max', or free space first.")
        }
        if base.mode == .total, peak > 0, ownPeak < 0 {
            let (held, wanted) = HumanUnits.amounts(Double(space.used), peak, .bytes)
            find(
                "target_below_use",
                "others hold \(held) already, more than the target of \(wanted); nothing will be held until they give "
                    + "some back")
        }
        if usesReserved, !FileSystemFacts.mayUseReserved {
            find("reserved_for_root", "use-reserved has no effect: only root may take the reserved blocks")
        }
        return findings
    }

    /// See ``Stressor/baseSource(_:)``.
    public static func baseSource(_ request: WitnessRequest) -> BaseSource? {
        FileSystemSetting.baseSource(request.settings) { $0.used + $0.unused }
    }

    /// See ``Stressor/writesContent(_:)``.
    public static func writesContent(_ settings: Settings) -> Bool { settings.text("content") == "random" }

    /// See ``Stressor/witness(_:)``.
    public static func witness(_ request: WitnessRequest) -> (any Witness)? {
        let (directory, location) = FileSystemSetting.place(request.settings)
        let place = request.settings.held("directory")
        let held = request.processIDs.compactMap {
            HeldFiles(processID: $0, directory: directory, held: place?.descriptor)
        }
        let known = held.map(\.rawDescriptor) + (place.map { [$0.descriptor] } ?? [])
        guard held.count == request.processIDs.count,
            let gauge = FileSystemGauge(location ?? directory, isAside: true, with: known)
        else { return nil }
        for files in held { files.ask(through: gauge, mounts: .read()) }
        return DiskSpaceWitness(held: held, gauge: gauge, mode: request.mode, place: place, tell: request.tell)
    }
}

/// The space in use as `statvfs` shows it, and `st_blocks` of the files that the stressor's processes hold open.
private final class DiskSpaceWitness: Witness {
    private let held: [HeldFiles]
    private let gauge: FileSystemGauge
    private let mode: LoadMode
    private let tell: (String, String) -> Void
    /// Kept open for as long as its present path is asked for.
    private let place: HeldDirectory?
    private var lastTarget: Double?

    init(
        held: [HeldFiles], gauge: FileSystemGauge, mode: LoadMode, place: HeldDirectory?,
        tell: @escaping (String, String) -> Void
    ) {
        self.place = place
        self.held = held
        self.gauge = gauge
        self.mode = mode
        self.tell = tell
    }

    func read(target: Double) -> WitnessReading? {
        if let silence = gauge.takeSilence() { tell("file_system_silent", silence) }
        var own: Int64 = 0
        let isSettled = target == lastTarget && mode == .add
        lastTarget = target
        for files in held {
            guard let allocated = files.allocated(isSettled: isSettled) else { return nil }
            own += allocated
        }
        guard mode == .total else { return WitnessReading(Double(own)) }
        // Released: what others use is no load.
        guard target > 0 else { return WitnessReading(Double(own), own: Double(own)) }
        return gauge.space.map { WitnessReading(Double($0.used), own: Double(own)) }
    }
}
