// SPDX-License-Identifier: Apache-2.0

import Engine
import LinuxSystem
import LoadModel

/// Renews a run's lease whenever a file is touched or something comes on standard input.
final class Heartbeat: RunSteering {
    private let file: String?
    /// Who looks at the file, which may be where nobody answers.
    private let questions: FileSystemQuestions?
    private var seen: Int64?
    private var isOpen = true

    /// Beats when the file's time of change moves; a file that is not there yet beats when it comes.
    init(file: String) {
        // Asked from where a relative path still means the same.
        self.file = file.hasPrefix("/") ? file : (CurrentUser.workingDirectory ?? ".") + "/" + file
        questions = FileSystemQuestions("/")
        seen = modified
    }

    /// Beats when standard input brings something; from its end on, never again.
    init(ofStandardInput: Void) { (file, questions) = (nil, nil) }

    var descriptors: [Int32] { file == nil && isOpen ? [0] : [] }

    func next() -> RunOrder? { hasBeaten ? .renewal : nil }

    func answer(_ refusal: OrderRefusal?) {}

    private var modified: Int64? {
        guard let file, let questions else { return file.flatMap { FileTimes.modified($0) } }
        if case .value(let time) = questions.modified(file) { return time }
        return nil
    }

    private var hasBeaten: Bool {
        if file != nil {
            let time = modified
            defer { seen = time ?? seen }
            return time != nil && time != seen
        }
        guard isOpen else { return false }
        switch StreamReader.read(0) {
        case .bytes: return true
        case .nothing: return false
        case .end:
            isOpen = false
            return false
        }
    }
}

extension RunOrder {
    /// Begins the lease anew.
    static var renewal: RunOrder {
        var order = RunOrder()
        order.renews = true
        return order
    }
}
