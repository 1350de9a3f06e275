// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import LinuxSystem
internal import LoadModel

/// What `leave N` means for memory: N is left, and not N with the usual headroom and the process's shared code on top.
///
/// The pages of the binary and of libraries are in the page cache, whoever maps them: of a host they are available all
/// the same, and of a group whoever read them first was charged. So a stressor that leaves a part of what there is
/// counts its anonymous memory, which is what it takes from others.
enum LeftMemory {
    /// The setting that carries the least amount that any load leaves, so that the process refuses only beyond it.
    static let leastKey = "least-left"
    /// The setting that says what of the process is the target, where it is not its resident set.
    static let countKey = "counted"
    static let anonymous = "anonymous"

    /// How far a process may come below what is to be left before it refuses: page tables and stacks are charged, too,
    /// and a page more or less is no reason to stop.
    private static let slack: Int64 = 8 << 20

    /// Whether the target is the process's anonymous memory.
    static func isAnonymous(_ settings: Settings) -> Bool { settings.text(countKey) == anonymous }

    /// The least amount that the loads of `request` leave, in bytes; `nil` where none leaves any.
    static func least(_ request: LoadRequest, capacity: Double) -> Int64? {
        let amounts = request.left.compactMap { amount -> Int64? in
            switch amount {
            case .bytes(let bytes): Int64(bytes)
            case .percent(let percent): Int64(min(percent / 100 * capacity, 0x1p62))
            default: nil
            }
        }
        return amounts.min()
    }

    /// The settings that tell the process and the witness.
    static func settings(_ request: LoadRequest, base: Base) -> [String: SettingValue] {
        guard let least = least(request, capacity: base.capacity) else { return [:] }
        // Of a total, and on nodes, anonymous memory is counted anyway; and each node has its own headroom.
        if let nodes = request.settings.nodes(NodeSetting.key)?.nodes.count {
            return [leastKey: .bytes(least / Int64(max(1, nodes)))]
        }
        guard base.mode == .add else { return [leastKey: .bytes(least)] }
        return [leastKey: .bytes(least), countKey: .text(anonymous)]
    }

    /// The headroom that is kept: what the profile says, else the usual one, but no more than a load is to leave.
    ///
    /// - Parameter revised: the least that a load leaves which came while the run went on; 0 where none did.
    static func headroom(_ settings: Settings, usual: Int64, revised: Int64 = 0) -> Int64 {
        if let written = settings.bytes("headroom") { return written }
        let planned = settings.bytes(leastKey)
        guard let least = revised > 0 ? min(revised, planned ?? revised) : planned else { return usual }
        return min(usual, least - min(least / 2, slack))
    }

    /// The plan says where the profile's own headroom is more than what is to be left.
    static func findings(_ request: LoadRequest, base: Base) -> [Finding] {
        guard let written = request.settings.bytes("headroom"),
            let least = least(request, capacity: base.capacity), least < written
        else { return [] }
        let (asked, kept) = HumanUnits.amounts(Double(least), Double(written), .bytes)
        return [
            Finding(
                code: "headroom_above_left", severity: .note,
                message: "a load leaves \(asked) and the profile's 'headroom' is \(kept), so \(kept) are left; lower "
                    + "'headroom' to leave less")
        ]
    }

    /// What a process like this one has resident that others share; of a load that began without `leave` it is part of
    /// the target, and what is left would be that much more.
    static var sharedBytes: Int64 {
        guard let resident = ProcessOverhead.resident, let anonymous = ProcessOverhead.anonymous else { return 0 }
        return max(0, resident - anonymous)
    }
}
