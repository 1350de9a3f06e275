// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc

// What the first process of a process namespace is for; see pid_namespaces(7).
extension CurrentProcess {
    /// Whether this process is the first of its process namespace, as a container's command is.
    public static var isInit: Bool { getpid() == 1 }

    /// The name of a system call that exert cannot do without, and for which this process would be killed by a filter,
    /// see seccomp(2); `nil` where there is none.
    public static var forbiddenCall: String? { CLinux_needed_call_that_kills().map { String(cString: $0) } }

    /// Goes on as a child, while the first process does nothing but reap and pass signals on, and ends as that child
    /// does.
    ///
    /// To be called before there is any thread. Where there is room for no other process, nothing happens.
    public static func divideIntoInitAndChild() { CLinux_divide_init() }
}
