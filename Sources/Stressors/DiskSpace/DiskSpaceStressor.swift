// SPDX-License-Identifier: Apache-2.0

public import Engine
internal import LinuxSystem
public import LoadModel

/// Holds disk space: files without a name that are allocated and not written.
public struct DiskSpaceStressor: Stressor {
    private let options: SpaceHolder.Options
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
        let prefix = ".exert-\(process.runID)-\(CurrentProcess.id)"
        options = SpaceHolder.Options(
            pile: .init(
                directory: facts.directory, location: place.location ?? facts.directory,
                namePrefix: settings.flag("named") ? prefix : nil,
                method: settings.text("method").flatMap { .init(rawValue: $0) } ?? .auto,
                blockSize: facts.space.blockSize, run: process.runID),
            keepFree: settings.bytes("keep-free") ?? 0, usesReserved: settings.flag("use-reserved"),
            // Planned for with `use-reserved` alone, and then it is known.
            heldBack: facts.heldBack ?? 0,
            isStale: facts.isStale, mode: process.mode)
        context = process
    }

    /// See ``Stressor/run(on:)``.
    public func run(on lane: Lane) throws(StressorFailure) {
        let context = context
        var holder = try SpaceHolder(options, lane: lane, tell: { context.tell($0, $1) })
        try lane.hold(&holder)
    }
}

/// The setting `directory` of the stressors that work on a file system.
enum FileSystemSetting {
    static let key = Manifest.Key(
        "directory", .directory, default: nil, reach: .always(.directory),
        help: "A directory on the file system that is meant; the temporary directory unless given.")

    /// A figure of the file system, as it changes.
    static func baseSource(
        _ settings: Settings, _ figure: @escaping (FileSystemSpace) -> Int64
    ) -> BaseSource? {
        let gauge = settings.held("directory").flatMap {
            FileSystemGauge($0.location, isAside: true, with: [$0.descriptor])
        }
        return gauge.map { gauge in
            .meter { gauge.space.map { BaseAmount(value: Double(figure($0)), source: "statvfs(3)") } }
        }
    }

    /// Where files are made: the path, for people, and what leads there where it is held.
    static func place(_ settings: Settings) -> (path: String, location: String?) {
        let held = settings.held("directory")
        return (held?.path ?? settings.text("directory") ?? FileSystemFacts.temporaryDirectory, held?.location)
    }

    /// The file system that the settings name, as long as it is on a disk; it is held where they do not hold it yet.
    static func facts(_ settings: inout Settings) throws(PlanProblem) -> FileSystemFacts {
        if settings.held("directory") == nil, let held = HeldDirectory.open(place(settings).path) {
            settings.values["directory"] = .directory(held)
        }
        let (path, location) = place(settings)
        let facts: FileSystemFacts
        do throws(FileSystemFacts.Problem) {
            facts = try FileSystemFacts(path, at: location)
        } catch {
            throw error.planProblem
        }
        if facts.isMemory {
            throw .unsupported(
                "'\(path)' is on \(facts.storage.text), whose files are in memory; use the memory stressor for that, "
                    + "or name a directory on a disk with 'directory'")
        }
        return facts
    }

    /// Says that nobody can tell what the files are kept on; `nil` where that is known.
    static func unknownStorage(_ storage: Storage, of directory: String) -> Finding? {
        guard let why = storage.unknown else { return nil }
        return Finding(
            code: "storage_unknown", severity: .note,
            message: "what '\(directory)' is kept on is not known (\(why)); where that is memory, it is memory that is "
                + "loaded, and no disk")
    }

    static func words(_ problem: FileSystemFacts.Problem) -> String {
        switch problem {
        case .missing(let words), .refused(let words): words
        }
    }

    /// Who is meant, for people.
    static func subject(_ facts: FileSystemFacts) -> String {
        "file system of \(facts.directory) (\(facts.type) on \(facts.source))"
    }
}
