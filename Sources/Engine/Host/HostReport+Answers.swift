// SPDX-License-Identifier: Apache-2.0

internal import LinuxSystem
internal import LoadModel
internal import SystemPackage

extension Sourced<[Int]> {
    init(_ answer: CgroupView.SetAnswer) {
        switch answer {
        case .known(let list, let source): self.init(list, source: source)
        case .unreadable(let path, let error): self.init(nil, source: path, error: error.name)
        case .absent: self.init(nil, source: "no cpuset")
        }
    }
}

extension Namespace {
    /// The state in one word, and why it is unknown.
    var words: (String, String?) {
        switch self {
        case .host: ("host", nil)
        case .own: ("own", nil)
        case .unknown(let error): ("unknown", error.name)
        }
    }
}

extension HostLimit {
    init(_ report: CgroupView.LimitReport) {
        self.init()
        (state, value, source, error) = Self.parts(report.effective)
        levels = report.levels.map { level in
            let (state, value, source, error) = Self.parts(level.answer)
            return Level(group: level.group.directory, state: state, value: value, source: source, error: error)
        }
        hidesAncestors = report.hidesAncestors
        seesOwnGroup = report.seesOwnGroup
    }

    private static func parts(_ answer: CgroupView.LimitAnswer) -> (State, Double?, String?, String?) {
        switch answer {
        case .unlimited: (.unlimited, nil, nil, nil)
        case .limited(let limit): (.limited, limit.value, limit.source, nil)
        case .unreadable(let path, let error): (.unreadable, nil, path, error.name)
        case .absent: (.absent, nil, nil, nil)
        }
    }
}

extension HostReport.FileSystem {
    init(_ found: MountedFileSystem) {
        self.init(point: found.mount.point, type: found.mount.type, device: found.mount.source)
        otherPoints = found.otherPoints
        switch found.answer {
        case .known(let space, let isReadOnly):
            self.isReadOnly = isReadOnly
            self.space = .init(
                total: space.used + space.unused, used: space.used, available: space.available,
                reserved: max(0, space.unused - space.available), inodes: space.files,
                inodesAvailable: space.availableFiles)
            if isReadOnly { refusal = "mounted read-only" }
        case .unreadable(let error):
            problem = error.name
        case .notAsked(let type):
            problem = "not asked: \(type) may never answer; name it with --directory"
        }
        if found.isMemory { refusal = "memory, not a disk" }
        if !found.isDirectory { refusal = "a file, not a directory" }
    }
}

extension HostTechnique {
    init(_ technique: Technique) {
        let (purpose, fallback) = technique.name.words
        self.init(
            name: technique.name.rawValue, purpose: purpose, isAvailable: technique.isAvailable,
            verifiedBy: technique.verifiedBy, detail: technique.detail, error: technique.error?.name,
            fallback: fallback, figures: technique.figures.map { .init(name: $0.name, value: $0.value) })
    }
}

extension Technique.Name {
    /// What exert uses it for, and what it does without.
    fileprivate var words: (purpose: String, fallback: String) {
        switch self {
        case .threadCPUClock: ("pace CPU load", "none: CPU load is only as exact as this clock")
        case .processCPUClock: ("prove CPU load", "none: CPU load cannot be observed")
        case .timer: ("start work on time", "none: load is only as even as the timer")
        case .affinity: ("pin workers to CPUs", "none: workers run where the scheduler puts them")
        case .idleClass: ("priority: idle", "priority: nice, or normal")
        case .negativeNice: ("run ahead of other processes", "none needed: exert runs at the priority it was given")
        case .realTimeClass: ("run ahead of everything", "none needed: exert runs at the priority it was given")
        case .populateWrite: ("make memory resident", "one written word a page")
        case .hugePages: ("pages: huge", "small pages: slower to fill, the same amount")
        case .lockMemory: ("lock: true", "unlocked memory, which is touched again and again")
        case .bindMemory: ("memory on chosen nodes", "the kernel's own placement")
        case .sharedMemory: ("control stressors", "none: exert cannot run")
        case .processHandle: ("see a stressor's end at once", "asked for at each sample")
        case .ioUring: ("disk bandwidth", "threads that read and write")
        case .oomScore: ("be the OOM killer's first choice", "none: the OOM killer may choose another process")
        case .cycleCounter: ("count cycles", "none needed: exert uses clocks")
        case .resourceControl: ("memory bandwidth seen by the processor", "bandwidth as the stressor counts it")
        case .joinGroup: ("load inside a control group", "start exert in the group")
        case .unnamedFile: ("files that vanish with the process", "a named file with an undo record, removed at once")
        case .allocate: ("take disk space without writing", "writing the space out")
        case .directIO: ("reach the disk past the page cache", "sync: buffered")
        }
    }
}
