// SPDX-License-Identifier: Apache-2.0

internal import LinuxSystem
public import LoadModel
public import UndoRecords

extension HostReport.Undo {
    /// What a journal holds.
    ///
    /// - Parameter mayWait: whether file systems are asked that may never answer.
    public init(_ journal: UndoJournal, mayWait: Bool) {
        self.init()
        let survey = journal.survey(mayWait: mayWait)
        directory = survey.directory
        problem = journal.obstacle ?? survey.problem
        records = survey.items.map { item in
            var record = Record(path: item.path, state: item.state.rawValue)
            record.effect = item.effect
            record.processID = (item.owner?.process.processID).map { Int64($0) }
            record.owner = item.owner?.summary
            record.run = item.owner.flatMap { $0.run.isEmpty ? nil : $0.run }
            record.reason = item.reason
            return record
        }
    }
}
