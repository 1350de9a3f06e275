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

/// SplitMix64: the same numbers in every run, so that what fails once fails again.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// A number from 0 up to `bound`; the tiny bias does not matter here, and it is quick without optimisation.
    mutating func below(_ bound: Int) -> Int { Int(truncatingIfNeeded: next() >> 1) % bound }
}
