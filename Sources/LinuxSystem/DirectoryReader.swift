// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// The names in a directory.
public enum DirectoryReader {
    /// Reads the names in an open directory, `.` and `..` left out; empty where it cannot be read.
    ///
    /// - Parameter limit: how many names are read at most.
    public static func names(ofDescriptor descriptor: Int32, limit: Int = .max) -> [String] {
        var names: [String] = []
        forEach(ofDescriptor: descriptor) { name in
            names.append(String(cString: name))
            return names.count < limit
        }
        return names
    }

    /// Hands each name to `body` until that returns `false`.
    package static func forEach(ofDescriptor descriptor: Int32, _ body: (UnsafePointer<CChar>) -> Bool) {
        // A description of its own: the position in the directory is that of the description.
        let own = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard own >= 0 else { return }
        guard let stream = fdopendir(own) else {
            close(own)
            return
        }
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            let goesOn = withUnsafePointer(to: &entry.pointee.d_name) { field in
                field.withMemoryRebound(to: CChar.self, capacity: 256) { name in
                    strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || body(name)
                }
            }
            if !goesOn { return }
        }
    }
}
