// SPDX-License-Identifier: Apache-2.0

public import LoadModel

/// Why a stressor cannot do what it was told.
public enum StressorFailure: Error, Hashable, Sendable {
    /// The next step is refused now and may be granted later: counted, reported, tried again.
    ///
    /// The cause is `saturation` where there is no more of the resource, and `refusal` where a rule said no.
    case refused(String, because: Cause = .refusal)
    /// It cannot go on at all.
    case impossible(String)
}
