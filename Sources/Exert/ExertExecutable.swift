// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// The binary that runs are observed by.
package enum ExertExecutable {
    /// The variable of the environment that names it.
    package static let variable = "EXERT_EXECUTABLE"

    /// Finds it: what `EXERT_EXECUTABLE` names, this very process, beside it, in `PATH`.
    package static func find() throws(Refusal) -> String {
        if let path = value(variable), !path.isEmpty {
            if isExecutable(path) { return path }
            throw Refusal(.internal, "\(variable) names '\(path)', which is no file that can be executed")
        }
        let own = thisProcess
        var parts = own.split(separator: "/", omittingEmptySubsequences: false)
        // Whatever replaces the file meanwhile: this process and its runs are one version.
        if parts.last == "exert" || parts.last == "exert (deleted)" { return "/proc/self/exe" }
        // The package manager puts test bundles beside or below its products.
        for _ in 0..<4 where !parts.isEmpty {
            parts.removeLast()
            let path = parts.joined(separator: "/") + "/exert"
            if path.hasPrefix("/"), isExecutable(path) { return path }
        }
        for folder in (value("PATH") ?? "").split(separator: ":") {
            let path = "\(folder)/exert"
            if isExecutable(path) { return path }
        }
        throw Refusal(
            .internal,
            "there is no exert beside this program (\(own)) and none in PATH; install it, or name it with \(variable)")
    }

    /// Where this process's binary is.
    package static var thisProcess: String {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = buffer.withUnsafeMutableBytes { bytes in
            readlink("/proc/self/exe", bytes.baseAddress!.assumingMemoryBound(to: CChar.self), bytes.count)
        }
        return String(decoding: buffer[..<max(0, count)], as: UTF8.self)
    }

    private static func isExecutable(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
    }

    private static func value(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}
