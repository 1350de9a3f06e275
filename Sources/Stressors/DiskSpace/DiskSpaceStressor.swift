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
        do throws(FileSystemFacts.Problem) {
            facts = try FileSystemFacts(FileSystemSetting.directory(settings))
        } catch {
            throw .impossible(FileSystemSetting.words(error))
        }
        let prefix = ".exert-\(process.runID)-\(CurrentProcess.id)"
        options = SpaceHolder.Options(
            pile: .init(
                directory: facts.directory, namePrefix: settings.flag("named") ? prefix : nil,
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
        "directory", .text, default: nil,
        help: "A directory on the file system that is meant; the temporary directory unless given.")

    static func directory(_ settings: Settings) -> String {
        settings.text("directory") ?? FileSystemFacts.temporaryDirectory
    }

    /// The file system that the settings name, as long as it is on a disk.
    static func facts(_ settings: Settings) throws(PlanProblem) -> FileSystemFacts {
        let path = directory(settings)
        let facts: FileSystemFacts
        do throws(FileSystemFacts.Problem) {
            facts = try FileSystemFacts(path)
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
