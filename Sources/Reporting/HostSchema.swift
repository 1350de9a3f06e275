// SPDX-License-Identifier: Apache-2.0

/// The JSON Schema of what `exert host` prints.
public enum HostSchema {
    /// The schema in draft 2020-12, ending in a line feed.
    ///
    /// It is strict: a member that it does not name is an error. A new member is a new version.
    public static func jsonSchema() -> String { text + "\n" }

    private static let text = #"""
        {
          "$schema": "https://json-schema.org/draft/2020-12/schema",
          "$id": "https://exert.dev/schema/host/1",
          "title": "What a host or container offers, as exert host tells it",
          "description": "Each figure with its source; what could not be read has an error in its stead.",
          "type": "object",
          "properties": {
            "schema": {"const": "exert-host/1"},
            "exert_version": {"type": "string"},
            "host": {
              "type": "object",
              "properties": {
                "name": {"type": "string"},
                "kernel": {"type": "string"},
                "architecture": {"type": "string"},
                "hints": {
                  "type": "array",
                  "items": {"type": "string"},
                  "description": "Signs of a container, a sandbox or a virtual machine, each with where it was seen."
                },
                "virtualised_files": {
                  "type": "array",
                  "items": {"type": "string"},
                  "description": "Files below /proc that are not the kernel's own, as LXCFS puts there."
                },
                "namespaces": {
                  "type": "array",
                  "items": {
                    "type": "object",
                    "properties": {
                      "kind": {"enum": ["cgroup", "pid", "user", "ipc", "uts"]},
                      "state": {"enum": ["host", "own", "unknown"]},
                      "error": {"$ref": "#/$defs/error"}
                    },
                    "required": ["kind", "state", "error"],
                    "additionalProperties": false
                  }
                }
              },
              "required": ["name", "kernel", "architecture", "hints", "virtualised_files", "namespaces"],
              "additionalProperties": false
            },
            "privileges": {
              "type": "object",
              "properties": {
                "user_id": {"type": "integer", "minimum": 0},
                "capabilities": {"$ref": "#/$defs/texts"},
                "seccomp": {"$ref": "#/$defs/text"},
                "no_new_privileges": {"$ref": "#/$defs/flag"},
                "security_label": {"$ref": "#/$defs/text"},
                "locked_memory_bytes": {"$ref": "#/$defs/process_limit"},
                "address_space_bytes": {"$ref": "#/$defs/process_limit"},
                "file_size_bytes": {"$ref": "#/$defs/process_limit"}
              },
              "required": [
                "user_id", "capabilities", "seccomp", "no_new_privileges", "security_label",
                "locked_memory_bytes", "address_space_bytes", "file_size_bytes"
              ],
              "additionalProperties": false
            },
            "cgroups": {
              "type": "object",
              "properties": {
                "version": {"enum": ["none", "v1", "v2", "hybrid"]},
                "namespace": {"enum": ["host", "own", "unknown"]},
                "unread": {
                  "type": "array",
                  "items": {
                    "type": "object",
                    "properties": {"source": {"type": "string"}, "error": {"type": "string"}},
                    "required": ["source", "error"],
                    "additionalProperties": false
                  }
                },
                "controllers": {
                  "type": "array",
                  "items": {
                    "type": "object",
                    "properties": {
                      "name": {"type": "string"},
                      "version": {"type": "integer", "minimum": 1, "maximum": 2},
                      "group": {"type": "string", "description": "The directory of our own group."},
                      "path": {"type": "string", "description": "As /proc/self/cgroup tells it."}
                    },
                    "required": ["name", "version", "group", "path"],
                    "additionalProperties": false
                  }
                }
              },
              "required": ["version", "namespace", "unread", "controllers"],
              "additionalProperties": false
            },
            "cpu": {
              "type": "object",
              "properties": {
                "usable_cores": {
                  "type": "number",
                  "minimum": 0,
                  "description": "The smaller of affinity and quota, as far as they can be read."
                },
                "online_cpus": {"$ref": "#/$defs/numbers"},
                "affinity_cpus": {"$ref": "#/$defs/numbers"},
                "cpuset_cpus": {"$ref": "#/$defs/numbers"},
                "physical_cores": {"$ref": "#/$defs/integer"},
                "quota_cores": {"$ref": "#/$defs/limit"}
              },
              "required": [
                "usable_cores", "online_cpus", "affinity_cpus", "cpuset_cpus", "physical_cores", "quota_cores"
              ],
              "additionalProperties": false
            },
            "memory": {
              "type": "object",
              "properties": {
                "total_bytes": {"$ref": "#/$defs/integer"},
                "available_bytes": {"$ref": "#/$defs/integer"},
                "swap_total_bytes": {"$ref": "#/$defs/integer"},
                "swap_free_bytes": {"$ref": "#/$defs/integer"},
                "limit_bytes": {"$ref": "#/$defs/limit"},
                "high_bytes": {"$ref": "#/$defs/limit"},
                "swap_limit_bytes": {"$ref": "#/$defs/limit"},
                "cgroup_used_bytes": {"$ref": "#/$defs/integer"},
                "transparent_huge_pages": {"$ref": "#/$defs/text"},
                "huge_pages": {"$ref": "#/$defs/integer"},
                "huge_pages_free": {"$ref": "#/$defs/integer"},
                "huge_page_size_bytes": {"$ref": "#/$defs/integer"},
                "overcommit_mode": {"$ref": "#/$defs/integer"},
                "cpuset_nodes": {"$ref": "#/$defs/numbers"},
                "nodes": {
                  "type": "array",
                  "items": {
                    "type": "object",
                    "properties": {
                      "id": {"type": "integer", "minimum": 0},
                      "cpus": {"$ref": "#/$defs/numbers"},
                      "total_bytes": {"$ref": "#/$defs/integer"},
                      "free_bytes": {"$ref": "#/$defs/integer"}
                    },
                    "required": ["id", "cpus", "total_bytes", "free_bytes"],
                    "additionalProperties": false
                  }
                }
              },
              "required": [
                "total_bytes", "available_bytes", "swap_total_bytes", "swap_free_bytes", "limit_bytes", "high_bytes",
                "swap_limit_bytes", "cgroup_used_bytes", "transparent_huge_pages", "huge_pages", "huge_pages_free",
                "huge_page_size_bytes", "overcommit_mode", "cpuset_nodes", "nodes"
              ],
              "additionalProperties": false
            },
            "handles": {
              "type": "object",
              "properties": {
                "open_files_soft": {"$ref": "#/$defs/process_limit"},
                "open_files_hard": {"$ref": "#/$defs/process_limit"},
                "greatest_limit": {"$ref": "#/$defs/integer"},
                "system_used": {"$ref": "#/$defs/integer"},
                "system_most": {"$ref": "#/$defs/integer"},
                "inotify_instances": {"$ref": "#/$defs/integer"},
                "user_processes": {"$ref": "#/$defs/process_limit"},
                "system_threads": {"$ref": "#/$defs/integer"},
                "cgroup_processes": {"$ref": "#/$defs/limit"}
              },
              "required": [
                "open_files_soft", "open_files_hard", "greatest_limit", "system_used", "system_most",
                "inotify_instances", "user_processes", "system_threads", "cgroup_processes"
              ],
              "additionalProperties": false
            },
            "pressures": {
              "type": "array",
              "items": {
                "type": "object",
                "properties": {
                  "resource": {"enum": ["cpu", "memory", "io"]},
                  "scope": {"enum": ["host", "cgroup"]},
                  "some_us": {"$ref": "#/$defs/integer"},
                  "full_us": {"$ref": "#/$defs/integer"}
                },
                "required": ["resource", "scope", "some_us", "full_us"],
                "additionalProperties": false
              }
            },
            "file_systems": {
              "type": "array",
              "items": {
                "type": "object",
                "properties": {
                  "mount_point": {"type": "string"},
                  "other_mount_points": {"type": "array", "items": {"type": "string"}},
                  "type": {"type": "string"},
                  "device": {"type": "string"},
                  "is_read_only": {"type": ["boolean", "null"]},
                  "space": {
                    "type": ["object", "null"],
                    "properties": {
                      "total_bytes": {"type": "integer", "minimum": 0},
                      "used_bytes": {"type": "integer", "minimum": 0},
                      "available_bytes": {
                        "type": "integer",
                        "minimum": 0,
                        "description": "What any user may still take, as df has it."
                      },
                      "reserved_bytes": {
                        "type": "integer",
                        "minimum": 0,
                        "description": "Free, and for root or the user that the file system names alone."
                      },
                      "inodes": {"type": "integer", "minimum": 0, "description": "0 where they are not counted."},
                      "inodes_available": {"type": "integer", "minimum": 0}
                    },
                    "required": [
                      "total_bytes", "used_bytes", "available_bytes", "reserved_bytes", "inodes", "inodes_available"
                    ],
                    "additionalProperties": false
                  },
                  "problem": {
                    "type": ["string", "null"],
                    "description": "Why it was not asked or did not say how full it is."
                  },
                  "refusal": {"type": ["string", "null"], "description": "Why exert does not fill it."}
                },
                "required": [
                  "mount_point", "other_mount_points", "type", "device", "is_read_only", "space", "problem", "refusal"
                ],
                "additionalProperties": false
              }
            },
            "techniques": {"type": "array", "items": {"$ref": "#/$defs/technique"}},
            "directories": {
              "type": "array",
              "items": {
                "type": "object",
                "properties": {
                  "path": {"type": "string"},
                  "type": {"type": ["string", "null"]},
                  "problem": {"type": ["string", "null"], "description": "Why nothing was tried."},
                  "techniques": {"type": "array", "items": {"$ref": "#/$defs/technique"}}
                },
                "required": ["path", "type", "problem", "techniques"],
                "additionalProperties": false
              }
            },
            "undo": {
              "type": "object",
              "description": "What runs hold or have left that the kernel does not take back.",
              "properties": {
                "directory": {"type": "string", "description": "Where the records are."},
                "problem": {"type": ["string", "null"], "description": "Why no record can be kept there."},
                "records": {
                  "type": "array",
                  "items": {
                    "type": "object",
                    "properties": {
                      "path": {"type": "string"},
                      "state": {
                        "enum": ["held", "left", "stuck", "foreign"],
                        "description": "Held by a run; left by one; left, and not undone now; no record of ours."
                      },
                      "effect": {"type": ["string", "null"], "description": "What undoing it does."},
                      "process_id": {"type": ["integer", "null"], "minimum": 1},
                      "run_id": {"type": ["string", "null"]},
                      "reason": {"type": ["string", "null"], "description": "Why it stays."}
                    },
                    "required": ["path", "state", "effect", "process_id", "run_id", "reason"],
                    "additionalProperties": false
                  }
                }
              },
              "required": ["directory", "problem", "records"],
              "additionalProperties": false
            }
          },
          "required": [
            "schema", "exert_version", "host", "privileges", "cgroups", "cpu", "memory", "handles", "pressures",
            "file_systems", "techniques", "directories", "undo"
          ],
          "additionalProperties": false,
          "$defs": {
            "error": {
              "type": ["string", "null"],
              "description": "An errno by name; ENODATA: the file lacks the figure. EBADMSG: it is not understood."
            },
        \#(figure("integer", #"{"type": ["integer", "null"]}"#)),
        \#(figure("text", #"{"type": ["string", "null"]}"#)),
        \#(figure("flag", #"{"type": ["boolean", "null"]}"#)),
        \#(figure("texts", #"{"type": ["array", "null"], "items": {"type": "string"}}"#)),
        \#(figure("numbers", #"{"type": ["array", "null"], "items": {"type": "integer", "minimum": 0}}"#)),
            "state": {
              "enum": ["unlimited", "limited", "unreadable", "absent"],
              "description": "Unlimited: all say so. Unreadable: nobody knows. Absent: no group has such a limit."
            },
            "process_limit": {
              "type": "object",
              "properties": {
                "state": {"$ref": "#/$defs/state"},
                "value": {"type": ["integer", "null"]},
                "source": {"type": "string"},
                "error": {"$ref": "#/$defs/error"}
              },
              "required": ["state", "value", "source", "error"],
              "additionalProperties": false
            },
            "limit": {
              "type": "object",
              "description": "The smallest limit of our control group and its ancestors.",
              "properties": {
                "state": {"$ref": "#/$defs/state"},
                "value": {"type": ["number", "null"], "minimum": 0},
                "source": {"type": ["string", "null"]},
                "error": {"$ref": "#/$defs/error"},
                "is_complete": {
                  "type": "boolean",
                  "description": "Whether every group up to the host's root was read: else there may be less."
                },
                "hides_ancestors": {"type": ["boolean", "null"]},
                "sees_own_group": {"type": "boolean"},
                "levels": {
                  "type": "array",
                  "items": {
                    "type": "object",
                    "properties": {
                      "group": {"type": "string"},
                      "state": {"$ref": "#/$defs/state"},
                      "value": {"type": ["number", "null"], "minimum": 0},
                      "source": {"type": ["string", "null"]},
                      "error": {"$ref": "#/$defs/error"}
                    },
                    "required": ["group", "state", "value", "source", "error"],
                    "additionalProperties": false
                  }
                }
              },
              "required": [
                "state", "value", "source", "error", "is_complete", "hides_ancestors", "sees_own_group", "levels"
              ],
              "additionalProperties": false
            },
            "technique": {
              "type": "object",
              "properties": {
                "name": {"type": "string"},
                "purpose": {"type": "string"},
                "is_available": {"type": "boolean"},
                "verified_by": {"type": "string"},
                "detail": {"type": "string"},
                "error": {"$ref": "#/$defs/error"},
                "fallback": {"type": "string"},
                "measured": {"type": "object", "additionalProperties": {"type": "number"}}
              },
              "required": [
                "name", "purpose", "is_available", "verified_by", "detail", "error", "fallback", "measured"
              ],
              "additionalProperties": false
            }
          }
        }
        """#

    /// The definition of a figure: its value, where it comes from, and why it could not be read.
    private static func figure(_ name: String, _ value: String) -> String {
        #"""
            "\#(name)": {
              "type": "object",
              "properties": {
                "value": \#(value),
                "source": {"type": "string"},
                "error": {"$ref": "#/$defs/error"}
              },
              "required": ["value", "source", "error"],
              "additionalProperties": false
            }
        """#
    }
}
