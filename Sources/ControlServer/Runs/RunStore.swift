// SPDX-License-Identifier: Apache-2.0

#if Server
internal import Exert
internal import HTTPTypes
internal import LinuxSystem

/// A run that the server holds.
struct StoredRun: Sendable {
    let run: Run
    /// When it was asked for, in ns since the Unix epoch.
    let createdAt: Int64

    var id: String { run.outline.runID }
    var isEnded: Bool { run.status.state == .ended }
}

/// What a repeated request is told by.
struct IdempotencyKey: Sendable {
    var name: String
    var fingerprint: Fingerprint

    /// Stands for a request's target and body, whose 1 MiB is not kept for every key.
    struct Fingerprint: Hashable, Sendable {
        private let hashes: [Int]

        /// Hashed twice with this process's secret seed: nobody finds two requests with the same pair.
        init(_ parts: [[UInt8]]) {
            hashes = [0, 1].map { salt in
                var hasher = Hasher()
                hasher.combine(salt)
                for part in parts {
                    hasher.combine(part.count)
                    part.withUnsafeBytes { hasher.combine(bytes: $0) }
                }
                return hasher.finalize()
            }
        }
    }
}

/// The runs of a server: those that go on, and the last ones that have ended.
actor RunStore {
    /// How many ended runs are kept.
    private static let endedLimit = 100
    /// How many bytes of events and reports are kept of ended runs; the oldest lose theirs first.
    private static let endedBytes = 8 << 20

    private enum Request {
        case starting(IdempotencyKey.Fingerprint)
        case started(IdempotencyKey.Fingerprint, id: String)
    }

    private let executable: String
    private let maxRuns: Int
    /// Oldest first.
    private var stored: [StoredRun] = []
    private var starting = 0
    private var requests: [String: Request] = [:]
    private var isClosed = false
    private var verdicts: [String: Int] = [:]
    private var guardTrips = 0

    init(executable: String, maxRuns: Int) {
        self.executable = executable
        self.maxRuns = maxRuns
    }

    /// All runs, oldest first.
    var all: [StoredRun] { stored }

    func run(_ id: String) throws(Problem) -> StoredRun {
        guard let run = stored.first(where: { $0.id == id }) else {
            throw Problem(.notFound, "there is no run '\(id)'; the last \(Self.endedLimit) that ended are kept")
        }
        return run
    }

    /// Starts a run, unless the key says that it was started before.
    func start(_ request: RunRequest, key: IdempotencyKey?) async throws(Problem) -> (run: StoredRun, isReplayed: Bool)
    {
        if let key, let known = try replayed(key) { return (known, true) }
        try checkRoom()
        starting += 1
        if let key { requests[key.name] = .starting(key.fingerprint) }
        let createdAt = Clocks.wall
        let outcome: Result<Run, Refusal>
        do throws(Refusal) {
            outcome = .success(try await Run.start(request, executable: executable))
        } catch {
            outcome = .failure(error)
        }
        starting -= 1
        switch outcome {
        case .success(let run):
            let new = StoredRun(run: run, createdAt: createdAt)
            stored.append(new)
            if let key { requests[key.name] = .started(key.fingerprint, id: new.id) }
            // Ends with the run, and holds nothing but it and the store.
            Task {
                let result = await run.result
                self.ended(run, result)
            }
            if isClosed {
                _ = await run.stop(reason: Self.closing)
                throw Problem(.notReady, "the server is shutting down")
            }
            return (new, false)
        case .failure(let refusal):
            // What was refused may be tried again with the same key.
            if let key { requests[key.name] = nil }
            throw Problem(refusal)
        }
    }

    private static let closing = "the server was stopped"

    private func replayed(_ key: IdempotencyKey) throws(Problem) -> StoredRun? {
        switch requests[key.name] {
        case .none: return nil
        case .starting(let fingerprint), .started(let fingerprint, _):
            guard fingerprint == key.fingerprint else {
                throw Problem(.idempotencyMismatch, "the key '\(key.name)' came with another request before")
            }
        }
        guard case .started(_, let id) = requests[key.name] else {
            throw Problem(.conflict, "the first request with the key '\(key.name)' is still under way")
        }
        return try run(id)
    }

    private func checkRoom() throws(Problem) {
        if isClosed { throw Problem(.notReady, "the server is shutting down") }
        let active = stored.count { !$0.isEnded }
        guard active + starting < maxRuns else {
            throw Problem(
                .tooManyRuns,
                "\(active + starting) runs go on, and no more than \(maxRuns) may; stop one, or start the server with "
                    + "more --max-runs", headers: [.retryAfter: "5"])
        }
    }

    private func ended(_ run: Run, _ result: RunResult) {
        verdicts[result.verdict?.rawValue ?? "none", default: 0] += 1
        guardTrips += run.status.guardTrips
        let ended = stored.filter(\.isEnded)
        var drop = Set(ended.dropLast(Self.endedLimit).map(\.id))
        var left = Self.endedBytes
        for old in ended.reversed() where !drop.contains(old.id) {
            let result = old.run.status.result
            left -= (result?.text.utf8.count ?? 0) + (result?.json.utf8.count ?? 0)
            if left < 0 { drop.insert(old.id) }
            if left < old.run.log.byteCount { old.run.log.shrink(toBytes: max(0, left)) }
            left -= old.run.log.byteCount
        }
        // The one that ended now is looked at by whoever waited for it.
        drop.remove(run.outline.runID)
        if drop.isEmpty { return }
        stored.removeAll { drop.contains($0.id) }
        requests = requests.filter { request in
            if case .started(_, let id) = request.value { return !drop.contains(id) }
            return true
        }
    }

    /// Stops all that goes on and returns it when everything is released.
    func stopAll(reason: String = "stopped") async -> [StoredRun] {
        let active = stored.filter { !$0.isEnded }
        await withDiscardingTaskGroup { group in
            for one in active { group.addTask { _ = await one.run.stop(reason: reason) } }
        }
        return active
    }

    /// Takes no more runs and stops those that go on.
    func close() async {
        isClosed = true
        _ = await stopAll(reason: Self.closing)
    }

    /// Wakes all who follow events, so that those that nobody reads any more are found out.
    func nudge() { for one in stored where !one.isEnded { one.run.log.nudge() } }

    /// What is counted over all runs, those that are no longer kept included.
    var totals: (verdicts: [String: Int], guardTrips: Int) {
        let going = stored.filter { !$0.isEnded }.reduce(0) { $0 + $1.run.status.guardTrips }
        return (verdicts, guardTrips + going)
    }
}
#endif
