// SPDX-License-Identifier: Apache-2.0

import Foundation

/// How often the tests that make their inputs at random do so.
enum FuzzRounds {
    /// The rounds of one of some parts: so many in the suite, and with `EXERT_FUZZ_ROUNDS` so many in all parts.
    static func ofSuite(_ usual: Int, parts: Int) -> Int {
        ProcessInfo.processInfo.environment["EXERT_FUZZ_ROUNDS"].flatMap(Int.init).map { $0 / parts } ?? usual
    }
}
