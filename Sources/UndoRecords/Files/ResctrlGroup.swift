// SPDX-License-Identifier: Apache-2.0

internal import Glibc
public import LinuxSystem
internal import SystemPackage

/// A monitor group of ours: what its tasks move from and to memory is counted, and nothing else about them changes.
///
/// There is an undo record on disk before it is made, so that it does not outlive a process that is killed by more than
/// the time until the next start.
public final class ResctrlGroup {
    /// Its directory.
    public let directory: String
    private var record: UndoRecord?

    /// Makes a group of a unique name.
    public init(in resctrl: Resctrl, journal: UndoJournal = .standard()) throws(Resctrl.Problem) {
        let number = String(UInt64.random(in: 0...(.max)), radix: 16)
        let name = "exert-\(getpid())-\(number)"
        do {
            var place = try NamedObject.place("\(resctrl.groups)/\(name)")
            var record = try journal.record(MadeGroup(place.object))
            guard mkdirat(place.folder.rawValue, name, 0o700) == 0 else {
                let error = Errno(rawValue: errno)
                record.discard()
                // ENOSPC: the processor tells only so many groups apart (num_rmids).
                throw Resctrl.Problem(text: "a monitor group cannot be made in \(resctrl.groups): \(error)")
            }
            let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
            let made = openat(place.folder.rawValue, name, flags)
            if made >= 0 { place.object.object = FileIdentity(of: OwnedDescriptor(owning: made).rawValue) }
            do {
                try record.update(MadeGroup(place.object))
            } catch {
                _ = try? record.undo()
                throw error
            }
            directory = place.object.path
            self.record = consume record
        } catch let problem as Resctrl.Problem {
            throw problem
        } catch {
            throw Resctrl.Problem(text: "\(error)")
        }
    }

    deinit { remove() }

    /// Adds all threads of a process, and those that they start from then on.
    public func add(processID: Int32, proc: String = "/proc") throws(Resctrl.Problem) {
        do throws(Errno) {
            let folder = try OwnedDescriptor.open("\(proc)/\(processID)/task", O_RDONLY | O_DIRECTORY)
            let tasks = try OwnedDescriptor.open(directory + "/tasks", O_WRONLY | O_APPEND)
            // One write for each: the kernel takes no list before 6.6.
            for id in DirectoryReader.names(ofDescriptor: folder.rawValue) {
                do throws(Errno) {
                    try tasks.write(all: Array("\(id)\n".utf8))
                } catch .noSuchProcess {
                    // It has ended meanwhile.
                }
            }
        } catch {
            throw Resctrl.Problem(text: "process \(processID) cannot be put into \(directory): \(error)")
        }
    }

    /// Removes it; its tasks are back where they came from.
    public func remove() {
        guard let record = record.take() else { return }
        // An explicit end says what went wrong; here nobody listens, and the record stays for the next start.
        _ = try? record.undo()
    }
}
