// SPDX-License-Identifier: Apache-2.0

/// The options of stress-ng that an importer knows by name, from its manual page.
enum StressNGOptions {
    /// Letters that stand for options.
    static let letters: [Character: String] = [
        "A": "aggressive", "a": "all", "b": "backoff", "B": "bigheap", "c": "cpu", "C": "cache", "d": "hdd",
        "D": "dentry", "f": "fork", "F": "fallocate", "h": "help", "i": "io", "I": "iostat", "j": "job",
        "k": "keep-name", "K": "klog-check", "l": "cpu-load", "L": "log-file", "m": "vm", "M": "metrics",
        "n": "dry-run", "o": "open", "O": "oomable", "p": "pipe", "P": "poll", "q": "quiet", "r": "random",
        "R": "rename", "s": "switch", "S": "sock", "t": "timeout", "T": "timer", "u": "urandom", "v": "verbose",
        "V": "version", "w": "with", "x": "exclude", "y": "yield", "Y": "yaml",
    ]

    /// Options without a value that say how its output looks, and have no part in the load.
    static let outputFlags: Set = [
        "verbose", "quiet", "metrics", "metrics-brief", "times", "tz", "perf", "sn", "timestamp", "syslog", "log-brief",
        "log-lockless", "keep-name", "klog-check", "no-rand-seed", "progress", "stdout", "stderr", "stressor-time",
        "settings", "skip-silent", "smart", "thermalstat", "version", "verifiable", "stressors", "interrupts",
        "c-states",
        "change-cpu", "help", "no-madvise", "keep-files", "config", "query",
    ]
    /// Such options with a value.
    static let outputValues: Set = [
        "log-file", "yaml", "seed", "status", "vmstat", "iostat", "raplstat", "buddystat", "thermalstat-interval",
    ]

    /// Flags that change the load in a way of stress-ng's own.
    static let otherFlags: [String: String] = [
        "aggressive": "makes more of each stressor of stress-ng, which exert has no like of",
        "maximize": "takes the largest sizes that stress-ng has; write the sizes, or exert's percentages",
        "minimize": "takes the smallest sizes that stress-ng has; write the sizes",
        "ignite-cpu": "sets the host's frequency governors; exert leaves the host's settings alone",
        "verify": "checks what the stressors worked out; exert verifies the load instead",
        "oom-avoid": "exert keeps a headroom of its own (memory.headroom)",
        "oomable": "exert never starts a stressor again that was killed",
        "oom-no-child": "exert never starts a stressor again that was killed",
        "no-oom-adjust": "exert's stressors offer themselves to the OOM killer first",
        "page-in": "exert's memory is resident all the time",
        "thrash": "brings others' pages in and out, which exert has no like of",
        "abort": "ends the others when one fails; a guard of exert does that",
        "pathological": "is of stressors that exert has no like of",
        "ftrace": "traces the kernel", "timer-slack": "exert's workers set their own timer slack",
        "dry-run": "runs nothing; 'exert check' does that", "sched-reclaim": "is of a scheduling class of stress-ng",
        "sync-start": "exert's stressors begin together anyway",
        "autogroup": "is of a scheduling class of stress-ng",
    ]

    /// Options with a value that change the load in a way of stress-ng's own.
    static let otherValues: [String: String] = [
        "backoff": "delays the workers of stress-ng one after the other; exert's begin together",
        "pause": "waits between the stressors; give the phases a rest between them",
        "ionice-class": "exert has no setting for it", "ionice-level": "exert has no setting for it",
        "sched": "exert's 'priority' takes normal, nice or idle", "sched-prio": "exert has no setting for it",
        "sched-period": "exert has no setting for it", "sched-runtime": "exert has no setting for it",
        "sched-deadline": "exert has no setting for it", "mbind": "exert's setting 'nodes' does that",
        "max-fd": "exert takes the limit of the process as it is", "oom-avoid-bytes": "exert's 'headroom' does that",
        "class": "which stressors that is, is stress-ng's own list; name them",
        "exclude": "which stressors are left, is stress-ng's own list; name them",
        "with": "is of a run of stress-ng's own list; name the stressors as options",
        "random": "which stressors run, stress-ng draws; name them", "permute": "runs them in all combinations",
        "job": "a job file in another one, which stress-ng refuses, or beside words; import it by itself",
        "limit": "is of a stressor that exert has no like of", "sched-offset": "exert has no setting for it",
    ]

    /// Whether this is an option that takes no value.
    ///
    /// Of an option that is not known here, a word behind it that is no option is its value: stress-ng has no words
    /// that belong to none.
    static func isFlag(_ name: String) -> Bool {
        outputFlags.contains(name) || otherFlags[name] != nil || stressorFlags.contains(name)
    }

    /// Flags of the stressors that are carried.
    static let stressorFlags: Set = [
        "vm-keep", "vm-populate", "vm-locked", "vm-flush", "vm-nt", "vm-numa", "vm-discontiguous", "vm-rw-verify",
        "mmap-file", "mmap-async", "mmap-osync", "mmap-odirect", "mmap-mprotect", "mmap-mmap2", "mremap-mlock",
        "memfd-mlock", "memrate-flush", "stream-mlock", "fallocate-verify", "cpu-old-metrics",
    ]
}
