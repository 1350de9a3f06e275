// SPDX-License-Identifier: Apache-2.0

import LoadModel

/// Regular expressions for the notations, in the dialect that JSON Schema shares with most languages.
///
/// Each takes everything that the notation's reader takes. They let a few things through that only the reader can
/// judge, such as a ramp that is longer than its phase.
enum NotationPattern {
    static let whole = #"(?:0|[1-9][0-9]*)"#
    static let number = whole + #"(?:\.[0-9]+)?"#
    private static let percent = #"(?:100(?:\.0+)?|[1-9]?[0-9](?:\.[0-9]+)?)\s*%"#
    static let bytes = number + #"\s*(?:[kMGT]?B|[KMGT]iB)"#
    static let time = "(?:\(number)(?:d|h|ms|m|s))+"

    static let duration = anchored(time)
    static let byteAmount = anchored(bytes)
    private static let size = #"\#(bytes)\s+\#(percent)"#
    /// One size, or several with their shares.
    static let sizes = anchored(#"\#(bytes)|\#(size)(?:\s*,\s*\#(size)){0,\#(SizeMix.limit - 1)}"#)
    static let sizeOfList = anchored(size)
    static let percentAmount = anchored(percent)
    private static let list = #"\#(whole)(?:\s*-\s*\#(whole))?(?:\s*,\s*\#(whole)(?:\s*-\s*\#(whole))?)*"#
    private static let ofNode = #"\s*\#(whole)\s*:\s*(?:\#(bytes)|\#(percent))\s*"#
    static let cpuList = anchored(list)
    static let nodeAmount = anchored("\(bytes)|\(percent)")
    /// A list of nodes, or a mapping in the notation of one line.
    static let nodes = anchored(#"\#(list)|\{\#(ofNode)(?:,\#(ofNode))*\}"#)
    static let stressorName = "^[A-Za-z][A-Za-z0-9_-]{0,63}$"

    /// A load of a stressor that takes these kinds of amount.
    ///
    /// - Parameter isBeyondAll: whether it takes more than 100 percent.
    static func load(_ kinds: [AmountKind], isBeyondAll: Bool = false) -> String {
        let share = isBeyondAll ? number + #"\s*%"# : percent
        let a = amount(kinds, percent: share)
        let figure = amount(kinds.filter { $0 != .max && $0 != .leave }, percent: share)
        let offset = #"(?:\s+offset\s+(?:\#(number)\s*deg|\#(time)))?"#
        let from = #"from\s+\#(a)"#
        let segment = #"(?:\#(a)\s+(?:in|for)\s+\#(time)|hold\s+\#(time))"#
        let segments = #"\#(segment)(?:\s*,\s*\#(segment))*"#
        let common = [
            #"(?:hold\s+)?\#(a)"#,
            #"steps\s+\#(a)(?:\s*,\s*\#(a))*\s+every\s+\#(time)"#,
            #"random\s+\#(a)\s+to\s+\#(a)\s+every\s+\#(time)"#,
            #"(?:sine|sawtooth)\s+\#(a)\s+to\s+\#(a)\s+every\s+\#(time)\#(offset)"#,
            #"pulse\s+\#(a)\s+for\s+\#(time)\s+every\s+\#(time)\#(offset)"#,
            #"bursts\s+\#(a)\s+(?:\#(burst(kinds)))\s+rest\s+\#(range(time))"#,
            #"ramp\s+\#(from)\s+to\s+\#(a)(?:\s+in\s+\#(time))?"#,
            #"curve\s+\#(from)\s*,\s*\#(segments)"#,
            trace(amount: a),
        ].joined(separator: "|")
        let part = #"(?:\#(common)|noise\s+\#(figure)\s+every\s+\#(time))"#
        return anchored(
            [
                common,
                #"ramp\s+to\s+\#(a)(?:\s+in\s+\#(time))?"#,
                #"curve\s+\#(segments)"#,
                #"\#(part)(?:\s+[+]\s+\#(part)){1,\#(ShapeNotation.partLimit - 1)}"#,
            ].joined(separator: "|"))
    }

    /// One of something, or from one to another.
    private static func range(_ one: String) -> String { #"\#(one)(?:\s+to\s+\#(one))?"# }

    /// How long a burst is, or of a rate how much it brings.
    private static func burst(_ kinds: [AmountKind]) -> String {
        var forms = [#"for\s+\#(range(time))"#]
        for (kind, one) in [(AmountKind.bytesPerSecond, bytes), (.operationsPerSecond, whole + #"(?:\.0+)?"#)]
        where kinds.contains(kind) {
            forms.append(#"of\s+\#(range("(?:\(one))"))"#)
        }
        return forms.joined(separator: "|")
    }

    /// A trace with its clauses, in any order; names with blanks and without quotes stand in the last one.
    private static func trace(amount: String) -> String {
        let name = #"(?:"[^"]*"|[^\s"]\S*)"#
        let factor = "\(number)(?:/\(number))?"
        let folds = TraceRequest.Fold.allCases.map(\.rawValue).joined(separator: "|")
        let gaps = TraceRequest.Gaps.allCases.map(\.rawValue).joined(separator: "|")
        let clauses = [
            #"column\s+\#(name)"#, #"in\s+(?:"[^"]*"|epoch\s+\S+|[^\s"]\S*)(?:\s+of\s+\#(amount))?"#,
            #"[x×]\s*\#(factor)"#, #"time(?:\s+\#(name))?"#, #"(?:rows|\#(folds))\s+every\s+\#(time)"#,
            #"where\s+\#(name)\s*=\s*\#(name)(?:\s+and\s+\#(name)\s*=\s*\#(name))*"#, #"where\s+[^\s=]+=\S+"#,
            #"(?:from|to)\s+\#(name)(?:\s+[0-9]\S*)?"#, #"gaps\s+(?:\#(gaps))"#, #"decimal\s+comma"#,
            #"as\s+(?:steps|lines)"#, #"stretch\s+(?:to\s+(?:phase|\#(time))|by\s+\#(factor))"#,
            #"repeat(?:\s+\#(whole))?"#,
        ].joined(separator: "|")
        return #"trace\s+\#(name)(?:\s+(?:\#(clauses)))*(?:\s+(?:column|time|where|from|to)\s+.+)?"#
    }

    /// A guard on `metric`; which probes and stressors there are, and in which unit a limit is, only the reader knows.
    static func condition(on metric: Metric) -> String {
        let description = metric.description
        let hold = #"(?:\s+for\s+\#(time))?"#
        let sides = description.isWorseAbove.map { $0 ? ">=|>" : "<=|<" } ?? "<=|>=|<|>"
        let limit = description.kinds.isEmpty ? ownAmount : amount(description.kinds)
        guard metric.hasSubject else {
            let name = metric.rawValue.split(separator: ".").joined(separator: #"\."#)
            return anchored(#"\#(name)\s*(?:\#(sides))\s*\#(limit)\#(hold)"#)
        }
        let name = #"[A-Za-z][A-Za-z0-9_-]{0,63}"#
        let form = metric == .percentile ? "p\(number)" : metric.form
        // In any order, each once.
        let clauses = #"(?:\s+over\s+\#(time)\#(hold)|\s+for\s+\#(time)(?:\s+over\s+\#(time))?)?"#
        var one = #"\#(name)(?:\.|\s+)\s*\#(form)\s*(?:\#(sides))\s*\#(limit)"#
        if [.good, .bad].contains(metric) { one += #"|\#(name)\s*(?:\#(sides))\s*\#(limit)\s+\#(form)"# }
        return anchored("(?:\(one))\(clauses)")
    }

    /// A limit in the unit of a probe's figures.
    private static let ownAmount = #"(?:-?\#(number)\s*%|\#(bytes)|\#(time)|-?\#(number))"#

    /// A tolerance in points, in percent or in one of the units.
    static func tolerance(_ kinds: [AmountKind]) -> String {
        anchored(#"(?:100(?:\.0+)?|[1-9]?[0-9](?:\.[0-9]+)?)\s*(?:%|pp)|"# + amount(kinds))
    }

    private static func amount(_ kinds: [AmountKind], percent: String = Self.percent) -> String {
        let quantities = AmountKind.allCases.filter(kinds.contains).compactMap { kind -> String? in
            let suffixes = kind.description.suffixes.map(\.name)
            return switch kind {
            case .max, .leave: nil
            case .percent: percent
            case .count: whole + #"(?:\.0+)?"#
            default: number + #"\s*(?:"# + suffixes.joined(separator: "|") + ")"
            }
        }
        // Longer ones first: `5MB` must not be the beginning of `5MB/s`.
        let quantity = "(?:" + quantities.reversed().joined(separator: "|") + ")"
        var all = [quantity]
        if kinds.contains(.max) { all.append("max") }
        if kinds.contains(.leave) { all.append(#"leave\s+"# + quantity) }
        return "(?:" + all.joined(separator: "|") + ")"
    }

    static func anchored(_ pattern: String) -> String { #"^\s*(?:"# + pattern + #")\s*$"# }
}
