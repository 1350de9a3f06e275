// SPDX-License-Identifier: Apache-2.0

internal import LoadModel
internal import Profiles

/// One `blade create` line, and the loads that it asks for (`chaosblade-exec-os`).
struct BladeCommand {
    /// A flag with its value.
    struct Flag {
        var name: String
        var value: String?
        var text: String
        var mark: SourceMark?
        var fate: ImportAccount.Fate?
        var note = ""
    }

    let options: ImportOptions
    private(set) var flags: [Flag] = []
    private(set) var problems: [Diagnostic] = []
    var loads: [DraftLoad] = []
    private(set) var length: Nanoseconds
    /// Target and action, such as `cpu load`.
    private var subject: [SourceWord] = []
    private var subjectFate = ImportAccount.Fate.exact
    private var subjectNote = ""
    /// How long it lasts, where it does not say so.
    private var lengthNote = ""
    /// Where it begins in the source.
    private let mark: SourceMark?

    /// Flags that take no value.
    private static let booleans: Set = [
        "read", "write", "retain-handle", "include-buffer-cache", "avoid-being-killed", "async", "debug", "d", "help",
        "h",
    ]

    init(_ words: [SourceWord], _ options: ImportOptions) {
        self.options = options
        length = options.length ?? ChaosbladeImporter.usualLength
        mark = words.first?.mark
        var rest = words[...]
        if let first = rest.first, BladeScript.isBlade(first.text) { rest.removeFirst() }
        if rest.first?.text == "create" || rest.first?.text == "c" {
            rest.removeFirst()
        } else if let first = rest.first {
            problems.append(
                Diagnostic(
                    first.mark, "a line begins with 'blade create', not '\(PlainLine.text(first.text))'"))
        }
        while let word = rest.popFirst() {
            guard word.text.hasPrefix("-"), word.text != "-" else {
                subject.append(word)
                continue
            }
            let body = word.text.drop { $0 == "-" }
            if let equals = body.firstIndex(of: "=") {
                add(String(body[..<equals]), String(body[body.index(after: equals)...]), word.text, word.mark)
            } else if !Self.booleans.contains(String(body)), let next = rest.first, !next.text.hasPrefix("--") {
                rest.removeFirst()
                add(String(body), next.text, "\(word.text) \(next.text)", word.mark)
            } else {
                add(String(body), nil, word.text, word.mark)
            }
        }
    }

    private mutating func add(_ name: String, _ value: String?, _ text: String, _ mark: SourceMark?) {
        flags.append(Flag(name: name, value: value, text: text, mark: mark))
    }

    // MARK: Flags

    /// The place of a flag, the last one of its name.
    func flag(_ name: String) -> Int? { flags.lastIndex { $0.name == name } }

    mutating func settle(_ name: String, _ fate: ImportAccount.Fate, _ note: String = "") {
        for index in flags.indices where flags[index].name == name {
            flags[index].fate = fate
            flags[index].note = note
        }
    }

    mutating func settleSubject(_ fate: ImportAccount.Fate, _ note: String) {
        subjectFate = fate
        subjectNote = note
    }

    /// A flag's whole number within bounds; `nil` where there is none or it is refused.
    mutating func number(_ name: String, _ range: ClosedRange<Int64>) -> Int64? {
        guard let index = flag(name) else { return nil }
        guard let number = flags[index].value.flatMap({ Int64($0) }), range.contains(number) else {
            let most = range.upperBound == .max ? "" : " to \(range.upperBound)"
            problems.append(
                Diagnostic(
                    flags[index].mark,
                    "\(PlainLine.text(flags[index].text)): blade takes a whole number from \(range.lowerBound)\(most)"))
            return nil
        }
        return number
    }

    /// Whether a flag without a value is set.
    func isSet(_ name: String) -> Bool { flag(name).map { flags[$0].value ?? "true" == "true" } ?? false }

    /// The text of a flag.
    func text(_ name: String) -> String? { flag(name).flatMap { flags[$0].value } }

    // MARK: Loads

    mutating func make() {
        readLength()
        let words = subject.map(\.text)
        switch (words.first, words.dropFirst().first) {
        case ("cpu", "load"), ("cpu", "fullload"), ("cpu", "fl"): makeCPU()
        case ("mem", "load"): makeMemory()
        case ("disk", "fill"): makeFill()
        case ("disk", "burn"): makeBurn()
        case ("process", "load"): makeProcesses()
        case ("docker", _), ("cri", _), ("k8s", _), ("pod", _), ("container", _), ("node", _):
            settleSubject(.notCarried, "whom it hits comes first here; import what it does, and run exert there")
        case (nil, _):
            problems.append(Diagnostic(mark, "nothing is created; write it such as 'blade create cpu load'"))
        default: settleSubject(.notCarried, "exert has no load like it")
        }
        let isCarried = !loads.isEmpty
        for index in flags.indices where flags[index].fate == nil {
            flags[index].fate = .notCarried
            flags[index].note = Self.reason(flags[index].name, isCarried: isCarried)
        }
    }

    private static func reason(_ name: String, isCarried: Bool) -> String {
        switch name {
        case _ where !isCarried: "of a load that is not carried"
        case "cgroup-root", "channel", "uid", "ns_target", "ns-target", "cpu-index", "async", "endpoint", "debug", "d":
            "of blade itself"
        case "avoid-being-killed": "exert's stressors offer themselves to the OOM killer first"
        default: "the importer knows no such flag"
        }
    }

    private mutating func readLength() {
        guard let text = text("timeout") else {
            if flag("timeout") == nil, options.length == nil {
                lengthNote =
                    "lasts until it is destroyed; here \(AmountText.duration(length)) (--for says another length)"
            }
            return
        }
        let plain = Int64(text).flatMap { (0..<(1 << 32)).contains($0) ? $0 * .second : nil }
        guard let time = plain ?? GoNotation.duration(text), time > 0, time <= UnitNotation.durationLimit else {
            let most = UnitNotation.text(of: UnitNotation.durationLimit)
            return refuse(
                "timeout", "blade takes seconds from 1 on, or a duration such as '5m', and exert \(most) at most")
        }
        length = time
        settle("timeout", .exact)
    }

    /// Whether it says how long it lasts.
    var isTimed: Bool { flag("timeout") != nil }

    /// Destroys it after a time, unless it is over by then.
    mutating func destroy(after time: Nanoseconds) {
        length = isTimed ? min(length, time) : time
        lengthNote = ""
    }

    mutating func refuse(_ name: String, _ message: String) {
        let flag = flag(name).map { flags[$0] }
        problems.append(
            Diagnostic(flag?.mark ?? subject.first?.mark, "\(PlainLine.text(flag?.text ?? name)): \(message)"))
    }

    /// Adds to the account what became of all of it.
    func report(to account: inout ImportAccount) {
        let text = subject.map(\.text).joined(separator: " ")
        let notes = [subjectNote, subjectFate == .notCarried ? "" : lengthNote].filter { !$0.isEmpty }
        account.add(subject.first?.mark, text, subjectFate, notes.joined(separator: "; "))
        for flag in flags { account.add(flag.mark, flag.text, flag.fate ?? .notCarried, flag.note) }
    }

    /// Says of target and action what differs.
    mutating func near(_ note: String) { settleSubject(.near, note) }
}
