// SPDX-License-Identifier: Apache-2.0

import LoadModel

/// What the schema of the log says of probes and objectives.
enum ServiceSchema {
    /// Members of a plan; absent where nothing is asked.
    static let planMembers = #"""
        "probes": {
                  "type": "object",
                  "description": "What is asked of the system under test, by name; absent where nothing is.",
                  "additionalProperties": {
                    "type": "object",
                    "properties": {
                      "every_s": {"type": "number", "minimum": 0},
                      "timeout_s": {"type": "number", "minimum": 0},
                      "tls": {
                        "enum": ["verified", "unverified"],
                        "description": "Whether the certificate had to hold; absent where the probe speaks no TLS."
                      }
                    },
                    "required": ["every_s", "timeout_s"],
                    "additionalProperties": false
                  }
                },
                "objectives": {"type": "array", "items": {"type": "string"}},
        """#

    /// Members of a run's end; absent where nothing was asked.
    static let outcomeMembers = #"""
        "objectives": {"type": "array", "items": {"$ref": "#/$defs/objective_result"}},
                "probes": {"type": "array", "items": {"$ref": "#/$defs/probe_span"}},
                "prober_cpu_s": {"type": "number", "minimum": 0},
                "probe_results_lost": {
                  "type": "integer", "minimum": 0, "description": "Results that nobody took in time."
                },
        """#

    private static let outcomes = ProbeOutcome.allCases.map(\.rawValue).joined(separator: ", ")

    private static func words<Word: CaseIterable & RawRepresentable<String>>(_ type: Word.Type) -> String {
        Word.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
    }

    /// Properties of what a probe came to.
    private static let spanProperties = #"""
        "probe": {"type": "string"},
                "from_s": {"type": "number", "minimum": 0, "description": "Where the span begins."},
                "due": {"type": "integer", "minimum": 0},
                "outcomes": {
                  "type": "object",
                  "description": "How many results of each outcome: \#(outcomes).",
                  "additionalProperties": {"type": "integer", "minimum": 0}
                },
                "good_ratio": {"type": ["number", "null"], "minimum": 0, "maximum": 1},
                "latency": {
                  "type": "object",
                  "description": "From when a probe was due; null among those that were given up.",
                  "additionalProperties": {"type": ["number", "null"]}
                },
                "lateness_max_s": {"type": "number", "description": "How late the prober itself was."},
                "value_mean": {"type": "number"},
                "histograms": {"type": "object", "additionalProperties": {"type": "string"}}
        """#

    private static let spanNames =
        #""probe", "from_s", "due", "outcomes", "good_ratio", "latency", "lateness_max_s", "histograms""#

    /// Definitions of the events and of what they share, ending in a comma.
    static func events(_ lineMembers: String) -> String {
        #"""
        "probe_span": {
              "type": "object",
              "properties": {
                \#(spanProperties)
              },
              "required": [\#(spanNames)],
              "additionalProperties": false
            },
            "bounds": {
              "type": ["object", "null"],
              "description": "Between which two instants it was, in seconds.",
              "properties": {"from": {"type": "number"}, "to": {"type": "number"}},
              "required": ["from", "to"],
              "additionalProperties": false
            },
            "objective_result": {
              "type": "object",
              "properties": {
                "probe": {"type": "string"},
                "objective": {"type": "string", "description": "The notation as written."},
                "verdict": {"enum": [\#(words(ObjectiveVerdict.self))]},
                "reason": {
                  "anyOf": [{"type": "null"}, {"enum": [\#(words(ObjectiveResult.Reason.self))]}],
                  "description": "Why nobody knows."
                },
                "close": {"type": "boolean", "description": "Chance may have decided."},
                "figure": {"type": ["string", "null"], "description": "What was measured, for people."},
                "value": {"type": ["number", "null"], "description": "A share, seconds, or the probe's unit."},
                "limit": {"type": ["number", "null"], "description": "In the value's unit."},
                "count": {"type": "integer", "minimum": 0},
                "withdrawn": {"type": "integer", "minimum": 0},
                "lost_s": {"$ref": "#/$defs/bounds"},
                "recovered_s": {"$ref": "#/$defs/bounds"},
                "watched_s": {"type": ["number", "null"]},
                "effective_s": {
                  "type": ["number", "null"], "description": "When the load was there: what lost_s counts from."
                },
                "released_s": {"type": ["number", "null"], "description": "When the last load was given back."},
                "detail": {"type": "string", "description": "What the figures say, for people."},
                "episodes": {"type": "integer", "minimum": 0},
                "bad_s": {"type": "number", "minimum": 0}
              },
              "required": [
                "probe", "objective", "verdict", "reason", "close", "figure", "value", "limit", "count",
                "withdrawn", "lost_s", "recovered_s", "watched_s", "effective_s", "released_s", "detail",
                "episodes", "bad_s"
              ],
              "additionalProperties": false
            },
            "event_probe_second": {
              "type": "object",
              "description": "All results of one probe that were due in a second are there.",
              "properties": {
                \#(lineMembers)
                "event": {"const": "probe_second"},
                "elapsed_s": {"type": "number", "description": "When it was told, since the load began."},
                \#(spanProperties)
              },
              "required": ["schema", "time", "run_id", "event", "elapsed_s", \#(spanNames)],
              "additionalProperties": false
            },
            "event_prober_second": {
              "type": "object",
              "description": "A second of the prober itself.",
              "properties": {
                \#(lineMembers)
                "event": {"const": "prober_second"},
                "elapsed_s": {"type": "number"},
                "run_queue_wait_s": {"type": ["number", "null"], "description": "It wanted to run and could not."},
                "cpu_s": {"type": "number"},
                "lateness_max_s": {"type": "number"},
                "results_lost": {"type": "integer", "minimum": 0}
              },
              "required": [
                "schema", "time", "run_id", "event", "elapsed_s", "run_queue_wait_s", "cpu_s", "lateness_max_s",
                "results_lost"
              ],
              "additionalProperties": false
            },
            "event_probe_note": {
              "type": "object",
              "description": "What was said beside an answer, such as a command's standard error; once each change.",
              "properties": {
                \#(lineMembers)
                "event": {"const": "probe_note"},
                "elapsed_s": {"type": "number"},
                "probe": {"type": "string"},
                "text": {"type": "string"}
              },
              "required": ["schema", "time", "run_id", "event", "elapsed_s", "probe", "text"],
              "additionalProperties": false
            },
        """#
    }
}
