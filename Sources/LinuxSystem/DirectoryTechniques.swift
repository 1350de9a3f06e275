// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc
public import SystemPackage

extension Technique {
    /// Files in `directory`, which must exist: made without a name, 1 MiB at the most, and gone when this returns.
    ///
    /// - Parameter make: how a file is made where the file system has none without a name.
    public static func files(in directory: String, make: WorkingFile.Maker) -> [Technique] {
        Places.waitForAnswer(of: directory, writes: true)
        return [unnamedFile(directory), allocate(directory, make), directIO(directory, make)]
    }

    /// Makes a file without a name and asks for its number of links.
    static func unnamedFile(_ directory: String) -> Technique {
        let means = "open with O_TMPFILE, then fstat, which must say 0 links"
        let descriptor = CLinux_open_unnamed(directory)
        if descriptor < 0 { return .fails(.unnamedFile, by: means, "refused", lastError) }
        let file = OwnedDescriptor(owning: descriptor)
        var facts = stat()
        guard fstat(file.rawValue, &facts) == 0 else { return .fails(.unnamedFile, by: means, "no fstat", lastError) }
        return facts.st_nlink == 0
            ? .works(.unnamedFile, by: means, "made without a name")
            : .fails(.unnamedFile, by: means, "accepted, and the file has \(facts.st_nlink) names")
    }

    /// Takes 1 MiB and gives it back, and reads both off `st_blocks`.
    static func allocate(_ directory: String, _ make: WorkingFile.Maker) -> Technique {
        let means = "fallocate of 1 MiB and ftruncate to 0, with st_blocks read after each"
        let size: Int64 = 1 << 20
        do throws(Errno) {
            let file = try make(directory, false)
            try file.preallocate(size)
            let taken = file.allocated
            guard taken >= size else {
                return .fails(.allocate, by: means, "accepted, and the file takes \(taken) bytes of the file system")
            }
            try file.setSize(0)
            let left = file.allocated
            // A file may keep a block for what is known of it.
            guard left < size / 2 else {
                return .fails(.allocate, by: means, "taken, and \(left) bytes stay taken after ftruncate")
            }
            return .works(.allocate, by: means, "\(taken) bytes taken and given back")
        } catch {
            return .fails(.allocate, by: means, "refused", error)
        }
    }

    /// Writes one block past the page cache and reads it back.
    static func directIO(_ directory: String, _ make: WorkingFile.Maker) -> Technique {
        let means = "statx STATX_DIOALIGN, then one write and one read with O_DIRECT"
        do throws(Errno) {
            let file = try make(directory, true)
            let alignment = try DirectAlignment(of: file)
            let size = max(alignment.offset, 512)
            let figures = [
                Figure(name: "memory_alignment_bytes", value: Double(alignment.memory)),
                Figure(name: "offset_alignment_bytes", value: Double(alignment.offset)),
            ]
            let buffer = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: max(4096, alignment.memory))
            defer { buffer.deallocate() }
            buffer.initializeMemory(as: UInt8.self, repeating: 0xE7, count: size)
            let written = file.write(buffer, count: size, at: 0)
            if written < 0 { throw Errno(rawValue: Int32(-written)) }
            buffer.initializeMemory(as: UInt8.self, repeating: 0, count: size)
            let count = file.read(buffer, count: size, at: 0)
            if count < 0 { throw Errno(rawValue: Int32(-count)) }
            guard count == size, buffer.load(fromByteOffset: size - 1, as: UInt8.self) == 0xE7 else {
                return .fails(.directIO, by: means, "what was written does not come back", nil, figures)
            }
            return .works(
                .directIO, by: means,
                "addresses in multiples of \(alignment.memory), offsets of \(alignment.offset) bytes", figures)
        } catch {
            return .fails(.directIO, by: means, "refused", error)
        }
    }
}
