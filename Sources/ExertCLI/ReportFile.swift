// SPDX-License-Identifier: Apache-2.0

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
    init(_ path: String) throws {
        self.path = path
        format = try ReportFormat(ofFile: path)
        reader = LogReader(file: "the run")
        try LogFile.refuseLog(path)
    }

    mutating func take(_ line: [UInt8]) {
        guard problem == nil else { return }
        do throws(LogProblem) { try reader.take(line) } catch { problem = error }
    }

    /// Writes the report; whether it could be written.
    mutating func write() -> Bool {
        do {
            if let problem { throw problem }
            let bytes = format.text(try reader.finish(), style: TextStyle(width: 80))
            try LogFile.write(bytes, to: path)
            return true
        } catch let problem as LogProblem {
            Console.complain("the report '\(path)' cannot be made: \(problem)")
        } catch {
            // It has been told.
        }
        return false
    }
}
