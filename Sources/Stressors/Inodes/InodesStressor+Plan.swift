// SPDX-License-Identifier: Apache-2.0

public import Engine
internal import LinuxSystem
public import LoadModel
internal import UndoRecords

extension InodesStressor {
    /// See ``Stressor/manifest``.
    public static let manifest = Manifest(
        kind: "inodes",
        summary: "Hold inodes: a number of files, percent of the file system's, or all but so many.",
        details: """
            Empty files without a name (O_TMPFILE) are held open, one inode each, by as many processes as their \
            descriptor tables demand, 8 at most; the kernel gives them back when the processes end, however they end. \
            Beyond that, files are made in a directory .exert-inodes-…, of which an undo record is written first: the \
            next run or 'exert cleanup' removes what a killed run left. The figure is the inodes in use that statvfs \
            shows of the whole file system (mode total), which is followed both ways while others make and remove \
            files, or the files that the processes hold (mode add). btrfs has no limit on inodes, and is refused.
            """,
        reach: .directory, drive: .level, unit: .inodes, amounts: [.count, .percent, .max, .leave],
        keys: [
            FileSystemSetting.key, LevelMode.key,
            .init(
                "named", .boolean, default: .boolean(false), reach: .always(.directory),
                help: "Make all files with a name, so that find and du --inodes show them."),
        ],
        tolerance: ToleranceRule(.percent(0.1), floor: .amount(2)), witness: "statvfs",
        examples: ["10000", "95%", "leave 100", "ramp to 90% in 1m"])

    /// See ``Stressor/base(_:)``.
    public static func base(_ request: LoadRequest) throws(PlanProblem) -> Base {
        var settings = request.settings
        let facts = try FileSystemSetting.facts(&settings)
        let space = facts.space
        guard space.files > 0 else {
            throw .unsupported(
                "the \(FileSystemSetting.subject(facts)) makes inodes as it needs them and has no limit on them; "
                    + "use disk-space to fill it")
        }
        let mode = try LevelMode.resolve(request)
        let capacity = space.usedFiles + space.availableFiles
        return Base(
            capacity: Double(capacity), free: Double(mode == .total ? capacity : space.availableFiles),
            text: "\(FileSystemSetting.subject(facts)): 100 % is \(capacity) inodes, used + available, as df -i counts "
                + "them; \(space.usedFiles) used, \(space.availableFiles) available at the start",
            mode: mode)
    }

    /// See ``Stressor/prepare(_:base:curve:)``.
    public static func prepare(
        _ request: LoadRequest, base: Base, curve: Curve
    ) throws(PlanProblem) -> Preparation {
        var settings = request.settings
        let facts = try FileSystemSetting.facts(&settings)
        let space = facts.space
        let peak = curve.peak
        guard peak < 0x1p62 else {
            throw .invalid(
                setting: nil, "the target goes up to more inodes than any file system has: lower it, or write 'max'")
        }
        let wanted = base.mode == .total ? peak - Double(space.usedFiles) : peak
        // Beyond what there is, it runs as far as it goes.
        let own = min(wanted, Double(space.availableFiles))
        var findings = [FileSystemSetting.unknownStorage(facts.storage, of: facts.directory)].compactMap { $0 }
        func find(_ code: String, _ message: String) { findings.append(Finding(code: code, message: message)) }
        if space.availableFiles == 0, peak > 0 {
            find("inodes_used_up", "the file system has no inode left to take")
        } else if wanted > Double(space.availableFiles) {
            find(
                "target_beyond_capacity",
                "the target goes up to \(Int64(peak)) inodes; \(space.availableFiles) can be taken. Lower the target, "
                    + "write 'max', or remove files first.")
        }
        if base.mode == .total, peak > 0, wanted < 0 {
            find(
                "target_below_use",
                "others hold \(space.usedFiles) inodes already, more than the target of \(Int64(peak)); none will be "
                    + "held until they give some back")
        }
        let isNamed = request.settings.flag("named")
        let room = InodeRoom.read(raisingLimit: false)
        let processes = isNamed ? 1 : room.processes(for: max(0, own))
        let unnamed = room.each(of: processes) * processes
        if isNamed || own > Double(unnamed) { try UndoNeed.check() }
        if !isNamed, own > Double(unnamed) {
            find(
                "named_files",
                "\(unnamed) inodes can be held by files without a name; \(Int64(own) - Int64(unnamed)) more by files "
                    + "in \(facts.directory)/.exert-inodes-…, which a killed run leaves to the next one or to "
                    + "'exert cleanup'"
            )
        }
        if own > 100_000 {
            find(
                "slow_release",
                "file systems make and free 20,000 to 100,000 inodes a second: \(Int64(own)) take seconds each way")
        }
        return Preparation(
            workers: processes, processes: processes, findings: findings,
            settings: [
                "directory": settings.values["directory"] ?? .text(facts.directory), "mode": .text(base.mode.rawValue),
            ],
            releaseLimit: Nanoseconds(max(0, own) / Self.slowestRelease * Double(Nanoseconds.second)))
    }

