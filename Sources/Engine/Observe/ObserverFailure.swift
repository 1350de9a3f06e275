// SPDX-License-Identifier: Apache-2.0

public import LoadModel

/// Why a run could not be made.
public enum ObserverFailure: Error, Sendable {
    /// A stressor process could not be started; its name and the reason.
    case cannotStart(String, String)
    /// The observer could not acquire what it needs.
    case cannotObserve(String)
    /// A signal came before the load began.
    case interrupted(Int32)
    /// Nobody renewed the lease before the load began.
    case leaseExpired(LeaseExpiry)
}
