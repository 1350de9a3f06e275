// SPDX-License-Identifier: Apache-2.0

// Stressors that keep processors busy, or the memory bus.
extension StressNGItem {
    mutating func makeProcessors(_ method: String) {
        var method = method
        var percent: Int64 = 100
        if name == "cpu" {
            if let (text, option) = value("load") {
                do throws(Refusal) {
                    percent = try StressNGScale.integer(text)
                    guard (0...100).contains(percent) else { throw Refusal("stress-ng takes 0 to 100 percent") }
                    settle("load", option, .exact)
                } catch {
                    return run.refuse(option, error)
                }
            }
            if let (text, option) = value("method") {
                method = StressNGMethod.method(text)
                let note =
                    text == "all"
                    ? "all of its methods in turn, as exert's 'mixed' does with its own"
                    : "exert's '\(method)' does the like, with other instructions"
                settle("method", option, .near, note)
            }
            if let (_, option) = value("load-slice") {
                settle("load-slice", option, .notCarried, "exert's workers burn and sleep 101 times a second")
            }
        } else if let (_, option) = value("method") {
            settle("method", option, .near, "exert's '\(method)' does the like, with other instructions")
        }
        let cpus = confine()
        loads.append(makeLoad(percent, method, cpus))
        if name == "cpu" {
            settle(.exact)
        } else {
            settle(
                .near,
                "keeps a processor busy with each worker; exert does so with the instructions of its '\(method)'")
        }
    }

    private func makeLoad(_ percent: Int64, _ method: String, _ cpus: ProcessorList?) -> DraftLoad {
        ProcessorLoad.load(workers, percent: percent, method: method, title: name, cpus: cpus)
    }

    mutating func makeBandwidth(_ access: String) {
        addBandwidth("max", access)
        settle(.near, "moves memory as fast as it can, and so does exert by '\(access)', with its own pattern")
    }

    private mutating func addBandwidth(_ shape: String, _ access: String) {
        var settings = access == "read" ? [] : [("access", access)]
        switch workers {
        case .count(let count) where (1...1024).contains(count): settings.append(("workers", "\(count)"))
        case .count, .all: break
        }
        if let cpus = confine() { settings.append(("cpus", cpus.text)) }
        add("memory-bandwidth", shape, tag: access, settings)
    }

    /// `memrate` reads and writes in turn, at a rate in MiB/s of each worker.
    mutating func makeRate() {
        let (count, note) = figure()
        var rates: [(access: String, rate: Int64)] = []
        for (suffix, access) in [("rd-mbs", "read"), ("wr-mbs", "write")] {
            guard let (text, option) = value(suffix) else { continue }
            do throws(Refusal) {
                let rate = try StressNGScale.integer(text)
                guard (0...1_000_000).contains(rate) else { throw Refusal("stress-ng takes 0 to 1000000 MiB/s") }
                settle(suffix, option, .near, "it reads and writes in turn, which exert does one beside the other")
                rates.append((access, rate))
            } catch {
                return run.refuse(option, error)
            }
        }
        for (access, rate) in rates where rate > 0 { addBandwidth("\(rate * count)MiB/s", access) }
        if !rates.contains(where: { $0.rate > 0 }) { addBandwidth("max", "copy") }
        let told = "reads and writes memory in turn by several methods"
        settle(.near, note.isEmpty ? told : "\(told); \(note)")
    }
}
