// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import LinuxSystem
internal import LoadModel

/// Decides how many workers a memory-bandwidth load gets, and how much memory each goes through.
struct StreamPlanner {
    /// By how much the buffers outgrow the caches: STREAM's rule.
    static let cacheFactor: Int64 = 4
    /// What a worker must have, in bytes: two chunks of its loops.
    static let leastBuffer: Int64 = 1 << 20
    /// What all buffers together are where the caches are small.
    static let leastTotal: Int64 = 64 << 20
    /// What all buffers together are where nobody tells the caches' size.
    static let usualTotal: Int64 = 256 << 20
    /// The share of a worker, in bytes a second.
    ///
    /// One thread reaches several times as much on any server of these days, so that a worker is never the limit, and
    /// none wakes up that is not needed.
    static let ratePerWorker = 1e9

    let request: LoadRequest
    /// The CPUs that the workers run on.
    let cpus: [Int]
    /// The last-level caches of those CPUs; `nil` where nobody tells.
    let cacheBytes: Int64?

    func prepare(peak: Double) throws(PlanProblem) -> Preparation {
        let workers = request.settings.integer("workers") ?? usualWorkers(peak)
        let buffer = try buffer(workers: workers)
        let total = buffer * Int64(workers)
        var findings = NodeSetting.findings(request.settings, request.host)
        if let unwatched = request.host.unwatchedHeadroom { findings.append(unwatched) }
        if let cacheBytes, total < Self.cacheFactor * cacheBytes, !goesPastCaches {
            findings.append(
                Finding(
                    code: "buffer_in_cache",
                    message: "\(workers) x \(HumanUnits.bytes(buffer)) of buffer are less than \(Self.cacheFactor) "
                        + "times the \(HumanUnits.bytes(cacheBytes)) of last-level cache, so a part of the load never "
                        + "reaches the memory; make 'buffer' larger, or give the load fewer caches by 'cpus'"))
        }
        if cacheBytes == nil, request.settings.bytes("buffer") == nil {
            findings.append(
                Finding(
                    code: "cache_unknown",
                    message: "this host does not tell the size of its caches (/sys/devices/system/cpu/cpu*/cache); "
                        + "the buffers are \(HumanUnits.bytes(total)) together, set 'buffer' where that is not "
                        + "\(Self.cacheFactor) times the last-level cache"))
        }
        if workers > cpus.count {
            findings.append(
                Finding(
                    code: "workers_beyond_cpus", severity: .note,
                    message: "\(workers) workers share \(cpus.count) CPUs: more of them do not move more"))
        }
        return Preparation(
            workers: workers, findings: findings, settings: ["buffer": .bytes(buffer), "workers": .integer(workers)],
            // A hypervisor that has not backed the memory yet hands it out at its own pace: 100 MB/s at the least.
            setupLimit: total * 10)
    }

    /// Whether the load reaches the memory however small its buffer is.
    private var goesPastCaches: Bool {
        // Elsewhere a non-temporal store is a hint that a processor may take or leave.
        #if arch(x86_64)
        MemoryBandwidthStressor.access(request.settings) == .writeNonTemporal
        #else
        false
        #endif
    }

    private func usualWorkers(_ peak: Double) -> Int {
        var most = cpus.count
        // A thread beyond the quota would only be throttled.
        if let quota = request.host.cpuQuota { most = min(most, Int(quota.value.rounded(.up))) }
        return max(1, Int(min(Double(most), (peak / Self.ratePerWorker).rounded(.up))))
    }

    /// The bytes of each worker's buffer.
    private func buffer(workers: Int) throws(PlanProblem) -> Int64 {
        let room = room
        let share = room / Int64(workers)
        guard share >= Self.leastBuffer else {
            throw .unsupported(
                "\(HumanUnits.bytes(room)) of memory can be taken before the headroom is reached, and each of "
                    + "\(workers) workers needs \(HumanUnits.bytes(Self.leastBuffer)); free memory first, or set "
                    + "'workers' lower")
        }
        guard let asked = request.settings.bytes("buffer") else {
            let sought = cacheBytes.map { max(Self.leastTotal, Self.cacheFactor * $0) } ?? Self.usualTotal
            let huge = Int64(AnonymousReservation.hugePageSize)
            let each = (min(sought, room / 4) + Int64(workers) - 1) / Int64(workers)
            return wholePages(min((each + huge - 1) / huge * huge, share))
        }
        guard asked >= Self.leastBuffer else {
            throw .invalid(
                setting: "buffer",
                "a buffer of \(HumanUnits.bytes(asked)) is too small; a worker needs "
                    + "\(HumanUnits.bytes(Self.leastBuffer)), and leaving 'buffer' out makes it as large as the caches "
                    + "ask for")
        }
        guard asked <= share else {
            throw .invalid(
                setting: "buffer",
                "\(workers) buffers of \(HumanUnits.bytes(asked)) do not fit in the \(HumanUnits.bytes(room)) of "
                    + "memory that can be taken before the headroom is reached; \(HumanUnits.bytes(share)) for each do")
        }
        return wholePages(asked)
    }

    private func wholePages(_ bytes: Int64) -> Int64 {
        bytes / Int64(AnonymousReservation.pageSize) * Int64(AnonymousReservation.pageSize)
    }

    /// What can be taken from the host and from the control group.
    private var room: Int64 {
        let host = request.host
        // Where nobody tells what is left of it: half of what there is.
        let most = host.memoryAvailable ?? host.memoryTotal.map { $0 / 2 } ?? .max
        var room = most - MemoryBandwidthStressor.hostReserve
        if let limit = host.memoryLimit, let available = CgroupMemoryGauge(limit)?.available {
            room = min(room, available - MemoryBandwidthStressor.cgroupReserve(limit: Int64(limit.value)))
        }
        return max(0, room)
    }
}
