// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// What a command line or a job file of stress-ng asks for, as stress-ng reads it.
struct StressNGRun {
    /// One request for workers, such as `--cpu 4`; the same stressor may be asked for again and again.
    struct Item {
        var name: String
        /// How many workers, as it is written.
        var instances: String
        /// Its place in ``StressNGRun/options``.
        var option: Int
    }

    /// An option with its value.
    struct Option {
        var name: String
        var value: String?
        /// What stands in the source.
        var text: String
        var mark: SourceMark?
        var fate: ImportAccount.Fate?
        var note = ""
    }

    /// A value that a stressor's option was given; `item` is the request for workers that it stands behind.
    struct Setting {
        var name: String
        var option: Int
        var item: Int?
    }

    private(set) var items: [Item] = []
    var options: [Option] = []
    var problems: [Diagnostic] = []
    /// `nil` where neither was said, and the stressors run at once.
    var isSequential: Bool?
    /// The option that says how long; the last one counts.
    var timeout: Int?
    /// Where files are made.
    var directory: String?
    /// On which processors everything runs.
    var processors: String?
    private var settings: [Setting] = []
    /// Indices into ``settings``.
    private var byName: [String: [Int]] = [:]
    /// Of each item, the first setting that it does not see.
    private var horizons: [Int: Int] = [:]

    /// The most options that are taken.
    static let optionLimit = 2000

    /// Notes an option; returns its place, or `nil` where there are too many.
    mutating func add(_ name: String, _ value: String?, _ text: String, _ mark: SourceMark?) -> Int? {
        guard options.count < Self.optionLimit else {
            if problems.last?.message.hasPrefix("more than") != true {
                problems.append(Diagnostic(mark, "more than \(Self.optionLimit) options; import it in parts"))
            }
            return nil
        }
        options.append(Option(name: name, value: value, text: text, mark: mark))
        return options.count - 1
    }

    mutating func settle(_ option: Int, _ fate: ImportAccount.Fate, _ note: String = "") {
        options[option].fate = fate
        options[option].note = note
    }

    mutating func refuse(_ option: Int, _ refusal: Refusal) {
        problems.append(Diagnostic(options[option].mark, "\(options[option].text): \(refusal.message)"))
    }

    /// A request for workers.
    mutating func start(_ name: String, _ instances: String, _ option: Int) {
        items.append(Item(name: name, instances: instances, option: option))
    }

    /// A value for a stressor's option.
    mutating func set(_ name: String, _ option: Int) {
        let item = items.isEmpty ? nil : items.count - 1
        // Looking for a setting ends behind those that stand right behind the workers that ask (`core-setting.c`).
        if let last = settings.last?.item, last != item, horizons[last] == nil { horizons[last] = settings.count }
        byName[name, default: []].append(settings.count)
        settings.append(Setting(name: name, option: option, item: item))
    }

    /// Which option gives the stressor of an item a setting; `nil` where none does.
    ///
    /// Values belong to the request for workers that they stand behind. Workers without any of their own see all of
    /// them, and the last one counts. So Debian's version does; since stress-ng keeps one value for each name, the last
    /// one counts for all.
    func option(_ name: String, of item: Int) -> Int? {
        guard let indices = byName[name] else { return nil }
        let horizon = horizons[item] ?? .max
        return indices.last { $0 < horizon }.map { settings[$0].option }
    }

    /// The last option of the name, which counts for all in newer versions.
    func lastOption(_ name: String) -> Int? { byName[name]?.last.map { settings[$0].option } }

    /// Options that give a setting to some stressor.
    var used: Set<Int> {
        var used: Set<Int> = []
        for index in items.indices {
            for name in byName.keys where name.hasPrefix(items[index].name) {
                if let option = option(name, of: index) { used.insert(option) }
            }
        }
        return used
    }
}
