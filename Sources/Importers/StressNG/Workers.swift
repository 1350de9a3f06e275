// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// How many workers a stressor of stress-ng gets.
enum Workers: Equatable {
    /// 0: as many as processors are configured; a negative number: as many as are online.
    case all
    case count(Int64)

    /// The most that stress-ng takes.
    static let limit: Int64 = 8192

    /// Reads a number, or a percentage of the processors (`core-parse-opts.c`).
    ///
    /// - Parameter options: says how many processors a percentage is of.
    static func read(_ text: String, _ options: ImportOptions) throws(Refusal) -> (Workers, note: String) {
        if let percent = try StressNGScale.percent(text) {
            if percent == 0 { return (.all, "") }
            let share = min(Double(options.processors) * percent / 100, Double(limit) + 1)
            let count = max(1, Int64(share))
            guard count <= limit else { throw Refusal("stress-ng takes \(limit) workers at most") }
            return (.count(count), "\(text) of \(options.processorsText) is \(count)")
        }
        let number = try StressNGScale.integer(text)
        guard number <= limit else { throw Refusal("stress-ng takes \(limit) workers at most") }
        return (number > 0 ? .count(number) : .all, "")
    }

    /// The number itself; `all` is what the options say.
    func number(_ options: ImportOptions) -> Int64 {
        switch self {
        case .all: Int64(options.processors)
        case .count(let count): count
        }
    }
}

extension ImportOptions {
    /// How many processors, and where that comes from.
    var processorsText: String {
        isProcessorsGiven
            ? "the \(processors) of --cpus" : "this host's \(processors) processors (--cpus says another number)"
    }
}

/// Loads that keep processors busy, as several tools ask stress-ng for them.
enum ProcessorLoad {
    /// Workers that are each busy for a share of the time.
    ///
    /// - Parameter percent: the share, 0 to 100.
    static func load(
        _ workers: Workers, percent: Int64, method: String, title: String, cpus: ProcessorList? = nil
    ) -> DraftLoad {
        var settings: [DraftLoad.Setting] = []
        var shape: String
        switch workers {
        case .all:
            settings.append(.init("of", "host"))
            shape = "\(percent)%"
        case .count(let count):
            if (1...1024).contains(count) { settings.append(.init("workers", "\(count)")) }
            shape = AmountText.cores(hundredths: count * percent)
        }
        // Of all processors as many workers are started, and those that are named is where they are.
        if let cpus {
            settings = settings.filter { $0.key != "of" } + [.init("cpus", cpus.text)]
            if workers == .all { shape = AmountText.cores(hundredths: cpus.count * percent) }
        }
        if method != "int" { settings.append(.init("method", method)) }
        return DraftLoad(kind: "cpu", title: title, tag: method, settings: settings, shape: shape)
    }
}
