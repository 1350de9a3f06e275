// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// The names of errnos as errno(3) has them; `strerrorname_np` is of glibc 2.32 only.
public enum ErrnoName {
    private static let names: [Int32: String] = [
        EIO: "EIO", ENXIO: "ENXIO", EAGAIN: "EAGAIN", ENOMEM: "ENOMEM", EACCES: "EACCES", EBUSY: "EBUSY",
        ENODEV: "ENODEV", EINVAL: "EINVAL", EFBIG: "EFBIG", ENOSPC: "ENOSPC", EROFS: "EROFS", EPERM: "EPERM",
        ENODATA: "ENODATA", ETIME: "ETIME", ENOLINK: "ENOLINK", EBADE: "EBADE", EILSEQ: "EILSEQ",
        EREMOTEIO: "EREMOTEIO", EOPNOTSUPP: "EOPNOTSUPP", ETIMEDOUT: "ETIMEDOUT", ESTALE: "ESTALE",
        EUCLEAN: "EUCLEAN", EDQUOT: "EDQUOT", ENOMEDIUM: "ENOMEDIUM", ECANCELED: "ECANCELED",
        ESHUTDOWN: "ESHUTDOWN", EBADMSG: "EBADMSG", EPROTO: "EPROTO", EFAULT: "EFAULT", EBADF: "EBADF",
    ]

    /// The name, such as `EIO`, or the number where it is a rare one; 0 is any of several.
    public static func text(_ code: Int32) -> String { code == 0 ? "other" : names[code] ?? "errno \(code)" }
}
