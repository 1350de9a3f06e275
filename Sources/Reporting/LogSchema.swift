// SPDX-License-Identifier: Apache-2.0

import LoadModel

/// The JSON Schema of the experiment log.
public enum LogSchema {
    /// The schema of one line, in draft 2020-12, ending in a line feed.
    ///
    /// It is strict: a member that it does not name is an error, so a log that validates holds what is described here
    /// and nothing else. Members are added within a version, and then are not required: readers pass over what they
    /// do not know, and logs of before still validate.
    public static func jsonSchema() -> String { text + "\n" }

    /// What every line has, whatever its event; `additionalProperties` does not see through a reference.
    private static let lineMembers = #"""
        "schema": {"const": "exert-log/1"},
                "time": {"$ref": "#/$defs/timestamp"},
                "run_id": {"type": "string"},
                "labels": {"$ref": "#/$defs/labels"},
                "traceparent": {"$ref": "#/$defs/traceparent"},
        """#

    /// What a guard says of itself.
    private static let guardMembers = #"""
        "guard": {"type": "string", "description": "The notation as written."},
                "metric": {"type": "string", "description": "Behind its name where it is of a probe or a stressor."},
                "probe": {"type": "string", "description": "The probe whose answers are watched."},
                "stressor": {"type": "string", "description": "The stressor whose errors are watched."},
                "over_s": {"type": "number", "minimum": 1, "description": "The time that one figure is of."},
                "comparison": {"enum": ["<", "<=", ">", ">="]},
                "limit": {"type": "number", "description": "In the unit."},
                "unit": {"enum": [\#(UnitTable.guardMembers)]},
                "for_s": {"type": "number", "minimum": 0, "description": "For how long it must hold."},
                "directory": {
                  "type": "string",
                  "description": "Whose file system or control group is meant; absent where the host is."
                },
                "default": {
                  "const": true,
                  "description": "It is on without being written, and watches the host alone."
                }
        """#

    /// What a guard saw that has tripped.
    private static let shortenedMembers = #"""
        "phase": {"type": "string"},
                "index": {"type": "integer", "minimum": 0},
                "until": {"type": "string", "description": "What was there, as written."},
                "metric": {"type": "string", "description": "Absent where it is no comparison."},
                "unit": {"type": "string"},
                "value": {"type": "number", "description": "What was seen, in the unit."},
                "value_is_least": {
                  "const": true,
                  "description": "It is only known to be more: no answer within that time, or none at all."
                },
                "length_s": {"type": "number", "minimum": 0, "description": "How long the phase is after all."},
                "planned_s": {"type": "number", "minimum": 0, "description": "How long it was to be at most."}
        """#
    private static let tripMembers = #"""
        "value": {"type": "number", "description": "What was seen last, in the unit."},
                "value_is_least": {
                  "const": true,
                  "description": "It is only known to be more: no answer within that time, or none at all."
                },
                "held_s": {
                  "type": "number", "minimum": 0, "description": "For how long it had held, breaks left out."
                },
                "span_s": {"type": "number", "minimum": 0, "description": "How long ago it first held."}
        """#

    private static let causes = Cause.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")

    private static let text = #"""
        {
          "$schema": "https://json-schema.org/draft/2020-12/schema",
          "$id": "https://exert.dev/schema/log/1",
          "title": "A line of the exert experiment log",
          "description": "One event a line, in SI base units; a stressor's figures are in its unit.",
          "oneOf": [
            {"$ref": "#/$defs/event_preparing"}, {"$ref": "#/$defs/event_run_started"},
            {"$ref": "#/$defs/event_phase_started"},
            {"$ref": "#/$defs/event_sample"}, {"$ref": "#/$defs/event_finding"},
            {"$ref": "#/$defs/event_guard_tripped"}, {"$ref": "#/$defs/event_retargeted"},
            {"$ref": "#/$defs/event_paused"}, {"$ref": "#/$defs/event_lease_expired"},
            {"$ref": "#/$defs/event_phase_shortened"},
            {"$ref": "#/$defs/event_stressor_ended"}, {"$ref": "#/$defs/event_phase_ended"},
            {"$ref": "#/$defs/event_probe_second"}, {"$ref": "#/$defs/event_prober_second"},
            {"$ref": "#/$defs/event_probe_note"}, {"$ref": "#/$defs/event_run_ended"}
          ],
          "$defs": {
            "event_preparing": {
              "type": "object",
              "properties": {
                \#(lineMembers)
                "event": {"const": "preparing"},
                "elapsed_s": {"type": "number", "description": "Since the load began; 0 before that."},
                "stressor": {"type": "string"},
                "done_ratio": {
                  "type": "number",
                  "minimum": 0,
                  "maximum": 1,
                  "description": "How much is done of what comes before the load, such as writing a file to read."
                }
              },
              "required": ["schema", "time", "run_id", "event", "elapsed_s", "stressor", "done_ratio"],
              "additionalProperties": false
            },
            "event_run_started": {
              "type": "object",
              "properties": {
                \#(lineMembers)
                "event": {"const": "run_started"},
                "elapsed_s": {"type": "number", "description": "Since the load began; 0 before that."},
                "exert_version": {"type": "string"},
                "host": {"$ref": "#/$defs/host"},
                "profile": {"$ref": "#/$defs/profile"},
                "plan": {"$ref": "#/$defs/plan"}
              },
              "required": [
                "schema", "time", "run_id", "event", "elapsed_s", "exert_version", "host", "profile", "plan"
              ],
              "additionalProperties": false
            },
            "event_phase_started": {
              "type": "object",
              "properties": {
                \#(lineMembers)
                "event": {"const": "phase_started"},
                "elapsed_s": {"type": "number", "description": "Since the load began; 0 before that."},
                "phase": {"type": "string"},
                "index": {"type": "integer", "minimum": 0},
                "note": {"$ref": "#/$defs/note"},
                "start_s": {"type": "number", "minimum": 0},
                "length_s": {"type": "number", "minimum": 0},
                "loads": {"$ref": "#/$defs/loads"},
                "within_s": {"$ref": "#/$defs/within"},
                "until": {"$ref": "#/$defs/until"},
                "expect": {"$ref": "#/$defs/expect"}
              },
              "required": [
                "schema", "time", "run_id", "event", "elapsed_s", "phase", "index", "start_s", "length_s",
                "loads"
              ],
              "additionalProperties": false
            },
            "event_sample": {
              "type": "object",
              "properties": {
                \#(lineMembers)
                "event": {"const": "sample"},
                "elapsed_s": {"type": "number", "description": "Since the load began; 0 before that."},
                "interval_s": {
                  "type": "number",
                  "minimum": 0,
                  "description": "The measured length of the window that ends at elapsed_s."
                },
                "phase": {"type": ["string", "null"]},
                "stressors": {"type": "object", "additionalProperties": {"$ref": "#/$defs/reading"}},
                "host": {
                  "type": "object",
                  "properties": {
                    "cpu_busy_ratio": {"type": ["number", "null"], "minimum": 0, "maximum": 1},
                    "cpu_steal_ratio": {"type": ["number", "null"], "minimum": 0, "maximum": 1},
                    "memory_available_bytes": {"type": ["number", "null"], "minimum": 0},
                    "psi": {"$ref": "#/$defs/psi"}
                  },
                  "required": ["cpu_busy_ratio", "cpu_steal_ratio", "memory_available_bytes"],
                  "additionalProperties": false
                }
              },
              "required": [
                "schema", "time", "run_id", "event", "elapsed_s", "interval_s", "phase", "stressors", "host"
              ],
              "additionalProperties": false
            },
            \#(ServiceSchema.events(lineMembers))
            "event_guard_tripped": {
              "type": "object",
              "properties": {
                \#(lineMembers)
                "event": {"const": "guard_tripped"},
                "elapsed_s": {"type": "number", "description": "Since the load began; 0 before that."},
                \#(guardMembers),
                \#(tripMembers)
              },
              "required": [
                "schema", "time", "run_id", "event", "elapsed_s", "guard", "metric", "comparison", "limit",
                "unit", "for_s", "value", "held_s"
              ],
              "additionalProperties": false
            },
            "event_retargeted": {
              "type": "object",
              "properties": {
                \#(lineMembers)
                "event": {"const": "retargeted"},
                "elapsed_s": {"type": "number", "description": "Since the load began; 0 before that."},
                "stressor": {"type": "string"},
                "load": {"type": "string", "description": "The notation of the load that it follows from now on."},
                "from_s": {"type": "number", "minimum": 0, "description": "From when on, since the load began."},
                "within_s": {
                  "type": "number", "minimum": 0,
                  "description": "How long the way to it may take, where that was said."
                }
              },
              "required": ["schema", "time", "run_id", "event", "elapsed_s", "stressor", "load", "from_s"],
              "additionalProperties": false
            },
            "event_paused": {
              "type": "object",
              "properties": {
                \#(lineMembers)
                "event": {"enum": ["paused", "resumed"]},
                "elapsed_s": {"type": "number", "description": "Since the load began; 0 before that."},
                "from_s": {"type": "number", "minimum": 0, "description": "From when on, since the load began."}
              },
              "required": ["schema", "time", "run_id", "event", "elapsed_s", "from_s"],
              "additionalProperties": false
            },
            "event_lease_expired": {
              "type": "object",
              "properties": {
                \#(lineMembers)
                "event": {"const": "lease_expired"},
                "elapsed_s": {"type": "number", "description": "Since the load began; 0 before that."},
                "lease_s": {"type": "number", "minimum": 0, "description": "How long it was."}
              },
              "required": ["schema", "time", "run_id", "event", "elapsed_s", "lease_s"],
              "additionalProperties": false
            },
            "event_phase_shortened": {
              "type": "object",
              "description": "A phase ends before its time: what it was to go on until is there. Later ones move.",
              "properties": {
                \#(lineMembers)
                "event": {"const": "phase_shortened"},
                "elapsed_s": {"type": "number", "description": "Since the load began; 0 before that."},
                \#(shortenedMembers),
                "run_length_s": {"type": "number", "minimum": 0, "description": "How long the run is from now on."},
                "phases": {
                  "type": "array",
                  "description": "Where all phases lie from now on.",
                  "items": {
                    "type": "object",
                    "properties": {
                      "name": {"type": "string"},
                      "start_s": {"type": "number", "minimum": 0},
                      "length_s": {"type": "number", "minimum": 0}
                    },
                    "required": ["name", "start_s", "length_s"],
                    "additionalProperties": false
                  }
                }
              },
              "required": [
                "schema", "time", "run_id", "event", "elapsed_s", "phase", "index", "until", "length_s", "planned_s",
                "run_length_s", "phases"
              ],
              "additionalProperties": false
            },
            "event_finding": {
              "type": "object",
              "properties": {
                \#(lineMembers)
                "event": {"const": "finding"},
                "elapsed_s": {"type": "number", "description": "Since the load began; 0 before that."},
                "code": {"type": "string"},
                "severity": {"enum": ["note", "warning"]},
                "stressor": {"type": ["string", "null"]},
                "message": {"type": "string"}
              },
              "required": [
                "schema", "time", "run_id", "event", "elapsed_s", "code", "severity", "stressor", "message"
              ],
              "additionalProperties": false
            },
            "event_stressor_ended": {
              "oneOf": [
                {
                  "type": "object",
                  "properties": {
                    "schema": {"const": "exert-log/1"},
                    "time": {"$ref": "#/$defs/timestamp"},
                    "run_id": {"type": "string"},
                    "labels": {"$ref": "#/$defs/labels"},
                    "traceparent": {"$ref": "#/$defs/traceparent"},
                    "event": {"const": "stressor_ended"},
                    "elapsed_s": {"type": "number", "description": "Since the load began; 0 before that."},
                    "stressor": {"type": "string"},
                    "pid": {"type": "integer", "minimum": 0},
                    "manner": {"const": "released"},
                    "cpu_s": {"type": "number", "minimum": 0},
                    "release_s": {
                      "type": ["number", "null"],
                      "minimum": 0,
                      "description": "From the request to stop until it was gone; null where it was not asked."
                    }
                  },
                  "required": [
                    "schema", "time", "run_id", "event", "elapsed_s", "stressor", "pid", "manner", "cpu_s",
                    "release_s"
                  ],
                  "additionalProperties": false
                },
                {
                  "type": "object",
                  "properties": {
                    "schema": {"const": "exert-log/1"},
                    "time": {"$ref": "#/$defs/timestamp"},
                    "run_id": {"type": "string"},
                    "labels": {"$ref": "#/$defs/labels"},
                    "traceparent": {"$ref": "#/$defs/traceparent"},
                    "event": {"const": "stressor_ended"},
                    "elapsed_s": {"type": "number", "description": "Since the load began; 0 before that."},
                    "stressor": {"type": "string"},
                    "pid": {"type": "integer", "minimum": 0},
                    "manner": {"const": "failed"},
                    "reason": {"type": "string"},
                    "cpu_s": {"type": "number", "minimum": 0},
                    "release_s": {
                      "type": ["number", "null"],
                      "minimum": 0,
                      "description": "From the request to stop until it was gone; null where it was not asked."
                    }
                  },
                  "required": [
                    "schema", "time", "run_id", "event", "elapsed_s", "stressor", "pid", "manner", "reason",
                    "cpu_s", "release_s"
                  ],
                  "additionalProperties": false
                },
                {
                  "type": "object",
                  "properties": {
                    "schema": {"const": "exert-log/1"},
                    "time": {"$ref": "#/$defs/timestamp"},
                    "run_id": {"type": "string"},
                    "labels": {"$ref": "#/$defs/labels"},
                    "traceparent": {"$ref": "#/$defs/traceparent"},
                    "event": {"const": "stressor_ended"},
                    "elapsed_s": {"type": "number", "description": "Since the load began; 0 before that."},
                    "stressor": {"type": "string"},
                    "pid": {"type": "integer", "minimum": 0},
                    "manner": {"const": "killed"},
                    "signal": {"$ref": "#/$defs/signal"},
                    "out_of_memory": {"type": "boolean"},
                    "note": {
                      "type": "string",
                      "description": "What is known of who ended it, or that it is not known."
                    },
                    "cpu_s": {"type": "number", "minimum": 0},
                    "release_s": {
                      "type": ["number", "null"],
                      "minimum": 0,
                      "description": "From the request to stop until it was gone; null where it was not asked."
                    }
                  },
                  "required": [
                    "schema", "time", "run_id", "event", "elapsed_s", "stressor", "pid", "manner", "signal",
                    "out_of_memory", "cpu_s", "release_s"
                  ],
                  "additionalProperties": false
                }
              ]
            },
            "event_phase_ended": {
              "type": "object",
              "properties": {
                \#(lineMembers)
                "event": {"const": "phase_ended"},
                "elapsed_s": {"type": "number", "description": "Since the load began; 0 before that."},
                "phase": {"type": "string"},
                "index": {"type": "integer", "minimum": 0},
                "results": {"type": "array", "items": {"$ref": "#/$defs/result"}}
              },
              "required": ["schema", "time", "run_id", "event", "elapsed_s", "phase", "index", "results"],
              "additionalProperties": false
            },
            "event_run_ended": {
              "type": "object",
              "properties": {
                \#(lineMembers)
                "event": {"const": "run_ended"},
                "elapsed_s": {"type": "number", "description": "Since the load began; 0 before that."},
                "verdict": {"$ref": "#/$defs/verdict"},
                "exit_code": {"type": "integer", "minimum": 0, "maximum": 255},
                "sentence": {
                  "type": "string",
                  "description": "What was put on, whether it was there, and what the system under test did."
                },
                "interrupted_by": {"anyOf": [{"$ref": "#/$defs/signal"}, {"type": "null"}]},
                "guard_tripped": {"anyOf": [{"$ref": "#/$defs/guard_trip"}, {"type": "null"}]},
                "lease_expired": {
                  "type": ["object", "null"],
                  "properties": {"lease_s": {"type": "number", "minimum": 0}},
                  "required": ["lease_s"],
                  "additionalProperties": false
                },
                "changes": {"type": "array", "items": {"$ref": "#/$defs/change"}},
                "shortened": {
                  "type": "array",
                  "description": "The phases that ended before their time; absent where none did.",
                  "items": {
                    "type": "object",
                    "properties": {
                      \#(shortenedMembers)
                    },
                    "required": ["phase", "index", "until", "length_s", "planned_s"],
                    "additionalProperties": false
                  }
                },
                "started_at": {"$ref": "#/$defs/timestamp"},
                "load_s": {"type": "number", "minimum": 0, "description": "How long the load lasted."},
                "results": {"type": "array", "items": {"$ref": "#/$defs/result"}},
                \#(ServiceSchema.outcomeMembers)
                "expectations": {
                  "type": "array",
                  "description": "What became of each end that was wanted; absent where none was.",
                  "items": {
                    "type": "object",
                    "properties": {
                      "stressor": {"type": "string"},
                      "phase": {"type": ["string", "null"], "description": "Null of any phase of the stressor."},
                      "expect": {"$ref": "#/$defs/expectation"},
                      "came": {
                        "type": ["boolean", "null"],
                        "description": "False is a miss; null where the run was ended before."
                      },
                      "sentence": {"type": "string"}
                    },
                    "required": ["stressor", "phase", "expect", "came", "sentence"],
                    "additionalProperties": false
                  }
                },
                "ends": {"type": "array", "items": {"$ref": "#/$defs/end"}},
                "findings": {"type": "array", "items": {"$ref": "#/$defs/finding"}},
                "observer_cpu_s": {
                  "type": "number",
                  "minimum": 0,
                  "description": "CPU time that the observer took while the load lasted."
                },
                "released": {
                  "type": "boolean",
                  "description": "Whether every stressor that carried load was seen to end."
                },
                "release_s": {
                  "type": ["number", "null"],
                  "minimum": 0,
                  "description": "The longest release of a stressor."
                }
              },
              "required": [
                "schema", "time", "run_id", "event", "elapsed_s", "verdict", "exit_code", "interrupted_by",
                "guard_tripped", "lease_expired", "changes",
                "started_at", "load_s", "results", "ends", "findings", "observer_cpu_s", "released",
                "release_s"
              ],
              "additionalProperties": false
            },
            "change": {
              "description": "What was changed from outside while the run went on.",
              "type": "object",
              "properties": {
                "change": {"enum": ["retargeted", "paused", "resumed"]},
                "stressor": {"type": "string"},
                "load": {"type": "string"},
                "from_s": {"type": "number", "minimum": 0},
                "within_s": {"type": "number", "minimum": 0}
              },
              "required": ["change", "from_s"],
              "additionalProperties": false
            },
            "labels": {
              "description": "What the user or the profile labelled the run with; absent where nothing.",
              "type": "object",
              "maxProperties": \#(RunTags.limit),
              "additionalProperties": {"type": "string", "maxLength": \#(RunTags.valueLimit)}
            },
            "note": {
              "description": "What the profile's author says of it; absent where nothing.",
              "type": "string"
            },
            "traceparent": {
              "description": "The W3C Trace Context that the run was started in; absent where none.",
              "type": "string",
              "pattern": "^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}"
            },
            "timestamp": {
              "type": "string",
              "pattern": "^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{9}Z$",
              "description": "RFC 3339, UTC, nanoseconds."
            },
            "unit": {
              "description": "The unit of every figure of a stressor.",
              "enum": [\#(UnitTable.members)]
            },
            "cause": {
              "description": "Why a stressor fell short of its target.",
              "enum": [\#(causes)]
            },
            "evidence": {
              "description": "What a cause rests on.",
              "type": "object",
              "properties": {
                "source": {"type": "string", "description": "The file or call that says it."},
                "figure": {"type": "string", "description": "What it says."}
              },
              "required": ["source", "figure"],
              "additionalProperties": false
            },
            "verdict": {"enum": ["met", "not_met", "aborted", "killed", "unsupported", "unverified"]},
            "signal": {"type": "string", "pattern": "^(SIG[A-Z0-9]+|signal \\d+)$"},
            "loads": {
              "description": "Each load's notation; a stressor that is not here is released.",
              "type": "object",
              "additionalProperties": {"type": "string"}
            },
            "within": {
              "description": "How long the way to a target may take, by stressor; 1 s where it is not here.",
              "type": "object",
              "additionalProperties": {"type": "number", "minimum": 0}
            },
            "expect": {
              "description": "Ends of loads that are wanted, by stressor; absent where none is.",
              "type": "object",
              "additionalProperties": {"$ref": "#/$defs/expectation"}
            },
            "expectation": {"enum": ["killed", "not_met"]},
            "setting": {
              "type": ["string", "number", "boolean", "array", "object"],
              "items": {"type": "integer", "minimum": 0},
              "propertyNames": {"pattern": "^[0-9]+$"},
              "additionalProperties": {"type": ["integer", "string"]}
            },
            "host": {
              "type": "object",
              "properties": {
                "name": {"type": "string"},
                "kernel": {"type": "string"},
                "architecture": {"type": "string"},
                "online_cpus": {"type": "integer", "minimum": 0},
                "affinity_cpus": {"type": "integer", "minimum": 0},
                "quota_cores": {
                  "type": ["number", "null"],
                  "minimum": 0,
                  "description": "CPU quota; null where there is none."
                },
                "memory_total_bytes": {
                  "type": ["integer", "null"],
                  "minimum": 0,
                  "description": "MemTotal; null where it cannot be read."
                },
                "memory_available_bytes": {
                  "type": ["integer", "null"],
                  "minimum": 0,
                  "description": "MemAvailable at the start; null where it cannot be read."
                },
                "memory_limit_bytes": {"type": ["integer", "null"], "minimum": 0},
                "numa_nodes": {"type": "integer", "minimum": 0},
                "huge_pages": {"type": "string"}
              },
              "required": [
                "name", "kernel", "architecture", "online_cpus", "affinity_cpus", "quota_cores",
                "memory_total_bytes", "memory_available_bytes", "memory_limit_bytes", "numa_nodes",
                "huge_pages"
              ],
              "additionalProperties": false
            },
            "profile": {
              "type": "object",
              "properties": {
                "name": {"type": "string"},
                "file": {"type": "string"},
                "sha256": {"type": "string"},
                "seed": {"type": "integer", "minimum": 0},
                "note": {"$ref": "#/$defs/note"},
                "includes": {
                  "description": "The files whose parts the profile takes; absent where there is none.",
                  "type": "array",
                  "items": {
                    "type": "object",
                    "properties": {"file": {"type": "string"}, "sha256": {"type": "string"}},
                    "required": ["file", "sha256"],
                    "additionalProperties": false
                  }
                },
                "labels": {"$ref": "#/$defs/labels"},
                "parameters": {
                  "description": "The values that the profile's parameters have in this run.",
                  "type": "object",
                  "additionalProperties": {
                    "type": "object",
                    "properties": {
                      "value": {
                        "description": "null where it is text of the environment, which may be secret.",
                        "type": ["string", "null"]
                      },
                      "from": {"enum": ["profile", "flag", "environment"]}
                    },
                    "required": ["value", "from"],
                    "additionalProperties": false
                  }
                },
                "changes": {
                  "description": "What the command line changed of the profile, each as its flag has it.",
                  "type": "array",
                  "items": {"type": "string"}
                }
              },
              "required": ["name", "file", "sha256", "seed"],
              "additionalProperties": false
            },
            "plan": {
              "type": "object",
              "properties": {
                "length_s": {"type": "number", "minimum": 0},
                "stressors": {"type": "object", "additionalProperties": {"$ref": "#/$defs/planned_stressor"}},
                "phases": {"type": "array", "items": {"$ref": "#/$defs/planned_phase"}},
                "guards": {"type": "array", "items": {"$ref": "#/$defs/guard"}},
                \#(ServiceSchema.planMembers)
                "guards_aside": {
                  "type": "array",
                  "description": "Guards that would be on by default and are off, and why; absent where none is.",
                  "items": {
                    "type": "object",
                    "properties": {"guard": {"type": "string"}, "reason": {"type": "string"}},
                    "required": ["guard", "reason"],
                    "additionalProperties": false
                  }
                },
                "findings": {"type": "array", "items": {"$ref": "#/$defs/finding"}}
              },
              "required": ["length_s", "stressors", "phases", "guards", "findings"],
              "additionalProperties": false
            },
            "planned_stressor": {
              "type": "object",
              "properties": {
                "kind": {"type": "string"},
                "unit": {"$ref": "#/$defs/unit"},
                "drive": {"enum": ["level", "rate"]},
                "mode": {
                  "enum": ["add", "total"],
                  "description": "Whether targets are put on top of what is there, or are the base's total use."
                },
                "capacity": {
                  "type": ["number", "null"],
                  "minimum": 0,
                  "description": "What 100 % means, in the unit; null where nobody knows."
                },
                "base": {"type": "string", "description": "Which base that is and what said so."},
                "peak_target": {"type": ["number", "null"], "minimum": 0, "description": "Null is max."},
                "workers": {"type": "integer", "minimum": 0},
                "processes": {"type": "integer", "minimum": 1},
                "tolerance": {
                  "type": "object",
                  "description": "Absolute or ratio, the larger; share at most unless written; floor to most in all.",
                  "properties": {
                    "absolute": {"type": "number", "minimum": 0, "description": "In the unit."},
                    "ratio": {"type": "number", "minimum": 0, "description": "Of the target."},
                    "written": {"type": "boolean", "description": "Whether the profile wrote it."},
                    "floor": {
                      "type": "number",
                      "minimum": 0,
                      "description": "What the kernel's accounting cannot resolve, in the unit."
                    },
                    "released": {
                      "type": "number",
                      "minimum": 0,
                      "description": "What may be left where nothing is asked for, in the unit."
                    },
                    "share": {"type": "number", "minimum": 0, "description": "Of the target."},
                    "most": {"type": "number", "minimum": 0, "description": "Of the target."}
                  },
                  "required": ["absolute", "ratio"],
                  "additionalProperties": false
                },
                "witness": {"type": "string", "description": "The kernel interface that `achieved` comes from."},
                "settings": {"type": "object", "additionalProperties": {"$ref": "#/$defs/setting"}}
              },
              "required": [
                "kind", "unit", "drive", "mode", "capacity", "base", "peak_target", "workers", "processes",
                "tolerance", "witness", "settings"
              ],
              "additionalProperties": false
            },
            "until": {
              "type": "array",
              "description": "What ends the phase before its time, each as written; absent where nothing does.",
              "items": {"type": "string"}
            },
            "planned_phase": {
              "type": "object",
              "properties": {
                "name": {"type": "string"},
                "note": {"$ref": "#/$defs/note"},
                "start_s": {"type": "number", "minimum": 0},
                "length_s": {"type": "number", "minimum": 0},
                "loads": {"$ref": "#/$defs/loads"},
                "within_s": {"$ref": "#/$defs/within"},
                "until": {"$ref": "#/$defs/until"},
                "expect": {"$ref": "#/$defs/expect"}
              },
              "required": ["name", "start_s", "length_s", "loads"],
              "additionalProperties": false
            },
            "guard": {
              "type": "object",
              "properties": {
                \#(guardMembers)
              },
              "required": ["guard", "metric", "comparison", "limit", "unit", "for_s"],
              "additionalProperties": false
            },
            "guard_trip": {
              "type": "object",
              "properties": {
                \#(guardMembers),
                \#(tripMembers)
              },
              "required": ["guard", "metric", "comparison", "limit", "unit", "for_s", "value", "held_s"],
              "additionalProperties": false
            },
            "finding": {
              "type": "object",
              "properties": {
                "code": {"type": "string"},
                "severity": {"enum": ["note", "warning"]},
                "stressor": {"type": ["string", "null"]},
                "message": {"type": "string"}
              },
              "required": ["code", "severity", "stressor", "message"],
              "additionalProperties": false
            },
            "quantiles": {
              "type": "object",
              "properties": {
                "p50_s": {"type": "number", "minimum": 0},
                "p90_s": {"type": "number", "minimum": 0},
                "p99_s": {"type": "number", "minimum": 0},
                "p999_s": {"type": "number", "minimum": 0},
                "max_s": {"type": "number", "minimum": 0}
              },
              "required": ["p50_s", "p90_s", "p99_s", "p999_s", "max_s"],
              "additionalProperties": false
            },
            "latency": {
              "type": "object",
              "description": "How long operations took: from when they were due, and from submission.",
              "properties": {
                "operations": {"type": "integer", "minimum": 0},
                "intended": {"$ref": "#/$defs/quantiles"},
                "service": {"$ref": "#/$defs/quantiles"}
              },
              "required": ["operations", "intended", "service"],
              "additionalProperties": false
            },
            "device": {
              "type": "object",
              "description": "What the block device did in the interval, whoever caused it.",
              "properties": {
                "name": {"type": "string"},
                "read_bytes_per_second": {"type": "number", "minimum": 0},
                "write_bytes_per_second": {"type": "number", "minimum": 0},
                "read_operations_per_second": {"type": "number", "minimum": 0},
                "write_operations_per_second": {"type": "number", "minimum": 0},
                "queue_depth": {"type": "number", "minimum": 0}
              },
              "required": [
                "name", "read_bytes_per_second", "write_bytes_per_second", "read_operations_per_second",
                "write_operations_per_second", "queue_depth"
              ],
              "additionalProperties": false
            },
            "scheduling": {
              "type": "object",
              "description": "What kept the stressor's threads from running; in samples only where it falls short.",
              "properties": {
                "run_delay_s": {
                  "type": "number",
                  "minimum": 0,
                  "description": "Time that threads were ready and did not run, of all of them together."
                },
                "throttled_count": {
                  "type": "integer",
                  "minimum": 0,
                  "description": "How often a CPU quota stopped the group; absent where there is no quota."
                },
                "throttled_s": {"type": "number", "minimum": 0, "description": "For how long it did."},
                "steal_s": {
                  "type": "number",
                  "minimum": 0,
                  "description": "Time that a hypervisor took, of all processors together."
                }
              },
              "required": ["run_delay_s", "steal_s"],
              "additionalProperties": false
            },
            "psi": {
              "type": "object",
              "description": "Shares of the interval in which tasks waited, from the total= figures; those there are.",
              "properties": {
                "cpu_some_ratio": {"type": "number", "minimum": 0, "maximum": 1},
                "memory_some_ratio": {"type": "number", "minimum": 0, "maximum": 1},
                "memory_full_ratio": {"type": "number", "minimum": 0, "maximum": 1},
                "io_some_ratio": {"type": "number", "minimum": 0, "maximum": 1},
                "io_full_ratio": {"type": "number", "minimum": 0, "maximum": 1}
              },
              "additionalProperties": false
            },
            "reading": {
              "type": "object",
              "properties": {
                "unit": {"$ref": "#/$defs/unit"},
                "target": {
                  "type": ["number", "null"],
                  "description": "Mean of the interval for rates, at its end for levels; null is max."
                },
                "achieved": {
                  "type": ["number", "null"],
                  "description": "What the kernel says; null where the process is gone."
                },
                "error": {"type": ["number", "null"], "description": "Achieved less target, or less due."},
                "due": {
                  "type": "number",
                  "description": "What was drawn for the target, where arrivals are drawn; errors count from it."
                },
                "achieved_reads": {
                  "type": "number",
                  "description": "What reads did of achieved, where a load both reads and writes."
                },
                "achieved_writes": {"type": "number", "description": "What writes did of it."},
                "target_min": {"type": ["number", "null"], "description": "The least target of the interval."},
                "target_mean": {"type": ["number", "null"], "description": "Its mean over time."},
                "target_max": {"type": ["number", "null"], "description": "The greatest."},
                "achieved_min": {
                  "type": ["number", "null"],
                  "description": "The least of what the kernel says, between looks for rates, at looks for levels."
                },
                "achieved_mean": {"type": ["number", "null"], "description": "Its mean over time."},
                "achieved_max": {"type": ["number", "null"], "description": "The greatest."},
                "own": {
                  "type": "number",
                  "description": "What the stressor's processes hold of a total, as the kernel says."
                },
                "others": {"type": ["number", "null"], "description": "What is left of a total without them."},
                "claimed": {"type": "number", "description": "What the stressor says."},
                "witness": {"type": "string"},
                "limited_by": {"anyOf": [{"$ref": "#/$defs/cause"}, {"type": "null"}]},
                "limit": {"$ref": "#/$defs/evidence"},
                "refusals": {
                  "type": "integer",
                  "minimum": 1,
                  "description": "So far; absent where there were none."
                },
                "content_bytes": {
                  "type": "number",
                  "minimum": 0,
                  "description": "Bytes that hold content rather than zeroes; memory only."
                },
                "dropped": {
                  "type": "integer",
                  "minimum": 0,
                  "description": "Operations so far that were overdue by more than the backlog and never issued."
                },
                "failed": {
                  "type": "object",
                  "description": "Operations so far that failed, by errno; absent where none did.",
                  "additionalProperties": {"type": "integer", "minimum": 1}
                },
                "latency": {"$ref": "#/$defs/latency"},
                "device": {"$ref": "#/$defs/device"},
                "scheduling": {"$ref": "#/$defs/scheduling"},
                "cgroup": {
                  "type": "object",
                  "description": "The v2 control group that the stressor runs in.",
                  "properties": {"directory": {"type": "string"}, "psi": {"$ref": "#/$defs/psi"}},
                  "required": ["directory", "psi"],
                  "additionalProperties": false
                }
              },
              "required": ["unit", "target", "achieved", "error", "claimed", "witness", "limited_by"],
              "additionalProperties": false
            },
            "result": {
              "type": "object",
              "properties": {
                "phase": {"type": ["string", "null"]},
                "stressor": {"type": "string"},
                "unit": {"$ref": "#/$defs/unit"},
                "is_loaded": {
                  "type": "boolean",
                  "description": "Whether the phase gave it a load; else it is judged by what it still takes."
                },
                "target_mean": {
                  "type": ["number", "null"],
                  "description": "Null is max, which has no error either."
                },
                "achieved_mean": {"type": "number"},
                "claimed_mean": {"type": "number"},
                "error_mean": {
                  "type": ["number", "null"],
                  "description": "Of achieved less target over the whole phase, without granted allowances."
                },
                "due_mean": {
                  "type": "number",
                  "description": "What was drawn for the target, where arrivals are drawn; errors count from it."
                },
                "achieved_reads_mean": {
                  "type": "number",
                  "description": "What reads did of achieved, where a load both reads and writes."
                },
                "achieved_writes_mean": {"type": "number", "description": "What writes did of it."},
                "error_abs_mean": {
                  "type": ["number", "null"],
                  "minimum": 0,
                  "description": "Of the sizes of the slots' errors for rates, of the looks' for levels."
                },
                "error_abs_p95": {"type": ["number", "null"], "minimum": 0},
                "error_abs_max": {"type": ["number", "null"], "minimum": 0},
                "dropped": {
                  "type": "integer",
                  "minimum": 0,
                  "description": "Operations that were overdue by more than the backlog and never issued."
                },
                "failed": {
                  "type": "object",
                  "description": "Operations that failed, by errno; absent where none did.",
                  "additionalProperties": {"type": "integer", "minimum": 1}
                },
                "latency": {"$ref": "#/$defs/latency"},
                "histograms": {
                  "type": "object",
                  "description": "HdrHistogram V2, compressed, base64; values in ns.",
                  "properties": {"intended": {"type": "string"}, "service": {"type": "string"}},
                  "required": ["intended", "service"],
                  "additionalProperties": false
                },
                "tolerance": {
                  "type": "number",
                  "minimum": 0,
                  "description": "The error that was allowed at the mean target."
                },
                "time_to_reach_s": {
                  "type": ["number", "null"],
                  "minimum": 0,
                  "description": "From the phase's start to the first reading within tolerance."
                },
                "off_s": {
                  "type": "number",
                  "minimum": 0,
                  "description": "For how long it was off its target outside allowances."
                },
                "unseen_s": {"type": "number", "minimum": 0, "description": "For how long nobody looked."},
                "allowance_s": {
                  "type": "number",
                  "minimum": 0,
                  "description": "For how long it was on its way to a target within granted allowances."
                },
                "killed_after_s": {
                  "type": "number",
                  "minimum": 0,
                  "description": "Since the phase's start; absent where it was not killed in this phase."
                },
                "achieved_when_killed": {
                  "type": ["number", "null"],
                  "description": "What it held then, or its mean rate in the last second."
                },
                "time_to_content_s": {
                  "type": "number",
                  "minimum": 0,
                  "description": "From the phase's start until all memory held content; memory only."
                },
                "shortfall": {
                  "description": "What fell short by cause, as a mean over the phase.",
                  "type": "object",
                  "propertyNames": {"$ref": "#/$defs/cause"},
                  "additionalProperties": {"type": "number", "minimum": 0}
                },
                "limited_by": {
                  "anyOf": [{"$ref": "#/$defs/cause"}, {"type": "null"}],
                  "description": "The cause that took the most."
                },
                "causes": {
                  "description": "What each cause rests on.",
                  "type": "object",
                  "propertyNames": {"$ref": "#/$defs/cause"},
                  "additionalProperties": {"$ref": "#/$defs/evidence"}
                },
                "resident_bytes": {
                  "type": "number",
                  "minimum": 0,
                  "description": "The resident set by page walk at the phase's end; memory only."
                },
                "node_bytes": {
                  "type": "object",
                  "propertyNames": {"pattern": "^[0-9]+$"},
                  "additionalProperties": {"type": "number", "minimum": 0},
                  "description": "Anonymous memory on each memory node by page walk at the phase's end."
                },
                "scheduling": {"$ref": "#/$defs/scheduling"},
                "verdict": {"anyOf": [{"$ref": "#/$defs/verdict"}, {"type": "null"}]},
                "expected": {
                  "type": "boolean",
                  "description": "Whether the verdict is the end that was wanted; absent where none was."
                }
              },
              "required": [
                "phase", "stressor", "unit", "is_loaded", "target_mean", "achieved_mean", "claimed_mean",
                "error_mean", "error_abs_mean", "error_abs_p95", "error_abs_max", "tolerance",
                "time_to_reach_s", "shortfall", "limited_by", "verdict"
              ],
              "additionalProperties": false
            },
            "end": {
              "oneOf": [
                {
                  "type": "object",
                  "properties": {
                    "stressor": {"type": "string"},
                    "pid": {"type": "integer", "minimum": 0},
                    "manner": {"const": "released"},
                    "cpu_s": {"type": "number", "minimum": 0},
                    "release_s": {
                      "type": ["number", "null"],
                      "minimum": 0,
                      "description": "From the request to stop until it was gone; null where it was not asked."
                    }
                  },
                  "required": ["stressor", "pid", "manner", "cpu_s", "release_s"],
                  "additionalProperties": false
                },
                {
                  "type": "object",
                  "properties": {
                    "stressor": {"type": "string"},
                    "pid": {"type": "integer", "minimum": 0},
                    "manner": {"const": "failed"},
                    "reason": {"type": "string"},
                    "cpu_s": {"type": "number", "minimum": 0},
                    "release_s": {
                      "type": ["number", "null"],
                      "minimum": 0,
                      "description": "From the request to stop until it was gone; null where it was not asked."
                    }
                  },
                  "required": ["stressor", "pid", "manner", "reason", "cpu_s", "release_s"],
                  "additionalProperties": false
                },
                {
                  "type": "object",
                  "properties": {
                    "stressor": {"type": "string"},
                    "pid": {"type": "integer", "minimum": 0},
                    "manner": {"const": "killed"},
                    "signal": {"$ref": "#/$defs/signal"},
                    "out_of_memory": {"type": "boolean"},
                    "note": {
                      "type": "string",
                      "description": "What is known of who ended it, or that it is not known."
                    },
                    "cpu_s": {"type": "number", "minimum": 0},
                    "release_s": {
                      "type": ["number", "null"],
                      "minimum": 0,
                      "description": "From the request to stop until it was gone; null where it was not asked."
                    }
                  },
                  "required": ["stressor", "pid", "manner", "signal", "out_of_memory", "cpu_s", "release_s"],
                  "additionalProperties": false
                }
              ]
            }
          }
        }
        """#
}
