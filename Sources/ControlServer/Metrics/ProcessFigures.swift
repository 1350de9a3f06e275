// SPDX-License-Identifier: Apache-2.0

#if Server
internal import Glibc
internal import LinuxSystem

/// What the server itself takes, by the names that every exporter has for it.
struct ProcessFigures: Sendable {
    private let startTime: Double?

    init() {
        let ticks = ProcessFacts(of: CurrentProcess.id)?.startTime
        let boot = (try? SmallFile.bytes("/proc/stat")).flatMap { ByteScanner.integer(after: "btime", in: $0[...]) }
        if let ticks, let boot {
            startTime = Double(boot) + Double(ticks) / Double(sysconf(Int32(_SC_CLK_TCK)))
        } else {
            startTime = nil
        }
    }

    func write(to metrics: inout PrometheusWriter) {
        metrics.metric(
            "process_cpu_seconds_total", .counter, "User and system CPU time that the server took, in seconds.",
            Double(Clocks.processCPU) / 1e9)
        metrics.metric(
            "process_resident_memory_bytes", .gauge, "Resident set of the server.", Self.resident.map { Double($0) })
        metrics.metric(
            "process_open_fds", .gauge, "Descriptors that the server has open.", Self.open.map { Double($0) })
        let limit = try? OpenFileLimit.of(processID: 0).soft
        metrics.metric(
            "process_max_fds", .gauge, "Descriptors that the server may have open.", limit.map { Double($0) })
        metrics.metric(
            "process_start_time_seconds", .gauge, "When the server was started, in seconds since the epoch.", startTime)
    }

    private static var resident: Int64? {
        guard let bytes = try? SmallFile.bytes("/proc/self/statm") else { return nil }
        var scanner = ByteScanner(bytes)
        scanner.skipFields(1)
        return scanner.nextInteger()?.multipliedSaturating(by: Int64(sysconf(Int32(_SC_PAGESIZE))))
    }

    private static var open: Int? {
        guard let folder = try? OwnedDescriptor.open("/proc/self/fd", FileFlags.directory) else { return nil }
        // The two that looking takes are not the server's.
        return DirectoryReader.names(ofDescriptor: folder.rawValue).count - 2
    }
}
#endif
