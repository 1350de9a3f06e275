// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc

// What the first process of a process namespace is for; see pid_namespaces(7).
extension CurrentProcess {
    /// Whether this process is the first of its process namespace, as a container's command is.
    public static var isInit: Bool { getpid() == 1 }

    /// Goes on as a child, while the first process does nothing but reap and pass signals on, and ends as that child
    /// does.
    ///
    /// To be called before there is any thread. Where there is room for no other process, nothing happens.
    public static func divideIntoInitAndChild() { CLinux_divide_init() }
}
