// SPDX-License-Identifier: Apache-2.0

public import LoadModel

/// What a host offers as one JSON document, for `exert host --format json`.
public enum HostJSON {
    /// The version of the document, as it says of itself.
    public static let schema = "exert-host/1"

    /// The document, ending in a line feed.
    public static func document(_ report: HostReport) -> [UInt8] {
        var writer = JSONWriter(.pretty, capacity: 32768)
        writer.beginObject()
        writer.member("schema", schema)
        writer.member("exert_version", report.identity.exertVersion)
        writer.identity(report.identity)
        writer.privileges(report.privileges)
        writer.controlGroups(report.cgroups)
        writer.processors(report.cpu)
        writer.memory(report.memory)
        writer.handles(report.handles)
        writer.list("pressures", report.pressures) { writer, pressure in
            writer.member("resource", pressure.resource)
            writer.member("scope", pressure.scope)
            writer.figure("some_us", pressure.some)
            writer.figure("full_us", pressure.full)
        }
        writer.list("file_systems", report.fileSystems) { writer, system in writer.members(system) }
        writer.list("techniques", report.techniques) { writer, technique in writer.members(technique) }
        writer.list("directories", report.directories) { writer, directory in
            writer.member("path", directory.path)
            writer.member("type", directory.type)
            writer.member("problem", directory.problem)
            writer.list("techniques", directory.techniques) { writer, technique in writer.members(technique) }
        }
        writer.key("undo")
        writer.undo(report.undo)
        writer.endObject()
        writer.endLine()
        return writer.bytes
    }
}

extension JSONWriter {
    mutating func member(_ key: StaticString, _ text: String?) {
        self.key(key)
        string(text)
    }

    mutating func member(_ key: StaticString, _ value: Bool?) {
        self.key(key)
        if let value { boolean(value) } else { null() }
    }

    mutating func member(_ key: StaticString, _ value: Int64?) {
        self.key(key)
        integer(value)
    }

    fileprivate mutating func member(_ key: StaticString, _ texts: [String]) {
        self.key(key)
        beginArray()
        for text in texts { string(text) }
        endArray()
    }

    mutating func list<Element>(
        _ key: StaticString, _ elements: [Element], _ members: (inout JSONWriter, Element) -> Void
    ) {
        self.key(key)
        beginArray()
        for element in elements {
            beginObject()
            members(&self, element)
            endObject()
        }
        endArray()
    }

    /// Writes a figure: its value, where it comes from, and why it could not be read.
    fileprivate mutating func figure<Value>(
        _ key: StaticString, _ figure: Sourced<Value>, _ write: (inout JSONWriter, Value) -> Void
    ) {
        self.key(key)
        beginObject()
        self.key("value")
        if let value = figure.value { write(&self, value) } else { null() }
        member("source", figure.source)
        member("error", figure.error)
        endObject()
    }

    fileprivate mutating func figure(_ key: StaticString, _ figure: Sourced<Int64>) {
        self.figure(key, figure) { $0.integer($1) }
    }

    fileprivate mutating func figure(_ key: StaticString, _ figure: Sourced<String>) {
        self.figure(key, figure) { $0.string($1) }
    }

    fileprivate mutating func figure(_ key: StaticString, _ figure: Sourced<[Int]>) {
        self.figure(key, figure) { writer, numbers in
            writer.beginArray()
            for number in numbers { writer.integer(number) }
            writer.endArray()
        }
    }

    /// Writes a limit of the process: no value and no error is no limit.
    fileprivate mutating func limit(_ key: StaticString, _ figure: Sourced<Int64>) {
        self.key(key)
        beginObject()
        member("state", figure.limitState.rawValue)
        member("value", figure.value)
        member("source", figure.source)
        member("error", figure.error)
        endObject()
    }

    /// Writes a limit of control groups with each level's answer.
    fileprivate mutating func limit(_ key: StaticString, _ limit: HostLimit) {
        self.key(key)
        beginObject()
        answer(limit.state, limit.value, limit.source, limit.error)
        member("is_complete", limit.isComplete)
        member("hides_ancestors", limit.hidesAncestors)
        member("sees_own_group", limit.seesOwnGroup)
        list("levels", limit.levels) { writer, level in
            writer.member("group", level.group)
            writer.answer(level.state, level.value, level.source, level.error)
        }
        endObject()
    }

    private mutating func answer(_ state: HostLimit.State, _ value: Double?, _ source: String?, _ error: String?) {
        member("state", state.rawValue)
        key("value")
        number(value)
        member("source", source)
        member("error", error)
    }

    fileprivate mutating func identity(_ identity: HostReport.Identity) {
        key("host")
        beginObject()
        member("name", identity.name)
        member("kernel", identity.kernel)
        member("architecture", identity.architecture)
        member("hints", identity.hints)
        member("virtualised_files", identity.virtualisedFiles)
        list("namespaces", identity.namespaces) { writer, namespace in
            writer.member("kind", namespace.kind)
            writer.member("state", namespace.state)
            writer.member("error", namespace.error)
        }
        endObject()
    }

