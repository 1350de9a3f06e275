// SPDX-License-Identifier: Apache-2.0

internal import LoadModel
internal import Profiles

/// Reads stress-ng's job files and command lines.
enum StressNGImporter {
    /// How long stress-ng runs unless told (`DEFAULT_TIMEOUT`).
    static let usualLength: Nanoseconds = 86_400 * .second

    static func jobs(_ text: String, _ options: ImportOptions, _ draft: inout Draft) throws(ImportErrors)
        -> ImportAccount
    {
        var run = StressNGRun()
        run.readJobs(text)
        return try place(run, options, &draft)
    }

    static func words(_ words: [String], _ options: ImportOptions, _ draft: inout Draft) throws(ImportErrors)
        -> ImportAccount
    {
        var run = StressNGRun()
        run.read(words.map { SourceWord(text: $0, mark: nil) })
        return try place(run, options, &draft)
    }

    private static func place(_ run: StressNGRun, _ options: ImportOptions, _ draft: inout Draft) throws(ImportErrors)
        -> ImportAccount
    {
        var run = run
        let length = length(of: &run, options)
        var maker = StressNGLoads(run, options)
        let loads = maker.make()
        guard maker.run.problems.isEmpty else { throw ImportErrors(problems: maker.run.problems) }
        var time: Nanoseconds = 0
        for request in loads where !draft.isTooLarge {
            for load in request { draft.add(load, at: time, for: length) }
            if run.isSequential == true { time += length }
        }
        // What ends together is one phase, and that one can go on until somebody ends it.
        if let timeout = run.timeout, options.length == nil, isEndless(run),
            loads.count == 1 || run.isSequential != true
        {
            draft.isEndless = true
            maker.run.settle(timeout, .exact, "until somebody ends it")
        }
        var account = ImportAccount(.stressNG)
        maker.run.report(to: &account)
        if run.timeout == nil, options.length == nil, !loads.isEmpty {
            account.add(nil, "no timeout", .exact, "stress-ng runs for 24 h (--for says another length)")
        }
        return account
    }

    /// Whether the stressors run until somebody ends them.
    private static func isEndless(_ run: StressNGRun) -> Bool {
        guard let text = run.timeout.flatMap({ run.options[$0].value }) else { return false }
        return (try? StressNGScale.time(text))?.value == 0
    }

    /// How long each stressor runs; settles `timeout`.
    static func length(of run: inout StressNGRun, _ options: ImportOptions) -> Nanoseconds {
        guard let option = run.timeout else { return options.length ?? usualLength }
        let longest = UnitNotation.durationLimit
        do throws(Refusal) {
            let reading = try StressNGScale.time(run.options[option].value ?? "")
            if reading.value == 0 {
                let length = options.length ?? longest
                run.settle(
                    option, .near, "until somebody ends it; here \(AmountText.duration(length)) (--for says how long)")
                return length
            }
            guard reading.value <= longest / .second else {
                run.settle(option, .near, "a run of exert lasts \(AmountText.duration(longest)) at most")
                return longest
            }
            run.settle(option, .exact, reading.surprise)
            return reading.value * .second
        } catch {
            run.refuse(option, error)
            return usualLength
        }
    }
}

extension StressNGRun {
    /// Adds what became of all options; those that nothing was settled of are not carried.
    func report(to account: inout ImportAccount) {
        for option in options {
            account.add(option.mark, option.text, option.fate ?? .notCarried, option.note)
        }
    }
}
