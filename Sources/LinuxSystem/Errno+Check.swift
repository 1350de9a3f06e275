// SPDX-License-Identifier: Apache-2.0

internal import Glibc
package import SystemPackage

/// Turns the `-1` of a system call into the errno that it left; nothing may run between the call and this.
@inline(__always)
package func check<I: FixedWidthInteger>(_ result: I) throws(Errno) -> I {
    if result == -1 { throw Errno(rawValue: errno) }
    return result
}

/// Turns the errno that a pthread or posix_spawn call returns into a thrown one.
@inline(__always)
func checkCode(_ code: Int32) throws(Errno) {
    if code != 0 { throw Errno(rawValue: code) }
}
