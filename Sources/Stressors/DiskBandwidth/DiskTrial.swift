// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import LinuxSystem
internal import UndoRecords

/// Tries, with a file of its own that is gone at once, what a directory allows.
struct DiskTrial {
    /// For people.
    let directory: String
    /// What leads there.
    let location: String
    let isDirect: Bool

    /// What offsets and lengths must be multiples of, in bytes.
    func alignment() throws(PlanProblem) -> Int {
        guard isDirect else {
            do {
                _ = try WorkingFile.create(in: location, isDirect: false).rawDescriptor
                return 1
            } catch {
                throw .unsupported("no file can be made in '\(directory)': \(error)")
            }
        }
        do {
            return try DirectAlignment.probe(in: location).offset
        } catch {
            // The same without O_DIRECT tells which of the two is refused.
            do {
                _ = try WorkingFile.create(in: location, isDirect: false).rawDescriptor
            } catch {
                throw .unsupported("no file can be made in '\(directory)': \(error)")
            }
            throw .unsupported("'\(directory)' takes no direct I/O (\(error)); use sync: buffered")
        }
    }

    /// Why io_uring cannot be used; `nil` where it can.
    func ringProblem(count: Int) -> String? {
        do {
            let file = try WorkingFile.create(in: location, isDirect: isDirect)
            try IORing.probe(file, count: max(512, count))
            return nil
        } catch {
            return "\(error)"
        }
    }
}
