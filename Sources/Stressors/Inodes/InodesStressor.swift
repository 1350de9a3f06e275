// SPDX-License-Identifier: Apache-2.0

public import Engine
internal import LinuxSystem
public import LoadModel

/// Holds inodes: empty files without a name, and beyond the descriptors that there are, files with one.
public struct InodesStressor: Stressor {
    private let options: InodeHolder.Options
    private let context: StressorContext

    /// See ``Stressor/init(_:process:)``.
    public init(_ settings: Settings, process: StressorContext) throws(StressorFailure) {
        let facts: FileSystemFacts
        let place = FileSystemSetting.place(settings)
        do throws(FileSystemFacts.Problem) {
            facts = try FileSystemFacts(place.path, at: place.location)
        } catch {
            throw .impossible(FileSystemSetting.words(error))
        }
        let room = InodeRoom.read(raisingLimit: true)
        options = InodeHolder.Options(
            directory: facts.directory, location: place.location ?? facts.directory,
            unnamedLimit: settings.flag("named") ? 0 : room.each(of: process.processes),
            run: process.runID)
        context = process
    }

    /// See ``Stressor/run(on:)``.
    public func run(on lane: Lane) throws(StressorFailure) {
        var holder = try InodeHolder(options, lane: lane, context: context)
        try lane.hold(&holder)
        holder.finish()
    }
}

/// How many inodes can be held by files that have no name: each takes a descriptor, and an open file of the system.
struct InodeRoom {
    /// Processes that share the files at most: each costs some 16 MiB.
    static let mostProcesses = 8
    /// Descriptors that a process needs for itself: some ten, and as many to prove what it removes.
    private static let reserve = 32

    /// What one process may open.
    var eachProcess: Int
    /// What all of them may open: a quarter of what the system has left, so that this is no attack on open files.
    var together: Int

    static func read(raisingLimit: Bool) -> InodeRoom {
        let limit = try? OpenFileLimit.of(processID: 0)
        let most = limit?.hard ?? 1024
        if raisingLimit, let limit, limit.soft < limit.hard { try? OpenFileLimit.setSoft(limit.hard, ofProcess: 0) }
        let free = SystemFileTable()?.read()?.free ?? 100_000
        return InodeRoom(
            eachProcess: max(0, Int(clamping: min(most, 1 << 20)) - reserve), together: Int(clamping: max(0, free) / 4))
    }

    /// What each of `processes` may hold.
    func each(of processes: Int) -> Int { min(eachProcess, together / processes) }

    /// How many processes it takes to hold `count` files without names, within the bound.
    func processes(for count: Double) -> Int {
        let needed = (count / Double(max(1, eachProcess))).rounded(.up)
        return max(1, min(Self.mostProcesses, Int(min(needed, 1000))))
    }
}
