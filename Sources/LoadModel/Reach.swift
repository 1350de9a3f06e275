// SPDX-License-Identifier: Apache-2.0

/// How far what somebody asks for can be felt: whoever lets others start runs allows reaches, not keys.
public enum Reach: String, CaseIterable, Sendable {
    /// The run's own processes, and the CPU time and memory that they take.
    case ownProcess = "own-process"
    /// Files in a directory, and the file system that it is on.
    case directory
    /// A control group that is not the caller's own.
    case controlGroup = "control-group"
    /// A process that is no part of the run.
    case otherProcess = "process"
    /// What all processes of a user share, such as their inotify instances.
    case user
    /// What everybody on the host shares, such as the system's table of open files.
    case host
    /// Other hosts, and the way to them.
    case network
    /// A device, past the file system that may be on it.
    case device
}

extension Manifest {
    /// The reach of a setting's values; a key cannot be declared without.
    public enum KeyReach: Hashable, Sendable {
        /// Every value has the same.
        case always(Reach)
        /// Each value, as a profile writes it, has its own; one that is not here has none, and is denied.
        case byValue([String: Reach])
    }
}

extension Manifest.Key {
    /// The reach of `value`; `nil` where nobody stated it.
    public func reach(of value: SettingValue) -> Reach? {
        switch reach {
        case .always(let reach): return reach
        case .byValue(let reaches):
            switch value {
            case .text(let word): return reaches[word]
            case .boolean(let flag): return reaches["\(flag)"]
            case .integer(let number): return reaches["\(number)"]
            default: return nil
            }
        }
    }

    /// What is beyond the run's own processes, for people: the reach, or the words that have one.
    public var reachWords: String? {
        switch reach {
        case .always(.ownProcess): return nil
        case .always(let reach): return reach.rawValue
        case .byValue(let reaches):
            let far = Set(reaches.values).subtracting([.ownProcess]).sorted { $0.rawValue < $1.rawValue }
            guard !far.isEmpty else { return nil }
            return far.map { reach in
                let words = reaches.filter { $0.value == reach }.keys.sorted()
                return "\(words.joined(separator: ", ")): \(reach.rawValue)"
            }.joined(separator: "; ")
        }
    }
}
