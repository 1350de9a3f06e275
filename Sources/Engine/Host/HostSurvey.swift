// SPDX-License-Identifier: Apache-2.0

internal import LinuxSystem
public import LoadModel
internal import SystemPackage
internal import UndoRecords

/// Looks at what a host or container offers: reads the kernel's figures and tries what exert would use.
///
/// Nothing that it does outlives it: memory, files without names, threads. Under 200 ms on a host that answers.
public struct HostSurvey {
    let cgroups = CgroupView()
    private let mounts = MountTable.read()
    private let directories: [String]

    /// Prepares a survey.
    ///
    /// - Parameter directories: where files are tried; where none is named, the working directory and the one for
    ///   temporary files, unless they lie on a file system that may not answer.
    public init(directories: [String] = []) { self.directories = directories }

    /// Looks.
    ///
    /// - Parameter exertVersion: as the report names it.
    public func report(exertVersion: String) -> HostReport {
        var report = HostReport()
        report.identity = identity(exertVersion)
        report.privileges = privileges()
        report.cgroups = controlGroups()
        report.cpu = processors()
        report.memory = memory()
        report.handles = handles()
        report.pressures = pressures()
        report.fileSystems = fileSystems()
        let techniques = Technique.time() + Technique.memory() + Technique.process(cgroups: cgroups, mounts: mounts)
        report.techniques = techniques.map(HostTechnique.init)
        report.directories = triedDirectories()
        report.undo = HostReport.Undo(.standard(), mayWait: false)
        return report
    }

    private func identity(_ exertVersion: String) -> HostReport.Identity {
        let facts = HostFacts.read()
        var identity = HostReport.Identity()
        identity.name = facts.name
        identity.kernel = facts.kernel
        identity.architecture = facts.architecture
        identity.exertVersion = exertVersion
        identity.hints = Surroundings.hints(mounts, cgroups)
        identity.virtualisedFiles = Surroundings.virtualisedFiles(mounts)
        identity.namespaces = ["cgroup", "pid", "user", "ipc", "uts"].map { kind in
            let (state, error) = Namespace.read(kind).words
            return .init(kind: kind, state: state, error: error)
        }
        return identity
    }

    private func privileges() -> HostReport.Privileges {
        var privileges = HostReport.Privileges()
        privileges.userID = CurrentUser.effectiveID
        let status = FileFigures("/proc/self/status") { ProcessStatus($0) }
        privileges.capabilities = status.figure("CapEff") { $0.effectiveCapabilities.map(Capability.names) }
        privileges.seccomp = status.figure("Seccomp") { status in
            status.seccomp.map { $0 == 0 ? "off" : $0 == 1 ? "strict" : "filter" }
        }
        privileges.noNewPrivileges = status.figure("NoNewPrivs") { $0.noNewPrivileges }
        privileges.securityLabel = Figures.text("/proc/self/attr/current")
        let limits = FileFigures("/proc/self/limits") { ProcessLimits($0) }
        privileges.lockedMemory = limits.limit("Max locked memory", \.lockedMemory)
        privileges.addressSpace = limits.limit("Max address space", \.addressSpace)
        privileges.fileSize = limits.limit("Max file size", \.fileSize)
        return privileges
    }

    private func controlGroups() -> HostReport.ControlGroups {
        var groups = HostReport.ControlGroups()
        groups.version = cgroups.version.rawValue
        groups.namespace = cgroups.namespace.words.0
        groups.unread = cgroups.unread.sorted { $0.key < $1.key }.map {
            .init(nil, source: $0.key, error: $0.value.name)
        }
        groups.controllers = cgroups.controllers.map {
            .init(name: $0.name, version: $0.group.version, group: $0.group.directory, path: $0.path)
        }
        return groups
    }

    private func processors() -> HostReport.Processors {
        var cpu = HostReport.Processors()
        cpu.online = Figures.file("/sys/devices/system/cpu/online") { CPUList.parse($0) }
        do throws(Errno) {
            cpu.affinity = Sourced(try CurrentThread.affinity(), source: "sched_getaffinity")
        } catch {
            cpu.affinity = Sourced(nil, source: "sched_getaffinity", error: error.name)
        }
        cpu.cpuset = Sourced(cgroups.cpusetCPUs)
        cpu.quota = HostLimit(cgroups.report(.cpuQuota))
        cpu.physicalCores = physicalCores(cpu.online.value ?? [])
        let allowed = Double((cpu.affinity.value ?? cpu.online.value ?? [0]).count)
        cpu.usable = min(allowed, cpu.quota.value ?? allowed)
        return cpu
    }

    private func physicalCores(_ online: [Int]) -> Sourced<Int64> {
        let source = "/sys/devices/system/cpu/cpu*/topology/core_cpus_list"
        var cores: Set<[UInt8]> = []
        for cpu in online {
            let folder = "/sys/devices/system/cpu/cpu\(cpu)/topology/"
            do throws(Errno) {
                // The name before Linux 5.3.
                if let siblings = try? SmallFile.bytes(folder + "core_cpus_list") {
                    cores.insert(siblings)
                } else {
                    cores.insert(try SmallFile.bytes(folder + "thread_siblings_list"))
                }
            } catch {
                return Sourced(nil, source: folder + "core_cpus_list", error: error.name)
            }
        }
        return Sourced(Int64(cores.count), source: source)
    }

    private func pressures() -> [HostReport.Pressure] {
        var pressures: [HostReport.Pressure] = []
        for resource in ["cpu", "memory", "io"] {
            pressures.append(Figures.pressure(resource, scope: "host", "/proc/pressure/\(resource)"))
        }
        // A root group's is the host's.
        guard let own = cgroups.unifiedGroup, cgroups.isRoot(own) != true else { return pressures }
        return pressures
            + ["cpu", "memory", "io"].map {
                Figures.pressure($0, scope: "cgroup", "\(own.directory)/\($0).pressure")
            }
    }

    private func fileSystems() -> [HostReport.FileSystem] {
        MountedFileSystem.list(mounts, named: directories.map(Self.absolute)).map(HostReport.FileSystem.init)
    }

    private func triedDirectories() -> [HostReport.Directory] {
        if !directories.isEmpty { return directories.map { tried($0, isNamed: true) } }
        var found: [HostReport.Directory] = []
        for path in [CurrentUser.workingDirectory ?? ".", FileSystemFacts.temporaryDirectory] {
            if !found.contains(where: { $0.path == path }) { found.append(tried(path, isNamed: false)) }
        }
        return found
    }

    private func tried(_ path: String, isNamed: Bool) -> HostReport.Directory {
        if !isNamed, let mount = mounts.mount(above: path), MountedFileSystem.mayHang(mount) {
            return HostReport.Directory(
                path: path, type: mount.type,
                problem: "not tried: it is on \(mount.type), which may never answer; name it with --directory",
                techniques: [])
        }
        do throws(FileSystemFacts.Problem) {
            let facts = try FileSystemFacts(path, mounts: mounts)
            return HostReport.Directory(
                path: path, type: facts.type, problem: nil,
                techniques: Technique.files(in: facts.directory).map(HostTechnique.init))
        } catch {
            let words =
                switch error {
                case .missing(let words), .refused(let words): words
                }
            return HostReport.Directory(path: path, type: nil, problem: words, techniques: [])
        }
    }

    private static func absolute(_ path: String) -> String {
        if path.hasPrefix("/") { return path }
        return (CurrentUser.workingDirectory ?? "") + "/" + path
    }
}
