// SPDX-License-Identifier: Apache-2.0

/// Why a stressor cannot do what it was told.
public enum StressorFailure: Error, Hashable, Sendable {
    /// The next step is refused now and may be granted later: counted, reported, tried again.
    case refused(String)
    /// It cannot go on at all.
    case impossible(String)
}