    /// Inodes a second that a file system frees at the least; XFS was seen to free 25,000.
    private static let slowestRelease = 10_000.0

    /// See ``Stressor/baseSource(_:)``.
    public static func baseSource(_ request: WitnessRequest) -> BaseSource? {
        FileSystemSetting.baseSource(request.settings) { $0.files }
    }

    /// See ``Stressor/witness(_:)``.
    public static func witness(_ request: WitnessRequest) -> (any Witness)? {
        let (path, location) = FileSystemSetting.place(request.settings)
        let directory = location ?? path
        var tables: [DescriptorTable] = []
        var trees: [EntryCounter] = []
        guard let gauge = FileSystemGauge(directory, isAside: true) else { return nil }
        for id in request.processIDs {
            guard let table = try? DescriptorTable(of: id), let tree = InodeFiles.treePath(of: id, in: directory) else {
                return nil
            }
            tables.append(table)
            trees.append(EntryCounter(tree, through: gauge))
        }
        return InodesWitness(tables: tables, trees: trees, gauge: gauge, mode: request.mode, tell: request.tell)
    }
}

/// The inodes in use as `statvfs` shows them; the stressor's own are the descriptors that its processes have more than
/// when they were idle, and the entries of its directories.
private final class InodesWitness: Witness {
    private let tables: [DescriptorTable]
    private let trees: [EntryCounter]
    private let gauge: FileSystemGauge
    private let mode: LoadMode
    private let tell: (String, String) -> Void
    private var idle: Int64?

    init(
        tables: [DescriptorTable], trees: [EntryCounter], gauge: FileSystemGauge, mode: LoadMode,
        tell: @escaping (String, String) -> Void
    ) {
        self.tables = tables
        self.trees = trees
        self.gauge = gauge
        self.mode = mode
        self.tell = tell
    }

    func begin() { idle = descriptors }

    func read(target: Double) -> WitnessReading? { read(target: target, isExact: false) }

    private func read(target: Double, isExact: Bool) -> WitnessReading? {
        guard let open = descriptors, let idle else { return nil }
        if let silence = gauge.takeSilence() { tell("file_system_silent", silence) }
        var own = max(0, open - idle)
        for tree in trees {
            // A directory of named files is counted with its entries; what is open for it is not in question.
            let isExpected = mode == .total || Double(own) < target
            guard let named = tree.read(isExact: isExact, isExpected: isExpected) else { return nil }
            own += named > 0 ? named - InodeFiles.treeDescriptors(entries: named) : 0
        }
        guard mode == .total else { return WitnessReading(Double(own)) }
        guard target > 0 else { return WitnessReading(Double(own), own: Double(own)) }
        return gauge.space.map { WitnessReading(Double($0.usedFiles), own: Double(own)) }
    }

    private var descriptors: Int64? {
        var sum: Int64 = 0
        for table in tables {
            guard let count = table.count else { return nil }
            sum += Int64(count)
        }
        return sum
    }
}
