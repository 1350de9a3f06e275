// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Looks for what a run has left: in /proc, on its disk, in its directory of records, at its neighbour.
///
/// It knows nothing of exert but the names of its files; neither a log nor a result is asked.
struct Residue {
    /// The directory of the round's undo records; every process of the round has it in its environment.
    let state: String
    let disk: Disk
    private let spaceBefore: Double
    private let inodesBefore: Double

    init(state: String, disk: Disk) {
        self.state = state
        self.disk = disk
        sync()
        spaceBefore = disk.used ?? 0
        inodesBefore = disk.usedInodes ?? 0
    }

    /// Processes of the round that have not ended; one that nobody reaps has.
    var processes: [Int32] {
        let mark = Data("EXERT_STATE_DIRECTORY=\(state)\0".utf8)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { Int32($0) }.filter { id in
            guard let variables = FileManager.default.contents(atPath: "/proc/\(id)/environ") else { return false }
            // The test itself has it in its own memory alone.
            return variables.range(of: mark) != nil && Kernel.text("/proc/\(id)/stat")?.contains(") Z ") == false
        }
    }

    /// Waits until no process of the round is left; those that are after `limit` seconds, with what they wait for.
    func processes(after limit: Double) -> [String] {
        let deadline = Clock.now + limit
        var left = processes
        while !left.isEmpty, Clock.now < deadline {
            usleep(5000)
            left = processes
        }
        return left.map { id in
            let words = Kernel.text("/proc/\(id)/cmdline")?.split(separator: "\0").prefix(4).joined(separator: " ")
            let wait = Kernel.text("/proc/\(id)/wchan") ?? "?"
            return "process \(id) (\(words ?? "?"), waits in \(wait)) is left"
        }
    }

    /// Files, records, and what the disk lacks.
    func things() -> [String] {
        var found: [String] = []
        let entries = FileManager.default.enumerator(atPath: disk.path)?.compactMap { $0 as? String } ?? []
        for entry in entries where (entry as NSString).lastPathComponent.contains("exert") {
            found.append("file \(entry)")
        }
        for record in (try? FileManager.default.contentsOfDirectory(atPath: state)) ?? [] {
            found.append("record \(record)")
        }
        if !found.isEmpty { return found }
        // The kernel gives back what had no name once nobody has it open, some of that in the background.
        let deadline = Clock.now + 5
        while Clock.now < deadline {
            sync()
            let space = (disk.used ?? 0) - spaceBefore
            let inodes = (disk.usedInodes ?? 0) - inodesBefore
            // A directory that held many files keeps its own blocks.
            if space <= 1_048_576, inodes <= 0 { return [] }
            found = ["\(Int(space)) bytes and \(Int(inodes)) inodes of the disk"]
            usleep(50_000)
        }
        return found
    }
}
