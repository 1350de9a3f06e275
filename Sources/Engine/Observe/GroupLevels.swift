// SPDX-License-Identifier: Apache-2.0

internal import LinuxSystem
internal import LoadModel

/// The control groups that a process is in, from its own up to what can be seen, with their limits.
///
/// Which hierarchy limits what is the host's choice: on hybrid hosts some controllers are v1 and the rest v2.
struct GroupLevels {
    /// One level's quota, and what it did since it is watched.
    private struct QuotaLevel {
        let files: GroupQuota
        var first: GroupQuota.Reading?
        /// The last reading, the one of the last full look and of the one before.
        var last: GroupQuota.Reading?
        var newer: GroupQuota.Reading?
        var older: GroupQuota.Reading?
        /// What it did lately, 1 to 2 s; nothing where that is not known.
        var recent: Int64 { Self.growth(older?.throttledTime, last?.throttledTime) ?? 0 }

        /// What a counter grew by between two readings, neither of which is a start at 0 where it could not be read.
        static func growth(_ earlier: Int64?, _ later: Int64?) -> Int64? {
            guard let earlier, let later else { return nil }
            return max(0, later - earlier)
        }
    }

    private var quotas: [QuotaLevel]
    private let memories: [GroupMemory]
    private let counts: [GroupProcessLimit]
    let io: [GroupIO]
    private let freezers: [GroupFreezer]
    private let freezable: [CgroupView.Group]
    private let killed: GroupOOMKills?
    private var frozenBefore: [Int64?]
    private var highEvents: [Int64?]
    private var refusals: [Int64?]

    /// Opens the files of the groups that `view` shows as the process's own and those above.
    init(_ view: CgroupView?, _ pool: GroupFilePool) {
        func files<F: GroupFiles>(_ type: F.Type, _ controller: String) -> [F] {
            (view?.groups(of: controller) ?? []).map { pool.files(type, of: $0) }
        }
        quotas = files(GroupQuota.self, "cpu").map { QuotaLevel(files: $0) }
        memories = files(GroupMemory.self, "memory")
        counts = files(GroupProcessLimit.self, "pids")
        io = files(GroupIO.self, view?.hierarchy(isV1: "blkio") == true ? "blkio" : "io")
        // Any v2 hierarchy can freeze, whatever its controllers.
        let v1 = view?.hierarchy(isV1: "freezer") == true ? view?.groups(of: "freezer") ?? [] : []
        let v2 = view?.unifiedGroups ?? []
        freezers = [v1.first, v2.first].compactMap { $0 }.map { pool.files(GroupFreezer.self, of: $0) }
        freezable = v1 + v2
        killed = (view?.groups(of: "memory").first).map { pool.files(GroupOOMKills.self, of: $0) }
        frozenBefore = Array(repeating: nil, count: freezers.count)
        highEvents = Array(repeating: nil, count: memories.count)
        refusals = Array(repeating: nil, count: counts.count)
    }

    // MARK: Quota

    /// Adds to the figures what the quotas did since the last look; without `all`, those that are there.
    mutating func countThrottled(at now: Nanoseconds, all: Bool, _ figures: inout LimitFigures) {
        // Where there is none, nothing is read, and what the last full look found stands.
        guard all || hasQuota else { return }
        for index in quotas.indices where all || quotas[index].last?.cores != nil {
            let reading = quotas[index].files.read(at: now)
            if let last = quotas[index].last {
                figures.throttledCount += QuotaLevel.growth(last.throttledCount, reading.throttledCount) ?? 0
                figures.throttled += QuotaLevel.growth(last.throttledTime, reading.throttledTime) ?? 0
            }
            quotas[index].last = reading
        }
        figures.quota = quota
    }

    /// Reads all quotas for the first time, or as the first full look after a while.
    mutating func readQuota(at now: Nanoseconds, _ figures: inout LimitFigures) {
        for index in quotas.indices {
            let reading = quotas[index].files.read(at: now)
            if quotas[index].first == nil { quotas[index].first = reading }
            quotas[index].last = reading
            quotas[index].older = quotas[index].newer ?? reading
            quotas[index].newer = reading
        }
        figures.quota = quota
    }

    private var hasQuota: Bool {
        for index in quotas.indices where quotas[index].last?.cores != nil { return true }
        return false
    }

