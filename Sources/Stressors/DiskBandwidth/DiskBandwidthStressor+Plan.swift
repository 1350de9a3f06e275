// SPDX-License-Identifier: Apache-2.0

public import Engine
internal import Glibc
internal import LinuxSystem
public import LoadModel

extension DiskBandwidthStressor {
    /// See ``Stressor/base(_:)``.
    public static func base(_ request: LoadRequest) throws(PlanProblem) -> Base {
        let directory = try directory(request.settings).facts
        let device = directory.device.map { " on \($0.text)" } ?? ""
        return Base(
            capacity: Base.unlimited, free: Base.unlimited,
            text: "max is as fast as it goes: \(directory.path) (\(directory.type)\(device))")
    }

    /// See ``Stressor/prepare(_:base:curve:)``.
    public static func prepare(
        _ request: LoadRequest, base: Base, curve: Curve
    ) throws(PlanProblem) -> Preparation {
        let counters = ProcFile("/proc/self/io", capacity: 512)
        guard counters?.read({ ByteScanner.integer(after: "write_bytes:", in: $0) }) != nil else {
            throw .unsupported("this kernel does not count a process's disk I/O (/proc/PID/io)")
        }
        let (directory, held) = try directory(request.settings)
        var planner = DiskPlanner(request: request, directory: directory, held: held, curve: curve)
        var preparation = try planner.prepare()
        // Where there is no device at all, the planner has told it.
        if directory.device != nil, let note = FileSystemSetting.unknownStorage(directory.storage, of: directory.path) {
            preparation.findings.append(note)
        }
        return preparation
    }

    /// See ``Stressor/witness(_:)``.
    public static func witness(_ request: WitnessRequest) -> (any Witness)? { DiskWitness(request) }

    /// The directory that was asked for, or one for temporary files that is on a disk.
    private static func directory(
        _ settings: Settings
    ) throws(PlanProblem) -> (facts: DiskDirectory, held: HeldDirectory?) {
        if let path = settings.text("directory") {
            let held = settings.held("directory") ?? HeldDirectory.open(path)
            let directory = try look(at: path, held)
            if directory.isMemory { throw .unsupported(inMemory(directory) + "; set 'directory' to one on a disk") }
            return (directory, held)
        }
        // Where /tmp is in memory, /var/tmp usually is not: file-hierarchy(7).
        let temporary = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var reason = ""
        for path in [temporary, "/var/tmp"] {
            let held = HeldDirectory.open(path)
            guard let directory = try? look(at: path, held) else { continue }
            if !directory.isMemory { return (directory, held) }
            if reason.isEmpty { reason = inMemory(directory) }
        }
        if reason.isEmpty { reason = "no files can be made in '\(temporary)'" }
        throw .unsupported(reason + "; set 'directory' to one on a disk")
    }

    private static func look(at path: String, _ held: HeldDirectory?) throws(PlanProblem) -> DiskDirectory {
        do throws(FileSystemFacts.Problem) {
            return try DiskDirectory(held?.path ?? path, at: held?.location)
        } catch {
            throw error.planProblem
        }
    }

    private static func inMemory(_ directory: DiskDirectory) -> String {
        "'\(directory.path)' is in memory (\(directory.storage.text)), so there is no disk to load"
    }
}