    fileprivate mutating func privileges(_ privileges: HostReport.Privileges) {
        key("privileges")
        beginObject()
        member("user_id", privileges.userID)
        figure("capabilities", privileges.capabilities) { writer, names in
            writer.beginArray()
            for name in names { writer.string(name) }
            writer.endArray()
        }
        figure("seccomp", privileges.seccomp)
        figure("no_new_privileges", privileges.noNewPrivileges) { $0.boolean($1) }
        figure("security_label", privileges.securityLabel)
        limit("locked_memory_bytes", privileges.lockedMemory)
        limit("address_space_bytes", privileges.addressSpace)
        limit("file_size_bytes", privileges.fileSize)
        endObject()
    }

    fileprivate mutating func controlGroups(_ groups: HostReport.ControlGroups) {
        key("cgroups")
        beginObject()
        member("version", groups.version)
        member("namespace", groups.namespace)
        list("unread", groups.unread) { writer, file in
            writer.member("source", file.source)
            writer.member("error", file.error)
        }
        list("controllers", groups.controllers) { writer, controller in
            writer.member("name", controller.name)
            writer.member("version", Int64(controller.version))
            writer.member("group", controller.group)
            writer.member("path", controller.path)
        }
        endObject()
    }

    fileprivate mutating func processors(_ cpu: HostReport.Processors) {
        key("cpu")
        beginObject()
        key("usable_cores")
        number(cpu.usable)
        figure("online_cpus", cpu.online)
        figure("affinity_cpus", cpu.affinity)
        figure("cpuset_cpus", cpu.cpuset)
        figure("physical_cores", cpu.physicalCores)
        limit("quota_cores", cpu.quota)
        endObject()
    }

    fileprivate mutating func memory(_ memory: HostReport.Memory) {
        key("memory")
        beginObject()
        figure("total_bytes", memory.total)
        figure("available_bytes", memory.available)
        figure("swap_total_bytes", memory.swapTotal)
        figure("swap_free_bytes", memory.swapFree)
        limit("limit_bytes", memory.limit)
        limit("high_bytes", memory.high)
        limit("swap_limit_bytes", memory.swapLimit)
        figure("cgroup_used_bytes", memory.used)
        figure("transparent_huge_pages", memory.transparentHugePages)
        figure("huge_pages", memory.hugePages)
        figure("huge_pages_free", memory.hugePagesFree)
        figure("huge_page_size_bytes", memory.hugePageSize)
        figure("overcommit_mode", memory.overcommit)
        figure("cpuset_nodes", memory.cpusetNodes)
        list("nodes", memory.nodes) { writer, node in
            writer.member("id", Int64(node.id))
            writer.figure("cpus", node.cpus)
            writer.figure("total_bytes", node.total)
            writer.figure("free_bytes", node.free)
        }
        endObject()
    }

    fileprivate mutating func handles(_ handles: HostReport.Handles) {
        key("handles")
        beginObject()
        limit("open_files_soft", handles.soft)
        limit("open_files_hard", handles.hard)
        figure("greatest_limit", handles.greatest)
        figure("system_used", handles.systemUsed)
        figure("system_most", handles.systemMost)
        figure("inotify_instances", handles.inotifyInstances)
        limit("user_processes", handles.userProcesses)
        figure("system_threads", handles.threads)
        limit("cgroup_processes", handles.processes)
        endObject()
    }

    fileprivate mutating func members(_ system: HostReport.FileSystem) {
        member("mount_point", system.point)
        member("other_mount_points", system.otherPoints)
        member("type", system.type)
        member("device", system.device)
        member("is_read_only", system.isReadOnly)
        key("space")
        if let space = system.space {
            beginObject()
            member("total_bytes", space.total)
            member("used_bytes", space.used)
            member("available_bytes", space.available)
            member("reserved_bytes", space.reserved)
            member("inodes", space.inodes)
            member("inodes_available", space.inodesAvailable)
            endObject()
        } else {
            null()
        }
        member("problem", system.problem)
        member("refusal", system.refusal)
    }

    fileprivate mutating func members(_ technique: HostTechnique) {
        member("name", technique.name)
        member("purpose", technique.purpose)
        member("is_available", technique.isAvailable)
        member("verified_by", technique.verifiedBy)
        member("detail", technique.detail)
        member("error", technique.error)
        member("fallback", technique.fallback)
        key("measured")
        beginObject()
        for figure in technique.figures {
            key(data: figure.name)
            number(figure.value)
        }
        endObject()
    }
}

extension Sourced<Int64> {
    /// What a limit of the process says: no value and no error is no limit.
    var limitState: HostLimit.State { error != nil ? .unreadable : value != nil ? .limited : .unlimited }
}
