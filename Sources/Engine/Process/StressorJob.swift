// SPDX-License-Identifier: Apache-2.0

internal import LinuxSystem
internal import LoadModel

/// What a stressor process is told when it is started.
struct StressorJob {
    var name: String
    var kind: String
    var settings: Settings
    var curve: Curve
    /// In all processes together.
    var workers: Int
    var processes = 1
    var unit: Unit
    var mode: LoadMode = .add
    var runID = ""
    /// Whether the load is made of operations, which are timed.
    var hasLatency = false
    /// Directories of the control groups that its processes join.
    var groups: [String] = []
    /// How much longer than usual its release may take.
    var releaseLimit: Nanoseconds = 0
    /// After how many nanoseconds the kernel kills the process, whatever happens.
    var killAfter: Nanoseconds

    init(
        name: String, kind: String, settings: Settings, curve: Curve, unit: Unit, workers: Int, killAfter: Nanoseconds
    ) {
        self.unit = unit
        self.name = name
        self.kind = kind
        self.settings = settings
        self.curve = curve
        self.workers = workers
        self.killAfter = killAfter
    }

    // Lines of `key TAB type TAB value`: a decoder library would cost the stressor some MiB of resident set. Split by
    // scalars, since a tab and what combines with it would be one character.
    var text: [UInt8] {
        var lines = [
            "name\t\(Self.escaped(name))", "kind\t\(Self.escaped(kind))", "unit\t\(unit.rawValue)",
            "mode\t\(mode.rawValue)", "run\t\(Self.escaped(runID))", "processes\t\(processes)",
            "latency\t\(hasLatency)", "release\t\(releaseLimit)",
        ]
        for group in groups { lines.append("group\t\(Self.escaped(group))") }
        for (key, value) in settings.values.sorted(by: { $0.key < $1.key }) {
            let (type, text) =
                switch value {
                case .text(let text): ("text", Self.escaped(text))
                case .integer(let number): ("integer", "\(number)")
                case .boolean(let flag): ("boolean", flag ? "true" : "false")
                case .cpus(let cpus): ("cpus", CPUList.text(cpus))
                case .bytes(let bytes): ("bytes", "\(bytes)")
                case .sizes(let mix): ("sizes", mix.text)
                case .duration(let length): ("duration", "\(length)")
                case .percent(let percent): ("percent", "\(percent)")
                case .nodes(let nodes): ("nodes", Self.text(of: nodes))
                case .directory(let held):
                    ("directory", "\(number(of: held)) \(Self.escaped(held.path))")
                }
            lines.append("setting\t\(Self.escaped(key))\t\(type)\t\(text)")
        }
        return Array(lines.joined(separator: "\n").utf8)
    }

    init?(text: [UInt8], curve: Curve, workers: Int, killAfter: Nanoseconds) {
        var words: [String: String] = [:]
        var values: [String: SettingValue] = [:]
        var groups: [String] = []
        for line in String(decoding: text, as: UTF8.self).unicodeScalars.split(separator: "\n") {
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map { Self.unescaped($0) }
            switch (fields[0], fields.count) {
            case ("setting", 4):
                guard let value = Self.value(type: fields[2], fields[3]) else { return nil }
                values[fields[1]] = value
            case ("group", 2): groups.append(fields[1])
            case (_, 2): words[fields[0]] = fields[1]
            default: return nil
            }
        }
        guard let name = words["name"], let kind = words["kind"], let unit = words["unit"].flatMap(Unit.init),
            let mode = words["mode"].flatMap(LoadMode.init), let runID = words["run"],
            let processes = words["processes"].flatMap({ Int($0) }), (1...max(1, workers)).contains(processes),
            let hasLatency = words["latency"].flatMap({ Bool($0) }),
            let releaseLimit = words["release"].flatMap({ Int64($0) })
        else { return nil }
        self.init(
            name: name, kind: kind, settings: Settings(values: values), curve: curve, unit: unit, workers: workers,
            killAfter: killAfter)
        self.mode = mode
        self.runID = runID
        self.processes = processes
        self.hasLatency = hasLatency
        self.releaseLimit = releaseLimit
        self.groups = groups
    }

    /// What holds the directories of its settings, in the order in which the processes inherit it.
    var heldDescriptors: [Int32] {
        Set(settings.values.values.compactMap { if case .directory(let held) = $0 { held.descriptor } else { nil } })
            .sorted()
    }

    /// The number by which the stressor's processes know what holds a directory.
    private func number(of held: HeldDirectory) -> Int32 {
        StressorProcess.firstHeldDescriptor + Int32(heldDescriptors.firstIndex(of: held.descriptor) ?? 0)
    }

    /// `5 /path`: the number as these processes know it, kept to their end.
    private static func directory(_ text: String) -> HeldDirectory? {
        let parts = text.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, let descriptor = Int32(parts[0]) else { return nil }
        return HeldDirectory(path: String(parts[1]), descriptor: descriptor)
    }

    private static func escaped(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\t": result += "\\t".unicodeScalars
            case "\n": result += "\\n".unicodeScalars
            case "\\": result += "\\\\".unicodeScalars
            default: result.append(scalar)
            }
        }
        return String(result)
    }

    private static func unescaped(_ text: Substring.UnicodeScalarView) -> String {
        var result = String.UnicodeScalarView()
        var isEscape = false
        for scalar in text {
            if !isEscape, scalar == "\\" {
                isEscape = true
                continue
            }
            result.append(!isEscape ? scalar : scalar == "t" ? "\t" : scalar == "n" ? "\n" : scalar)
            isEscape = false
        }
        return String(result)
    }

    private static func value(type: String, _ text: String) -> SettingValue? {
        switch type {
        case "text": .text(text)
        case "integer": Int(text).map { .integer($0) }
        case "boolean": .boolean(text == "true")
        case "cpus": CPUList.parse(text).map { .cpus($0) }
        case "bytes": Int64(text).map { .bytes($0) }
        case "sizes": SizeMix(text: text).map { .sizes($0) }
        case "duration": Int64(text).map { .duration($0) }
        case "percent": Double(text).map { .percent($0) }
        case "nodes": nodes(text).map { .nodes($0) }
        case "directory": directory(text).map { .directory($0) }
        default: nil
        }
    }

    /// `0-1`, or `0=1024 1=50.0%`.
    private static func text(of selection: NodeSelection) -> String {
        if selection.amounts.isEmpty { return CPUList.text(selection.nodes) }
        return selection.nodes.map { node in
            switch selection.amounts[node] {
            case .bytes(let bytes): "\(node)=\(bytes)"
            case .percent(let percent): "\(node)=\(percent)%"
            case nil: "\(node)"
            }
        }.joined(separator: " ")
    }

    private static func nodes(_ text: String) -> NodeSelection? {
        guard text.contains("=") else { return CPUList.parse(text).map { NodeSelection(nodes: $0) } }
        var amounts: [Int: NodeSelection.Amount] = [:]
        for part in text.split(separator: " ") {
            let sides = part.split(separator: "=")
            guard sides.count == 2, let node = Int(sides[0]), amounts[node] == nil else { return nil }
            if sides[1].last == "%" {
                guard let percent = Double(sides[1].dropLast()) else { return nil }
                amounts[node] = .percent(percent)
            } else {
                guard let bytes = Int64(sides[1]) else { return nil }
                amounts[node] = .bytes(bytes)
            }
        }
        return NodeSelection(amounts: amounts)
    }
}
