// SPDX-License-Identifier: Apache-2.0

internal import LinuxSystem
internal import LoadModel

/// Whether a stressor's processes are still in the control groups that they were put into.
///
/// A process that somebody moves out goes on as before, and what it does is no longer done where it was asked for: it
/// is charged to another group and bound by other limits. Groups below the one that was asked for are part of it. See
/// `cgroups(7)`; with v1 single threads can be moved as well.
final class MembershipWatch {
    /// How often the threads are asked, in ns: each costs some µs.
    private static let threadLook: Nanoseconds = 900 * .millisecond
    private static let mostThreads = 64

    private let asked: [String]
    private let view: CgroupView
    private let processes: [ProcessWatch]
    private var texts: [Int32: [UInt8]] = [:]
    private var evidence: [Int32: CauseEvidence] = [:]
    private var threadEvidence: CauseEvidence?
    private var lastThreadLook: Nanoseconds?

    /// Watches `processes`; `nil` where they were put nowhere.
    ///
    /// - Parameters:
    ///   - asked: the directories of the groups that they were put into.
    ///   - view: the hierarchies as the observer sees them.
    init?(_ asked: [String], _ processes: [ProcessWatch], view: CgroupView) {
        if asked.isEmpty { return nil }
        self.asked = asked
        self.view = view
        self.processes = processes
    }

    /// Who is outside at `now`, and where; `nil` where all are inside.
    func stray(at now: Nanoseconds) -> CauseEvidence? {
        for process in processes {
            guard let text = process.membership(unlike: texts[process.id] ?? []) else { continue }
            texts[process.id] = text
            evidence[process.id] = stray(text, "/proc/\(process.id)/cgroup")
        }
        if lastThreadLook.map({ now - $0 >= Self.threadLook }) ?? true {
            lastThreadLook = now
            threadEvidence = strayThread
        }
        return processes.lazy.compactMap { self.evidence[$0.id] }.first ?? threadEvidence
    }

    private var strayThread: CauseEvidence? {
        for process in processes {
            for thread in process.threadIDs(limit: Self.mostThreads) where thread != process.id {
                let path = "/proc/\(process.id)/task/\(thread)/cgroup"
                guard let text = try? SmallFile.bytes(path) else { continue }
                if let found = stray(text, path) { return found }
            }
        }
        return nil
    }

    private func stray(_ membership: [UInt8], _ source: String) -> CauseEvidence? {
        let own = view.view(ofMembership: membership[...]).ownDirectories
        let left = asked.first { group in !own.contains { $0 == group || $0.hasPrefix(group + "/") } }
        guard let left else { return nil }
        return CauseEvidence(source: source, figure: "no longer in \(left)")
    }
}

/// What is left of a rate's work when that which was done outside the groups is taken out.
struct WorkInside {
    private var outside = 0.0
    private var last: (amount: Double, astray: Nanoseconds)?

    /// The work of `amount` in all that was done inside.
    ///
    /// - Parameter astray: for how long a process was outside so far.
    mutating func share(of amount: Double, astray: Nanoseconds) -> Double {
        if let last, astray > last.astray { outside += max(0, amount - last.amount) }
        last = (amount, astray)
        return amount - outside
    }
}
