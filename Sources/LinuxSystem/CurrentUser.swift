// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Whom this process belongs to and where it stands.
public enum CurrentUser {
    /// The effective user's number.
    public static var effectiveID: Int64 { Int64(geteuid()) }

    /// The working directory; `nil` where it is gone or lies outside what can be seen.
    public static var workingDirectory: String? {
        guard let path = getcwd(nil, 0) else { return nil }
        defer { free(path) }
        return String(cString: path)
    }
}
