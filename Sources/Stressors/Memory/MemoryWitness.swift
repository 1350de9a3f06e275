// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import LinuxSystem

/// The resident set of the whole stressor process, or the use of a whole base.
///
/// While nothing is asked for, what is resident is the idle process itself and no load, and what others use is none
/// either: then the resident set is counted from what it was before the load began.
final class ResidentSetWitness: Witness {
    private let statm: ProcFile
    private let rollup: ProcFile?
    private let use: MemoryUse?
    private var idle: Int64 = 0

    /// Opens the accounting of a process, and that of a base where its total use is the figure.
    init?(processID: Int32, use: MemoryUse? = nil) {
        guard let statm = ProcFile("/proc/\(processID)/statm", capacity: 128) else { return nil }
        self.statm = statm
        self.use = use
        rollup = ProcFile("/proc/\(processID)/smaps_rollup")
    }

    func begin() { idle = statm.read(StatmReader.resident) ?? 0 }

    func read(target: Double) -> WitnessReading? {
        guard let resident = statm.read(StatmReader.resident) else { return nil }
        let own = Double(target > 0 ? resident : max(0, resident - idle))
        guard let use else { return WitnessReading(own) }
        // Released: what others use is no load.
        guard target > 0 else { return WitnessReading(own, own: own) }
        return use.used.map { WitnessReading(Double($0), own: own) }
    }

    func readExactly() -> Double? {
        rollup?.read { ByteScanner.integer(after: "Rss:", in: $0) }.map { Double($0 * 1024) }
    }
}
