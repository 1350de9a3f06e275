// SPDX-License-Identifier: Apache-2.0

import LoadModel

// Regular expressions for probes and objectives.
extension NotationPattern {
    private static let port = #"[0-9]{1,5}"#
    private static let authority = #"(?:\[[^\]\s]+\]|[^\s/?#@:\[]+)(?::\#(port))?"#
    private static let authorityWithPort = #"(?:\[[^\]\s]+\]|[^\s/?#@:\[]+):\#(port)"#
    private static let url = #"[Hh][Tt][Tt][Pp][Ss]?://\#(authority)(?:[/?#]\S*)?|[Uu][Nn][Ii][Xx]:/\S*"#
    private static let endpoint = #"\#(authorityWithPort)|unix:/[^\s]+"#
    private static let plainName = #"[^-\s/][^\s/]*"#

    /// What stands behind the key of a kind; `nil` of what is no text.
    static func target(_ kind: ProbeKind) -> String? { bareTarget(kind).map(anchored) }

    private static func bareTarget(_ kind: ProbeKind) -> String? {
        switch kind.description.target {
        case .url: url
        case .endpoint where kind == .grpc: #"(?:\#(endpoint))(?:/\S*)?"#
        case .endpoint: endpoint
        case .name: plainName
        case .processID: "[0-9]+"
        case .arguments: nil
        }
    }

    /// A probe that is one text.
    static let probe = anchored(
        ProbeKind.allCases.flatMap { kind -> [String] in
            guard let target = bareTarget(kind) else { return [] }
            let description = kind.description
            if description.prefixes.isEmpty { return [] }
            return description.isPrefixPart ? [target] : description.prefixes.map { $0 + #"\s*(?:\#(target))"# }
        }.joined(separator: "|"))

    // MARK: Conditions

    private static let codes = #"[1-5][0-9]{2}(?:\s*-\s*[1-5][0-9]{2})?"#
    private static let codeSet = #"\#(codes)(?:\s*,\s*\#(codes))*"#
    private static let step = #"\.(?:"[^"]*"|[^.=!<>"\[\s]+)"#
    private static let literal = #"(?:"[^"]*"|true|false|null|-?\#(number))"#

    /// One or several conditions on a good answer of a kind.
    static func conditions(of kind: ProbeKind) -> String {
        let one = kind.description.conditions.map { condition in
            switch condition {
            case .status: #"(?:status\s*)?\#(codeSet)"#
            case .body: #"body\s+contains\s*(?:"[^"]+"|[^"\s].*)"#
            case .json: #"json\s*(?:(?:\#(step))+|\.)\s*(?:==|!=|<=|>=|<|>)\s*\#(literal)"#
            case .within: #"in\s*\#(time)"#
            }
        }.joined(separator: "|")
        return anchored(#"(?:\#(one))(?:\s+and\s+(?:\#(one)))*"#)
    }

    // MARK: Objectives

    /// An objective; which probes and phases there are, and in which unit a limit is, only the reader knows.
    static let objective: String = {
        let comma = #"\s*,?\s+"#
        let phase = #"(?:"[^"]+"|\S.*?)"#
        let limit = #"(?:before(?:\s*[+-]\s*\#(number)\s*%)?|-?\#(number)\s*%|\#(bytes)|\#(time)|-?\#(number))"#
        let measure = #"(?:p\#(number)|mean)\s*(?:<=|>=|<|>)\s*\#(limit)"#
        let share = #"\#(number)\s*%\s+good(?:\s+(?:seconds|probes))?"#
        let clause = #"(?:before|after|always|during\s+\#(phase)|over\s+\#(time)|from\s+settled),?"#
        let keeps = #"(?:\#(measure)|\#(share)),?(?:\#(comma)\#(clause))*"#
        return anchored(
            #"[A-Za-z][A-Za-z0-9_-]{0,63}\s+"#
                + #"(?:\#(keeps)|recovers\s+within\s+\#(time)|within\s+\#(time)(?:\s+of\s+\#(phase))?)"#)
    }()
}