    private var quota: LimitFigures.Quota? {
        let busiest = quotas.filter { $0.recent > 0 }.max { $0.recent < $1.recent }
        guard let level = busiest ?? smallest, let last = level.last else { return nil }
        return LimitFigures.Quota(
            source: level.files.source, cores: last.cores,
            count: QuotaLevel.growth(level.first?.throttledCount, last.throttledCount),
            time: QuotaLevel.growth(level.first?.throttledTime, last.throttledTime))
    }

    private var smallest: QuotaLevel? {
        quotas.filter { $0.last?.cores != nil }.min { $0.last?.cores ?? 0 < $1.last?.cores ?? 0 }
    }

    /// The smallest quota as it was last read.
    var smallestQuota: BaseAmount? {
        guard let level = smallest, let cores = level.last?.cores else { return nil }
        return BaseAmount(value: cores, source: level.files.source)
    }

    // MARK: Freezer

    /// Whether a group is frozen, and for how much of the last `span` it was.
    mutating func frozen(at now: Nanoseconds, since span: Nanoseconds) -> (isFrozen: Bool, time: Nanoseconds) {
        var (isFrozen, time): (Bool, Nanoseconds) = (false, 0)
        for (index, freezer) in freezers.enumerated() {
            let reading = freezer.read(at: now)
            isFrozen = isFrozen || reading.isFrozen
            // The kernel's own count knows of what came and went between two looks.
            let counted = reading.time.flatMap { new in frozenBefore[index].map { new - $0 } }
            time = max(time, min(span, counted ?? (reading.isFrozen ? span : 0)))
            frozenBefore[index] = reading.time
        }
        return (isFrozen, max(0, time))
    }

    /// Which group was told to freeze, as far as that can still be seen.
    var freezer: CauseEvidence? {
        if let order = GroupFreezer.order(in: freezable) {
            return CauseEvidence(source: order.source, figure: order.text)
        }
        guard let frozen = freezers.first(where: { $0.read(at: Clocks.monotonic).isFrozen }) ?? freezers.last else {
            return nil
        }
        let isUnified = frozen.group.version == 2
        return CauseEvidence(
            source: "\(frozen.group.directory)/\(isUnified ? "cgroup.events" : "freezer.state")",
            figure: isUnified ? "frozen 1" : "FROZEN")
    }

    // MARK: Memory

    /// The lowest `memory.high`, what is used of it, and how often it made tasks reclaim since the last full look.
    mutating func memoryHigh(at now: Nanoseconds) -> LimitFigures.MemoryHigh? {
        var lowest: LimitFigures.MemoryHigh?
        for (index, files) in memories.enumerated() {
            let reading = files.read(at: now)
            guard let high = reading.high else { continue }
            let events = reading.highEvents.flatMap { now in highEvents[index].map { now - $0 } } ?? 0
            highEvents[index] = reading.highEvents ?? highEvents[index]
            guard high < lowest?.bytes ?? .max else { continue }
            lowest = LimitFigures.MemoryHigh(
                source: files.highSource, bytes: high, used: reading.used, swapped: reading.swapped,
                recentEvents: events)
        }
        return lowest
    }

    /// The least of all limits and high limits.
    func smallestMemory(at now: Nanoseconds) -> BaseAmount? {
        var least: BaseAmount?
        for files in memories {
            let reading = files.read(at: now)
            for (value, source) in [(reading.most, files.source), (reading.high, files.highSource)] {
                guard let value, Double(value) < least?.value ?? .infinity else { continue }
                least = BaseAmount(value: Double(value), source: source)
            }
        }
        return least
    }

    /// How often the OOM killer took a task of the process's own group; `nil` where that is not counted.
    func oomKills(at now: Nanoseconds) -> (count: Int64, source: String)? {
        killed.flatMap { files in files.read(at: now).map { ($0, files.source) } }
    }

    // MARK: Processes

    /// The limit of processes that refused one since the last full look.
    mutating func processLimit(at now: Nanoseconds) -> CauseEvidence? {
        var found: CauseEvidence?
        for (index, files) in counts.enumerated() {
            let reading = files.read(at: now)
            let refused = reading.refusals - (refusals[index] ?? reading.refusals)
            refusals[index] = reading.refusals
            guard refused > 0, found == nil, let most = reading.most else { continue }
            found = CauseEvidence(source: files.source, figure: "\(most), \(reading.count) there, \(refused) refused")
        }
        return found
    }
}
