// SPDX-License-Identifier: Apache-2.0

internal import LinuxSystem
internal import LoadModel

/// Whose handles a stressor is about, read from its settings.
enum HandleScope: Hashable {
    /// The stressor's own descriptor table, or several of them.
    case process
    /// The system's table of open files.
    case system
    /// The descriptor table of another process, squeezed through its limit.
    case target(processID: Int32)

    init(_ settings: Settings) {
        if let id = settings.integer(Self.targetKey) {
            self = .target(processID: Int32(clamping: id))
        } else {
            self = settings.text("of") == "system" ? .system : .process
        }
    }

    static let targetKey = "target.pid"
    /// The soft limit that the target had when the run was planned; resolved, never given.
    static let limitKey = "target.limit"

    /// What is opened where the profile does not say.
    ///
    /// A dup takes a number of the process and nothing else. The system's table counts open files, of which a dup is
    /// none; `path` is the lightest that there is: half the memory of an eventfd, and nothing but the root directory
    /// is pinned.
    var defaultKind: HandleTable.Kind { self == .system ? .path : .dup }

    /// What is opened.
    func kind(_ settings: Settings) -> HandleTable.Kind {
        settings.text("handle").flatMap(HandleTable.Kind.init) ?? defaultKind
    }
}

extension HandleTable.Kind {
    /// What a handle costs the kernel in bytes, measured on Linux 6.18.
    var kernelBytes: Double {
        switch self {
        case .dup: 17
        case .path, .file: 200
        case .eventfd: 400
        case .epoll: 460
        case .inotify: 1100
        case .pipe: 1220
        case .socket: 2430
        }
    }
}
