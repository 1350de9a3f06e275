// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Evidence
import Reporting

/// The report of `exert run --report`: put together line by line while the run lasts, written when it is over.
///
/// By the reader of logs, from the very lines that the log has or would have: a report made then and one made later are
/// the same. A line costs the observer some 20 µs.
struct ReportFile {
    private let path: String
    private let format: ReportFormat
    private var reader: LogReader
    private var problem: LogProblem?

    /// The file is looked at before the load, so that a name that cannot be meant is told while nothing has happened.
    ///
    /// - Parameter log: where the log goes; `nil` where there is none.
    init(_ path: String, log: String?) throws {
        self.path = path
        format = try ReportFormat(ofFile: path)
        reader = LogReader(file: "the run")
        if let log, log != "-", LogFile.isSame(path, log) {
            throw ValidationError("the log and the report both want '\(path)'; give the report another name")
        }
        try LogFile.refuseLog(path)
        try LogFile.refuseUnwritable(path)
    }

    mutating func take(_ line: [UInt8]) {
        guard problem == nil else { return }
        do throws(LogProblem) { try reader.take(line) } catch { problem = error }
    }

    /// Writes the report; what is wrong with it is told.
    mutating func write() {
        do {
            if let problem { throw problem }
            let bytes = format.text(try reader.finish(), style: TextStyle(width: 80))
            try LogFile.write(bytes, to: path)
        } catch let problem as LogProblem {
            Console.complain("the report '\(path)' cannot be made: \(problem)")
        } catch {
            // It has been told.
        }
    }
}
