// SPDX-License-Identifier: Apache-2.0

import Benchmark

/// All micro-benchmarks.
///
/// Their names are those of the files in `Thresholds/`, so they have neither blanks nor slashes.
let benchmarks: @Sendable () -> Void = {
    addPacer()
    addCurve()
    addProfile()
    addKernelText()
    addLog()
}
