// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// Makes loads of what a run of stress-ng asks for, and settles what becomes of each of its options.
struct StressNGLoads {
    var run: StressNGRun
    let options: ImportOptions
    /// How many loads can be confined to the processors of `taskset`.
    private var confined = 0
    private var loads: [[DraftLoad]] = []

    init(_ run: StressNGRun, _ options: ImportOptions) {
        self.run = run
        self.options = options
    }

    /// The loads of each request for workers, in order; requests that are not carried are left out.
    mutating func make() -> [[DraftLoad]] {
        for index in run.items.indices { makeLoad(of: index) }
        settleRest()
        return loads
    }

    private mutating func makeLoad(of index: Int) {
        let item = run.items[index]
        guard let nature = StressNGNature.of(item.name) else { return }
        let workers: Workers
        var note: String
        do throws(Refusal) {
            (workers, note) = try Workers.read(item.instances, options)
        } catch {
            return run.refuse(item.option, error)
        }
        var maker = StressNGItem(run: run, index: index, workers: workers, options: options)
        switch nature {
        case .processor(let method): maker.makeProcessors(method)
        case .vm: maker.makeVM()
        case .memory: maker.makeMemory()
        case .bandwidth(let access): maker.makeBandwidth(access)
        case .memrate: maker.makeRate()
        case .disk(let operation): maker.makeDisk(operation)
        case .diskSpace: maker.makeSpace()
        case .handles: maker.makeHandles()
        case .tasks(let usual): maker.makeTasks(usual)
        case .none(let reason): maker.run.settle(item.option, .notCarried, reason)
        }
        run = maker.run
        if !note.isEmpty, run.options[item.option].fate != .notCarried {
            let said = run.options[item.option].note
            note = said.isEmpty ? note : "\(said); \(note)"
            run.settle(item.option, .near, note)
        }
        if maker.isConfined { confined += 1 }
        if !maker.loads.isEmpty { loads.append(maker.loads) }
    }

    /// Settles what no stressor took.
    private mutating func settleRest() {
        if let option = run.options.firstIndex(where: { $0.name == "taskset" }), confined > 0 {
            let all = confined == loads.count
            run.settle(
                option, all ? .exact : .near, all ? "" : "memory and files cannot be confined to processors by exert")
        }
        let started = Set(run.items.map(\.name))
        let used = run.used
        for index in run.options.indices where run.options[index].fate == nil {
            let option = run.options[index]
            if option.name == "timeout" { continue }
            guard let owner = owner(of: option.name) else {
                run.settle(index, .notCarried, "the importer knows no such option of stress-ng")
                continue
            }
            let (fate, note) = fate(of: index, owner, isStarted: started.contains(owner), isUsed: used.contains(index))
            run.settle(index, fate, note)
        }
        guard run.items.isEmpty else { return }
        for index in run.options.indices
        where ["sequential", "seq", "all", "parallel"].contains(run.options[index].name) {
            run.settle(index, .notCarried, "all stressors of stress-ng's own list; name those that are meant")
        }
    }

    private func fate(
        of index: Int, _ owner: String, isStarted: Bool, isUsed: Bool
    ) -> (ImportAccount.Fate, String) {
        let name = run.options[index].name
        if !isStarted { return (.exact, "without effect: no '\(owner)' is started") }
        if name.hasSuffix("-ops") {
            return (.notCarried, "ends after so much work, where exert's phases last as long as they say")
        }
        if isUsed { return (.notCarried, "a detail of '\(owner)' that exert has no setting for") }
        if run.lastOption(name) != index { return (.exact, "without effect: a later one counts") }
        return (
            .near,
            "without effect behind the workers of another stressor; newer versions of stress-ng take it for all "
                + "'\(owner)'"
        )
    }

    /// The stressor whose option this is: of `vm-rw-bytes` `vm-rw`, not `vm`.
    private func owner(of name: String) -> String? {
        var owner = name
        while let dash = owner.lastIndex(of: "-") {
            owner = String(owner[..<dash])
            if StressNGNature.of(owner) != nil { return owner }
        }
        return nil
    }
}
