// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import LinuxSystem
internal import LoadModel
internal import SystemPackage

/// One process's handles: what it was told to hold, or its part of what several are to hold.
struct HandleHolder: Holding, ~Copyable {
    /// The most that is opened or closed between two looks at the target: 2 ms of dups, 14 ms of pipes.
    private static let quantum: Int64 = 4096
    /// How often the process's own descriptors are counted again.
    private static let measureInterval: Nanoseconds = .second
    /// How often a changing target is followed at most.
    private static let shortestStep: Nanoseconds = 2 * .millisecond

    private var handles: HandleTable
    private let table: DescriptorTable
    private let lane: Lane
    private let context: StressorContext
    /// The system's table, where that is what is filled; else the figure is that of the process's own.
    private let system: TotalFollower?
    /// Whether the limit that the target is a share of is followed where somebody raises it.
    private let follows: Bool
    private var nextMeasure: Nanoseconds = 0

    init(
        of kind: HandleTable.Kind, lane: Lane, context: StressorContext, system: TotalFollower?, follows: Bool = false
    ) throws(StressorFailure) {
        do throws(Errno) {
            let handles = try HandleTable(of: kind)
            let table = try DescriptorTable(of: CurrentProcess.id)
            self.handles = handles
            self.table = table
        } catch {
            throw .impossible("the process's own descriptor table cannot be read: \(error)")
        }
        self.lane = lane
        self.context = context
        self.system = system
        self.follows = follows
        measure()
    }

    var granularity: Int64 { 1 }

    /// The process's own descriptors are part of what the kernel shows of its table, so they are part of the target.
    func holdings(for total: Int64) -> Int64 {
        guard total > 0 else { return 0 }
        if let system { return system.holdings(for: total) }
        return max(0, total - context.gauges.reduce(0) { $0 + $1.own })
    }

    mutating func move(toward target: Int64) throws(StressorFailure) -> Int64 {
        let held = Int64(handles.count)
        let wanted = min(abs(target - held), Self.quantum)
        if target < held {
            lane.gauge.isMoving = true
            handles.shrink(by: Int(wanted))
            settle()
            return Int64(handles.count)
        }
        let granted = try system?.grant(wanted) ?? wanted
        lane.gauge.isMoving = true
        defer { settle() }
        do throws(Errno) {
            try handles.grow(by: Int(granted))
        } catch {
            // As at the start, the soft limit is raised to the hard one, which somebody has raised.
            if follows, error == .tooManyOpenFiles { _ = try? CurrentProcess.raiseOpenFileLimit() }
            // What was opened before the refusal is held; the next step will be refused whole.
            if Int64(handles.count) == held { throw failure(error) }
        }
        // Whoever has CAP_SYS_ADMIN is not stopped by the kernel.
        try system?.giveBackExcess(Int64(handles.count) - held) { handles.shrink(by: Int($0)) }
        return Int64(handles.count)
    }

    /// Lets the others see what is held now.
    private func settle() {
        lane.gauge.claimed = Int64(handles.count)
        lane.gauge.isMoving = false
    }

    /// A limit that somebody set is a refusal; that the kernel has no memory for one more is not.
    private func failure(_ error: Errno) -> StressorFailure {
        guard error != .noMemory, error != .noBufferSpace else {
            return .refused("the kernel has no memory for more handles: \(error)", because: .saturation)
        }
        let rule = RefusingLimit(error, handles.kind, open: table.count ?? 0)
        if let rule { context.cite(.refusal, source: rule.source, figure: rule.figure) }
        let reason = rule.map { " (\($0.source): \($0.figure))" } ?? ""
        return .refused("the kernel opens no more handles of kind \(handles.kind.rawValue): \(error)\(reason)")
    }

    mutating func upkeep(at now: Nanoseconds) throws(StressorFailure) -> Nanoseconds {
        if system == nil, now >= nextMeasure {
            measure()
            nextMeasure = now + Self.measureInterval
        }
        return min(nextStep(at: now), system?.nextLook(at: now) ?? nextMeasure)
    }

    /// When a changing target asks for one handle more or less of this lane.
    private func nextStep(at now: Nanoseconds) -> Nanoseconds {
        let span = 20 * Nanoseconds.millisecond
        guard lane.curve.constantUntil(after: now) <= now else { return .max }
        let change = abs(lane.curve.value(at: now + span) - lane.curve.value(at: now)) / Double(lane.count)
        return now + max(Self.shortestStep, Nanoseconds(Double(span) / max(1, change)))
    }

    private func measure() {
        guard system == nil, let count = table.count else { return }
        lane.gauge.own = Int64(count - handles.count)
    }

    /// Closes everything and waits until the kernel shows that it is gone.
    mutating func release() {
        let held = Int64(handles.count)
        let before = system?.used
        handles.shrink(by: handles.count)
        settle()
        if system?.awaitRelease(of: held, from: before, context.control) == false {
            context.tell(
                "release_unconfirmed",
                "all handles are closed, and fs.file-nr does not show it within a second; others may have opened as "
                    + "many")
        }
    }
}

/// The limit that refused one more handle.
struct RefusingLimit {
    var source: String
    var figure: String

    /// Finds the limit that `error` is about; `nil` where it is none that is known.
    ///
    /// - Parameter open: how many descriptors the process has.
    init?(_ error: Errno, _ kind: HandleTable.Kind, open: Int) {
        func number(_ path: String) -> String { SmallFile.text(path) ?? "unreadable" }
        switch error {
        case .tooManyOpenFiles:
            let soft = (try? OpenFileLimit.of(processID: 0).soft) ?? .max
            // Both limits are told by the same error; inotify_init(2).
            if kind == .inotify, UInt64(open) < soft {
                source = "/proc/sys/fs/inotify/max_user_instances"
                figure = "\(number(source)), of all processes of a user together"
            } else {
                source = "/proc/\(CurrentProcess.id)/limits"
                figure = "Max open files \(soft)"
            }
        case .tooManyOpenFilesInSystem:
            source = "/proc/sys/fs/file-max"
            figure = "\(number(source)), of the whole system"
        case .noSpace where kind == .inotify:
            source = "/proc/sys/fs/inotify/max_user_watches"
            figure = number(source)
        default: return nil
        }
    }
}
