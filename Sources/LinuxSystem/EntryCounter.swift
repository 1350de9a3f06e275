// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// The entries of one directory, counted as seldom as their number demands.
public final class EntryCounter {
    private let path: String
    private var questions: FileSystemQuestions?
    private var count: Int64 = 0
    private var nextCount: Int64 = 0

    /// Counts in the directory at `path`, which need not be there yet.
    ///
    /// - Parameter gauge: that of the directory above, which asks in our place where it does so aside.
    public init(_ path: String, through gauge: FileSystemGauge? = nil) {
        self.path = path
        questions = gauge?.questions
    }

    /// The directory and what is in it; 0 where it is not there, `nil` where the file system does not answer.
    ///
    /// A count that took long is not made again before twenty times as long has passed, unless `isExact`.
    ///
    /// - Parameter isExpected: whether something should be there; where nothing is that was not there before, nobody is
    ///   asked.
    public func read(isExact: Bool = false, isExpected: Bool = true) -> Int64? {
        if count == 0, !isExpected, !isExact { return 0 }
        let begin = Clocks.monotonic
        if begin < nextCount, !isExact { return count }
        if let questions {
            guard case .value(let found) = questions.entries(String(path.split(separator: "/").last ?? "")) else {
                return nil
            }
            count = found
        } else {
            countHere()
        }
        let end = Clocks.monotonic
        nextCount = end + 20 * (end - begin)
        return count
    }

    private func countHere() {
        count = 0
        if let folder = try? OwnedDescriptor.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW) {
            count = 1
            DirectoryReader.forEach(ofDescriptor: folder.rawValue) { _ in
                count += 1
                return true
            }
        }
    }
}
