// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Signs of what this process runs in: a container, a sandbox, a virtual machine.
public enum Surroundings {
    /// The signs, each with where it was seen; none is a proof, and a container may show none.
    public static func hints(_ mounts: MountTable, _ cgroups: CgroupView) -> [String] {
        fileHints() + environmentHints() + kernelHints() + groupHints(cgroups) + rootHints(mounts)
    }

    /// Files below `/proc` that another file system covers, as LXCFS does to show a container its limits.
    public static func virtualisedFiles(_ mounts: MountTable) -> [String] {
        mounts.entries.filter { $0.type.hasPrefix("fuse") && $0.point.hasPrefix("/proc/") }.map(\.point)
    }

    private static func fileHints() -> [String] {
        var hints: [String] = []
        if access("/.dockerenv", F_OK) == 0 { hints.append("Docker (/.dockerenv)") }
        if access("/run/.containerenv", F_OK) == 0 { hints.append("Podman (/run/.containerenv)") }
        if let name = SmallFile.text("/run/systemd/container") { hints.append("\(name) (/run/systemd/container)") }
        if access("/var/run/secrets/kubernetes.io", F_OK) == 0 {
            hints.append("Kubernetes (/var/run/secrets/kubernetes.io)")
        }
        return hints
    }

    private static func environmentHints() -> [String] {
        let names = [
            ("container", "a container"), ("KUBERNETES_SERVICE_HOST", "Kubernetes"),
            ("AWS_LAMBDA_FUNCTION_NAME", "AWS Lambda"), ("ECS_CONTAINER_METADATA_URI_V4", "Amazon ECS"),
            ("K_SERVICE", "Cloud Run"),
        ]
        return names.compactMap { getenv($0.0) == nil ? nil : "\($0.1) ($\($0.0))" }
    }

    private static func kernelHints() -> [String] {
        var hints: [String] = []
        let version = SmallFile.text("/proc/version") ?? ""
        if version.contains("icrosoft") { hints.append("WSL (/proc/version)") }
        // What gVisor says of itself, in every version so far.
        if version.contains("#1 SMP Sun Jan 10 15:06:54 PST 2016") { hints.append("gVisor (/proc/version)") }
        // The first processor's entry is enough.
        let hasFlag = ProcFile("/proc/cpuinfo")?.read { bytes -> Bool? in
            String(decoding: bytes, as: UTF8.self).contains(" hypervisor")
        }
        if hasFlag == true {
            let vendor = SmallFile.text("/sys/class/dmi/id/sys_vendor").map { " of \($0)" } ?? ""
            hints.append("a virtual machine\(vendor) (hypervisor flag of /proc/cpuinfo)")
        }
        return hints
    }

    private static func groupHints(_ cgroups: CgroupView) -> [String] {
        let words = ["docker", "kubepods", "containerd", "crio", "libpod", "lxc", "garden", "ecs"]
        let paths = cgroups.paths.values.sorted() + [cgroups.unifiedPath].compactMap { $0 }
        for word in words where paths.contains(where: { $0.contains(word) }) {
            return ["\(word) (/proc/self/cgroup)"]
        }
        return []
    }

    private static func rootHints(_ mounts: MountTable) -> [String] {
        guard let root = mounts.mount(above: "/"), ["overlay", "aufs", "fuse.fuse-overlayfs"].contains(root.type) else {
            return []
        }
        return ["a container image (/ is of type \(root.type))"]
    }
}

/// Capabilities by name; `capabilities(7)`.
public enum Capability {
    private static let names = [
        "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP",
        "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER",
        "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE",
        "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP",
        "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF",
        "CHECKPOINT_RESTORE",
    ]

    /// The names of the bits of `mask`, without `CAP_`; a bit that is not known here is its number.
    public static func names(of mask: UInt64) -> [String] {
        (0..<64).filter { mask >> UInt64($0) & 1 == 1 }.map { $0 < names.count ? names[$0] : "\($0)" }
    }
}
