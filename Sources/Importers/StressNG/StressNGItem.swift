// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// The loads of one request for workers.
struct StressNGItem {
    var run: StressNGRun
    let index: Int
    let workers: Workers
    let options: ImportOptions
    var loads: [DraftLoad] = []
    /// Whether the loads run on the processors of `taskset` alone.
    private(set) var isConfined = false

    init(run: StressNGRun, index: Int, workers: Workers, options: ImportOptions) {
        self.run = run
        self.index = index
        self.workers = workers
        self.options = options
    }

    var name: String { run.items[index].name }
    private var option: Int { run.items[index].option }

    mutating func settle(_ fate: ImportAccount.Fate, _ note: String = "") { run.settle(option, fate, note) }

    mutating func add(
        _ kind: String, _ shape: String, tag: String? = nil, _ settings: [(String, String)] = []
    ) {
        loads.append(
            DraftLoad(
                kind: kind, title: name, tag: tag, settings: settings.map { .init($0.0, $0.1) }, shape: shape))
    }

    /// The value of an option that counts for this stressor, which `settle` is told of.
    func value(_ suffix: String) -> (text: String, option: Int)? {
        guard let option = run.option("\(name)-\(suffix)", of: index) else { return nil }
        return (run.options[option].value ?? "", option)
    }

    /// Settles an option that counts for this stressor.
    mutating func settle(_ suffix: String, _ option: Int, _ fate: ImportAccount.Fate, _ note: String = "") {
        var note = note
        var fate = fate
        if let last = run.lastOption("\(name)-\(suffix)"), last != option,
            run.options[last].value != run.options[option].value
        {
            fate = fate == .exact ? .near : fate
            note += note.isEmpty ? "" : "; "
            note += "newer versions of stress-ng take the last '\(name)-\(suffix)' for all '\(name)'"
        }
        run.settle(option, fate, note)
    }

    /// Whether a flag is given.
    mutating func takeFlag(_ suffix: String, _ fate: ImportAccount.Fate = .exact, _ note: String = "") -> Bool {
        guard let option = run.option("\(name)-\(suffix)", of: index) else { return false }
        let value = run.options[option].value
        settle(suffix, option, fate, note)
        return value != "0"
    }

    /// The processors of `taskset`, where they are numbers, to which a load is confined.
    mutating func confine() -> ProcessorList? {
        let cpus = run.processors.flatMap { ProcessorList($0) }
        isConfined = cpus != nil
        return cpus
    }

    /// An option that is a size in bytes, settled; `usual` where it is not given.
    ///
    /// - Returns: the bytes, or a percentage of what is available; `nil` where stress-ng refuses it.
    mutating func size(_ suffix: String, usual: Int64, least: Int64) -> Size? {
        guard let (text, option) = value(suffix) else { return .bytes(usual) }
        do throws(Refusal) {
            if let percent = try StressNGScale.percent(text) {
                guard percent <= 100 else {
                    throw Refusal("that is more than there is; write 100% at most, or a size")
                }
                settle(suffix, option, .exact)
                return .percent(percent, option: option)
            }
            if text.first == "L" || text.first == "l" {
                let reason = "the size of a cache, which differs from host to host; write a size"
                settle(suffix, option, .notCarried, reason)
                settle(.notCarried, "its '\(name)-\(suffix)' is \(reason)")
                return nil
            }
            let reading = try StressNGScale.size(text)
            guard reading.value >= least else {
                throw Refusal(
                    "stress-ng reads \(AmountText.bytes(reading.value)) and refuses it, since it goes by the last "
                        + "letter alone and takes \(AmountText.bytes(least)) at least; write it such as '512M'")
            }
            guard reading.value <= 1 << 48 else { throw Refusal("stress-ng takes 256 TiB at most") }
            settle(suffix, option, .exact, reading.surprise)
            return .bytes(reading.value)
        } catch {
            run.refuse(option, error)
            return nil
        }
    }

    /// How much, of a size option.
    enum Size {
        case bytes(Int64)
        case percent(Double, option: Int)
    }

    /// The number of workers, of which a load that is no share of the host needs a figure.
    mutating func figure() -> (count: Int64, note: String) {
        let count = workers.number(options)
        return (count, workers == .all ? "0 is one for each of \(options.processorsText)" : "")
    }
}
