// SPDX-License-Identifier: Apache-2.0

import LoadModel

/// Regular expressions for the notations, in the dialect that JSON Schema shares with most languages.
///
/// Each takes everything that the notation's reader takes. They let a few things through that only the reader can
/// judge, such as a ramp that is longer than its phase. What cannot be said without looking ahead, which not all of
/// those languages do, is a second expression of what is not taken.
enum NotationPattern {
    static let whole = #"(?:0|[1-9][0-9]*)"#
    static let number = whole + #"(?:\.[0-9]+)?"#
    private static let percent = #"(?:100(?:\.0+)?|[1-9]?[0-9](?:\.[0-9]+)?)\s*%"#
    static let bytes = number + #"\s*(?:[kMGT]?B|[KMGT]iB)"#
    static let time = "(?:\(number)(?:[dhms]|ms))+"

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
    /// What there is to be read in a text.
    static let someText = #"\S"#
    /// A text of one line that people read as a name.
    static let title = #"^\s*\S[^\u0000-\u001f\u007f-\u009f]*\s*$"#

    /// What a load of a stressor is that takes these kinds of amount: one of ``alone``, or one of ``sums`` that is
    /// none of ``noSums``.
    struct Load {
        let alone: String
        let sums: String

        /// - Parameter isBeyondAll: whether it takes more than 100 percent.
        init(_ kinds: [AmountKind], isBeyondAll: Bool = false) {
            let share = isBeyondAll ? number + #"\s*%"# : percent
            let a = amount(kinds, percent: share)
            let figure = amount(kinds.filter { $0 != .max && $0 != .leave }, percent: share)
            let dayTime = "(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?"
            let zone = ShapeNotation.zonePattern
            let segment = #"(?:\#(a)\s+(?:in|for)|hold)\s+\#(time)"#
            let segments = #"\#(segment)(?:\s*,\s*\#(segment))*"#
            let parts = [
                #"(?:hold\s+)?\#(a)"#,
                #"steps\s+\#(a)(?:\s*,\s*\#(a))*\s+every\s+\#(time)"#,
                #"(?:(?:sine|sawtooth|random)\s+\#(a)\s+to\s+\#(a)|pulse\s+\#(a)\s+for\s+\#(time))\s+every\s+\#(time)"#
                    + #"(?:\s+offset\s+(?:\#(number)\s*deg|\#(time))|\s+starting\s+at\s+\#(dayTime)\s+\#(zone))?"#,
                #"bursts\s+\#(a)\s+(?:\#(burst(kinds)))\s+rest\s+\#(range(time))"#,
                #"ramp\s+from\s+\#(a)\s+to\s+\#(a)(?:\s+in\s+\#(time))?"#,
                #"curve\s+from\s+\#(a)\s*,\s*\#(segments)"#,
                #"noise\s+\#(figure)\s+every\s+\#(time)"#,
                trace(amount: a),
            ].joined(separator: "|")
            // Each ends the text, or has a sign behind it; a sign that ends the text is none of these.
            sums = #"^\s*(?:(?:\#(parts))(?:\s+[+]\s+|\s*$)){1,\#(ShapeNotation.partLimit)}$"#
            alone = anchored(#"ramp\s+to\s+\#(a)(?:\s+in\s+\#(time))?|curve\s+\#(segments)"#)
        }

        /// Noise by itself, `random` with an offset, and a sign that nothing stands behind but a column's name it is.
        static let noSums =
            #"^\s*noise[^+]*$|(?:^|[+])\s*random\s[^+]*\s(?:offset|starting)\s|(?:[^n]|[^m]n)\s+[+]\s*$"#
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
            #"where\s+\#(name)\s*=\s*\#(name)(?:\s+and\s+\#(name)\s*=\s*\#(name))*"#, #"where\s+[^\s="]+=[^\s"]+"#,
            #"(?:from|to)\s+\#(name)(?:\s+[0-9]\S*)?"#, #"gaps\s+(?:\#(gaps))"#, #"decimal\s+comma"#,
            #"as\s+(?:steps|lines)"#, #"stretch\s+(?:to\s+(?:phase|\#(time))|by\s+\#(factor))"#,
            #"repeat(?:\s+\#(wholeNumber(in: TraceRequest.repeatRange)))?"#,
        ].joined(separator: "|")
        let names = #"(?:column|time|where|from|to)\s+(?:[^"]|"[^"]*")+"#
        return #"trace\s+\#(name)(?:\s+(?:\#(clauses)))*(?:\s+\#(names))?"#
    }

    /// A guard on `metric`; which probes and stressors there are, and in which unit a limit is, only the reader knows.
    ///
    /// - Parameter both: whether both directions of a comparison are taken.
    static func condition(on metric: Metric, both: Bool = false) -> String {
        let description = metric.description
        let hold = #"(?:\s+for\s+\#(time))?"#
        let worse = both ? nil : description.isWorseAbove
        let sides = worse.map { $0 ? ">=|>" : "<=|<" } ?? "<=|>=|<|>"
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
        let quantity = quantities.reversed().joined(separator: "|")
        let leave = kinds.contains(.leave) ? #"(?:leave\s+)?"# : ""
        return "(?:" + leave + "(?:" + quantity + ")" + (kinds.contains(.max) ? "|max" : "") + ")"
    }

    static func anchored(_ pattern: String) -> String { #"^\s*(?:"# + pattern + #")\s*$"# }
}
