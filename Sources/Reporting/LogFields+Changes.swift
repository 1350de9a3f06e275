// SPDX-License-Identifier: Apache-2.0

import LoadModel

extension RunChange {
    /// What the log calls it.
    var name: String {
        switch kind {
        case .load: "retargeted"
        case .paused: "paused"
        case .resumed: "resumed"
        }
    }
}

extension JSONWriter {
    mutating func changeMembers(_ change: RunChange) {
        if case .load(let stressor, let text) = change.kind {
            key("stressor")
            string(stressor)
            key("load")
            string(text)
        }
        key("from_s")
        seconds(of: change.from)
        if let within = change.within {
            key("within_s")
            seconds(of: within)
        }
    }

    mutating func expiryMembers(_ expiry: LeaseExpiry) {
        key("lease_s")
        seconds(of: expiry.length)
    }
}
