// SPDX-License-Identifier: Apache-2.0

internal import LinuxSystem
internal import SystemPackage

/// Which limit it is that refuses a process or a thread.
enum ProcessLimitWords {
    /// The error, and where it is `EAGAIN` the limits that clone(2) names, with their figures.
    static func text(for error: some Error) -> String {
        if error as? Errno == .fileTooLarge {
            return "\(error): what it shares with exert is some 100 KiB, and files may not be that large "
                + "(RLIMIT_FSIZE; ulimit -f, LimitFSIZE=)"
        }
        guard error as? Errno == .resourceTemporarilyUnavailable else { return "\(error)" }
        var limits: [String] = []
        for group in CgroupView().groups(of: "pids") {
            let reading = GroupProcessLimit(group).read(at: 0)
            if let most = reading.most, reading.count >= most {
                limits.append("\(group.directory)/pids.max is \(most), and as many are there")
            }
        }
        let bytes = (try? SmallFile.bytes("/proc/self/limits")) ?? []
        if limits.isEmpty, let most = ProcessLimits(bytes[...]).processes?.soft {
            limits.append("RLIMIT_NPROC is \(most) for all processes and threads of the user (ulimit -u, LimitNPROC=)")
        }
        return "\(error)" + (limits.isEmpty ? "" : "; " + limits.joined(separator: "; "))
    }
}
