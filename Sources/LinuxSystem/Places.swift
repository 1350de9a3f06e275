// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import Synchronization

/// Places in file systems, asked for an answer before this process touches them.
///
/// Before the load begins, exert reads profiles and traces, opens a log, and looks at directories and at its records.
/// Whoever writes to a frozen file system (fsfreeze(8)) waits in `percpu_rwsem_wait`, which no signal ends, not even
/// SIGKILL. So a process of its own touches each place first, and may hang there, while this one waits for it, says
/// what hangs, and ends when it is told to.
public enum Places {
    /// How long an answer is waited for without a word, in ns.
    private static let quiet: Int64 = 1_000_000_000

    private struct State {
        var isAsking = false
        var limit: Int64 = 0
        var tell: (@Sendable (String) -> Void)?
        var questions: FileSystemQuestions?
        /// What was asked, and who hangs there; `nil` where there was an answer.
        var known: [Question: HungProcess?] = [:]
    }

    private struct Question: Hashable {
        var path: String
        var writes: Bool
    }

    private static let state = Mutex(State())

    /// From now on, places are asked; what hangs is told after a second.
    ///
    /// - Parameters:
    ///   - limit: how long an answer is waited for, in ns; who touches the place then gets ``Errno/timedOut``.
    ///   - tell: says a sentence on standard error.
    public static func beginAsking(limit: Int64, tell: @escaping @Sendable (String) -> Void) {
        state.withLock { $0 = State(isAsking: true, limit: limit, tell: tell) }
    }

    /// From now on this process asks nobody: it touches nothing that it has not touched before.
    public static func endAsking() { state.withLock { $0 = State() } }

    /// Waits until the file system of `path` answers; who hangs there where it does not, `nil` where it does.
    ///
    /// - Parameters:
    ///   - writes: whether something there is to be made or changed.
    ///   - limit: how long to wait, in ns, where that is less than this process would.
    @discardableResult
    public static func waitForAnswer(
        of path: String, writes: Bool = false, atMost limit: Int64 = .max
    ) -> HungProcess? {
        // Before the lock: who waits there looks at the kernel's own files.
        guard let path = absolute(path) else { return nil }
        return state.withLock { state in
            guard state.isAsking else { return nil }
            let question = Question(path: path, writes: writes)
            if let known = state.known[question] { return known }
            let hung = ask(question, min(limit, state.limit), &state)
            state.known[question] = .some(hung)
            // It stays where it hangs; the next place is asked by another one.
            if hung != nil { state.questions = nil }
            return hung
        }
    }

    /// Who hangs where `path` is, when it has not answered within `patience` ns; `nil` where it has.
    public static func silence(of path: String, patience: Int64) -> HungProcess? {
        guard let path = absolute(path), let questions = FileSystemQuestions("/") else { return nil }
        return wait(questions, Question(path: path, writes: false), until: Clocks.monotonic + patience) {}
    }

    private static func ask(_ question: Question, _ limit: Int64, _ state: inout State) -> HungProcess? {
        state.questions = state.questions ?? FileSystemQuestions("/")
        // Without another process the place is touched all the same.
        guard let questions = state.questions else { return nil }
        let (begun, tell) = (Clocks.monotonic, state.tell)
        var isTold = false
        return wait(questions, question, until: begun + limit) {
            guard !isTold, Clocks.monotonic - begun > quiet else { return }
            isTold = true
            tell?("waiting for the file system of \(question.path), which does not answer: \(questions.asker.text)")
        }
    }

    private static func wait(
        _ questions: FileSystemQuestions, _ question: Question, until deadline: Int64, meanwhile: () -> Void
    ) -> HungProcess? {
        if questions.touch(question.path, writes: question.writes) { return nil }
        while questions.silence > 0 {
            if Clocks.monotonic >= deadline { return questions.asker }
            usleep(10_000)
            meanwhile()
        }
        return nil
    }

    /// The path from the root; `nil` for what is the kernel's own.
    private static func absolute(_ path: String) -> String? {
        var path = path
        if !path.hasPrefix("/") {
            guard let directory = CurrentUser.workingDirectory else { return nil }
            path = directory + "/" + path
        }
        return ["/proc", "/sys", "/dev"].contains { path == $0 || path.hasPrefix($0 + "/") } ? nil : path
    }
}
