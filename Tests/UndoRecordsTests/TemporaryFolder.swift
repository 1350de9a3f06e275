// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A folder that is gone, with all that is in it, when its owner is.
final class TemporaryFolder: Sendable {
    /// Its path, without a slash at the end.
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "exert-tests-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes `text` to a file below the folder, making the folders on the way.
    @discardableResult
    func write(_ text: String, to file: String) throws -> String {
        let target = path + "/" + file
        try FileManager.default.createDirectory(
            atPath: (target as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try text.write(toFile: target, atomically: false, encoding: .utf8)
        return target
    }

    /// Makes a folder below this one; reading it as a file fails for everybody, root included.
    func makeFolder(_ name: String) throws {
        try FileManager.default.createDirectory(atPath: path + "/" + name, withIntermediateDirectories: true)
    }
}
