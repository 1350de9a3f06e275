// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// What the files of a mount are kept on in the end: disks, memory, or something that cannot be seen from here.
///
/// An overlay keeps them where its upper directory is, a loop device where its file is, a mapped device on what it
/// maps; each of these may be in memory, and then a disk load would take memory.
public struct Storage: Hashable, Sendable {
    /// What there is at the bottom.
    public enum Medium: Hashable, Sendable {
        /// Disks of this host.
        case disk
        /// The host's memory, in whole or in part.
        case memory
        /// Neither can be seen; why.
        case unknown(String)
    }

    /// What there is at the bottom.
    public var medium: Medium
    /// What lies on what, such as `overlay on tmpfs` or `ext4 on loop0 on tmpfs`; of memory the way that leads there.
    public var text: String
    /// The block device, where one can be seen.
    public var device: BlockDevice?

    /// Whether it is memory.
    public var isMemory: Bool { medium == .memory }
    /// Why it cannot be told what it is; `nil` where it can.
    public var unknown: String? {
        if case .unknown(let why) = medium { why } else { nil }
    }

    /// Finds what is behind the mount that `path` lies on.
    ///
    /// - Parameter prefix: put before every path under `/sys` and `/dev`; tests set it to a folder of fixtures.
    public init(behind path: String, mounts: MountTable = .read(), prefix: String = "") {
        self.init(of: mounts.mount(of: path), mounts: mounts, prefix: prefix)
    }

    init(of mount: MountTable.Entry?, mounts: MountTable, prefix: String = "") {
        guard let mount else {
            medium = .unknown("its mount is not in /proc/self/mountinfo")
            text = "unknown"
            return
        }
        var search = BlockDevice.Search(mounts: mounts, prefix: prefix)
        search.visit(mount, depth: 0)
        device = BlockDevice(search)
        if let memory = search.memory {
            medium = .memory
            text = memory
            return
        }
        text = [mount.type, device?.text].compactMap { $0 }.joined(separator: " on ")
        let why = search.unknown ?? (device == nil ? "\(mount.type) from \(mount.source) shows no device" : nil)
        medium = why.map { .unknown($0) } ?? .disk
    }
}

extension MountTable {
    /// The mount that the upper directory of an overlay lies on; `nil` where that cannot be seen from here.
    ///
    /// Its path is told as the mounter wrote it, in a mount namespace that may be another one: something else may be
    /// there, or nothing. An overlay passes on the size of what is below it (`ovl_statfs` in `fs/overlayfs/super.c`).
    func upper(of overlay: Entry) -> Entry? {
        let option = overlay.options.split(separator: ",").first { $0.hasPrefix("upperdir=") }
        guard let path = option.map({ String($0.dropFirst(9)) }), path.hasPrefix("/") else { return nil }
        if isReal {
            var (own, below) = (statvfs(), statvfs())
            guard Places.waitForAnswer(of: path) == nil, statvfs(path, &below) == 0, statvfs(overlay.point, &own) == 0,
                own.f_blocks == below.f_blocks,
                own.f_frsize == below.f_frsize, own.f_files == below.f_files
            else { return nil }
        }
        return mount(of: path).flatMap { $0 == overlay ? nil : $0 }
    }

    /// The mount that a loop device's file lies on; `nil` where the file cannot be seen from here.
    ///
    /// - Parameters:
    ///   - path: as `loop/backing_file` under `/sys` tells it, which is another namespace's where that attached it.
    ///   - size: of the device, in bytes.
    func backing(_ path: String, size: Int64) -> Entry? {
        // The file may have lost its name since; its directory stays on the file system.
        let removed = " (deleted)"
        let isRemoved = path.hasSuffix(removed)
        let name = isRemoved ? String(path.dropLast(removed.count)) : path
        guard name.hasPrefix("/") else { return nil }
        let folder = name.split(separator: "/").dropLast().joined(separator: "/")
        let place = isRemoved ? "/" + folder : name
        if isReal {
            var facts = stat()
            guard Places.waitForAnswer(of: place) == nil, stat(place, &facts) == 0 else { return nil }
            let isFile = facts.st_mode & S_IFMT == S_IFREG
            guard isRemoved || (isFile && Int64(facts.st_size) >= size) || facts.st_mode & S_IFMT == S_IFBLK else {
                return nil
            }
        }
        return mount(of: place)
    }
}
