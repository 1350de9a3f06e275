// SPDX-License-Identifier: Apache-2.0

import LoadModel

/// Something that is given an amount: a stressor, a guard's metric, a tolerance, a setting.
struct AmountTaker {
    /// What it is called in messages, in quotes where it is a word of the profile.
    var name: String
    /// The kinds of amount that it takes.
    var kinds: [AmountKind]

    /// A stressor that is given a target.
    init(stressor: String, of manifest: Manifest) {
        name = "'\(stressor)'"
        kinds = manifest.amounts
    }

    init(name: String, kinds: [AmountKind]) {
        self.name = name
        self.kinds = kinds
    }

    /// What it takes, each kind with an example.
    var taking: String {
        let examples = kinds.map { kind in
            switch kind {
            case .percent: "a percentage such as '80%'"
            case .cores: "cores such as '1.5 cores'"
            case .bytes: "bytes such as '512MiB'"
            case .count: "a count such as '15000'"
            case .bytesPerSecond: "bytes per second such as '50MB/s'"
            case .operationsPerSecond: "operations per second such as '2000 iops'"
            case .max: "'max'"
            case .leave: "'leave \(leaveExample)'"
            }
        }
        return "\(name) takes \(Wording.either(examples))"
    }

    /// The amount that `leave` would be given here.
    private var leaveExample: String {
        for kind in kinds {
            switch kind {
            case .cores: return "0.5 cores"
            case .bytes: return "8MiB"
            case .count: return "10"
            case .bytesPerSecond: return "10MB/s"
            case .operationsPerSecond: return "100 iops"
            case .percent, .max, .leave: continue
            }
        }
        return "10%"
    }

    /// An amount that may be more than there is, for who wrote more than 100 percent.
    var amountBeyondLimit: String? {
        for kind in kinds {
            switch kind {
            case .cores: return "3 cores"
            case .bytes: return "64GiB"
            case .count: return "50000"
            case .bytesPerSecond: return "500MB/s"
            case .operationsPerSecond: return "20000 iops"
            case .percent, .max, .leave: continue
            }
        }
        return nil
    }
}

extension AmountKind {
    /// What an amount of this kind is called when it is not taken.
    var title: String {
        switch self {
        case .percent: "a percentage"
        case .cores: "an amount of cores"
        case .bytes: "an amount of bytes"
        case .count: "a count"
        case .bytesPerSecond: "bytes per second"
        case .operationsPerSecond: "operations per second"
        case .max: "all that there is"
        case .leave: "all but an amount"
        }
    }
}

extension Unit {
    /// The kind of amount that is written in this unit.
    var amountKind: AmountKind {
        switch self {
        case .cores: .cores
        case .bytes: .bytes
        case .handles, .inodes: .count
        case .bytesPerSecond: .bytesPerSecond
        case .operationsPerSecond: .operationsPerSecond
        }
    }
}
