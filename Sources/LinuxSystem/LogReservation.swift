// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc

/// Space behind the end of a file that is appended to, taken ahead so that a full disk does not end it.
///
/// The file's size stays what it is (`FALLOC_FL_KEEP_SIZE`), so that its readers see nothing of it.
public enum LogReservation {
    /// Reserves `count` bytes behind the end of an open file that somebody else owns, or as much of it as there is;
    /// whether there is something to give back now.
    ///
    /// `false` where the file is none on a disk, or the file system does not support it. ``Outlet`` gives it back.
    public static func reserve(behindFile descriptor: Int32, count: Int64) -> Bool {
        var facts = stat()
        guard fstat(descriptor, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else { return false }
        // btrfs copies a block on each write to it, for which a full disk has no room, unless the file was told not to
        // while it was empty.
        if facts.st_size == 0 { _ = CLinux_set_no_copy_on_write(descriptor) }
        var count = count
        while CLinux_fallocate_keeping_size(descriptor, Int64(facts.st_size), count) != 0 {
            if errno == EINTR { continue }
            // On a disk that is nearly full, less of it helps for a while.
            guard errno == ENOSPC, count >= 65536 else { return false }
            count /= 2
        }
        return true
    }

    /// Whether a directory is on the file system of an open file.
    public static func shares(_ descriptor: Int32, with directory: String) -> Bool {
        var file = stat()
        var folder = stat()
        return fstat(descriptor, &file) == 0 && stat(directory, &folder) == 0 && file.st_dev == folder.st_dev
    }
}
