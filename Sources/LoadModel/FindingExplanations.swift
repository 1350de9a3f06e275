// SPDX-License-Identifier: Apache-2.0

extension Finding {
    /// What each code means, and what helps, by the code.
    ///
    /// A finding's message has the figures of its run, and mostly the remedy; this is what the word stands for in every
    /// run. Findings are made where something is found, by any target: a test holds this table against the sources.
    public static let explanations: [String: Explanation] = plan.merging(run) { first, _ in first }

    /// What the planner finds before the load begins.
    private static let plan: [String: Explanation] = [
        "above_memory_high": Explanation(
            "the target is above memory.high of the control group, where the kernel slows the group down",
            "lower the target, or raise memory.high"),
        "arrivals_drawn": Explanation(
            "operations come at times that are drawn, as those of many users: the target is their mean, and what was "
                + "drawn is what is due",
            "keep the seed for the same times again, or write 'arrivals: even'"),
        "beyond_host": Explanation(
            "the load goes through its limit, and nothing is left to the host", "mean it, or lower the target"),
        "beyond_limit": Explanation("the target is above the group's limit, as 'beyond-limit: true' allows"),
        "block_is_split": Explanation(
            "the device takes less in one request than a block has, so that each operation is several there",
            "make 'block' smaller where the number of operations counts"),
        "buffer_in_cache": Explanation(
            "the buffers fit into the last-level cache in part, and that part of the load never reaches the memory",
            "make 'buffer' larger, or give the load fewer workers"),
        "cache_unknown": Explanation(
            "the host does not tell the size of its caches, so that the size of the buffers is a guess",
            "set 'buffer' to four times the last-level cache"),
        "device_not_counting": Explanation(
            "the counters of the block device are off, so that it bears nothing out", "write 1 to queue/iostats"),
        "device_unknown": Explanation(
            "no block device can be seen behind the directory, so that none bears the figures out",
            "give the load a directory on a local disk where that matters"),
        "ends_too_soon": Explanation(
            "the run ends before the time of an objective is up", "lengthen the last phase"),
        "few_probes": Explanation(
            "there are too few probes in the time of an objective for the share that it claims",
            "ask more often, look over a longer time, or claim less"),
        "headroom_above_left": Explanation(
            "more is left than the load says, since the headroom is larger", "lower 'headroom'"),
        "headroom_unwatched": Explanation(
            "how much memory the host has left cannot be read, so that the load does not stop before it runs out",
            "make /proc/meminfo readable (ProcSubset=all)"),
        "huge_pages_unavailable": Explanation(
            "transparent huge pages are off, and small pages are filled more slowly",
            "set transparent_hugepage/enabled to madvise, or ask for small pages"),
        "io_uring_unavailable": Explanation(
            "io_uring cannot be used, and threads do the I/O, at a higher cost in CPU",
            "allow io_uring_setup in the seccomp profile, or set kernel.io_uring_disabled to 0"),
        "joins_group": Explanation("the stressor's processes join a control group before they load"),
        "late_start": Explanation(
            "the load began later than the instant that was wanted", "start exert earlier before that instant"),
        "limit_not_reached": Explanation(
            "the target does not reach the limit that it was to go through", "raise the target"),
        "load_after_kill": Explanation(
            "a stressor that is expected to be killed has a load in a later phase",
            "leave it out there, or define a second stressor of the kind"),
        "max_written_too_low": Explanation(
            "the load ends before its time, since no more than 'max-written' may be written",
            "raise 'max-written', lower the load, or make it shorter"),
        "named_files": Explanation(
            "some inodes are held by files with names, since descriptors do not reach; a killed run leaves them",
            "raise the limit on open files, or let the next run or 'exert cleanup' remove them"),
        "no_witness": Explanation(
            "no kernel interface tells what the stressor does, so that achieved is its own count",
            "mount resctrl where the processor has it"),
        "observer_killed_too": Explanation(
            "the OOM killer takes whole groups, and exert itself is in that one",
            "put the load into a group of its own with 'cgroup', or set memory.oom.group to 0"),
        "one_memory_node": Explanation("the host has one memory node, so that 'nodes' makes no difference"),
        "probe_unverified": Explanation(
            "a probe does not verify the certificate of who answers", "give it the authority's file"),
        "probes_in_step": Explanation(
            "the period of a probe is a multiple of the load's, so that it always meets the same point of it",
            "take a period that is none, such as the one in the message"),
        "reserved_for_root": Explanation("only root may take the reserved blocks", "run as root, or leave them"),
        "shape_on_clock": Explanation(
            "the periods of a load begin at a time of day, so that it begins as far in its period as it is then"),
        "slow_release": Explanation("a file system frees inodes at a limited rate, so that the release takes seconds"),
        "storage_unknown": Explanation(
            "what the directory is kept on is not known; it may be memory", "give the load a directory on a disk"),
        "target_below_process": Explanation(
            "the target is less than what the stressor process itself takes", "ask for as much as the message says"),
        "target_below_use": Explanation(
            "others already have more than the total that was asked for, so that nothing is put on",
            "ask for more, or put the load on top with 'mode: add'"),
        "target_beyond_capacity": Explanation(
            "the target is more than there is, or than a limit allows", "lower the target, or raise the limit"),
        "target_beyond_commit_limit": Explanation(
            "the target is more than the kernel commits with vm.overcommit_memory=2",
            "lower the target, or raise vm.overcommit_ratio"),
        "target_beyond_node": Explanation(
            "a memory node has less left than is to be taken there", "lower its part, or free memory on it first"),
        "tolerance_cut": Explanation(
            "the tolerance that was written is more than half of a target, and less is used there",
            "write a smaller one"),
        "tolerance_raised": Explanation(
            "the tolerance that was written is less than the kernel's accounting can tell", "write a larger one"),
        "trace_length": Explanation(
            "a trace is longer or shorter than its phase", "write 'for: trace', or stretch it with 'stretch to phase'"),
        "trace_read": Explanation("how a trace was read: its column, its unit, and how its rows are joined"),
        "traffic_witness": Explanation("the processor's memory bandwidth monitoring bears the figures out"),
        "within_cut": Explanation(
            "'within' is more than half of the time that the target stands, and less is granted",
            "let the target stand longer, or ramp to it"),
        "workers_beyond_cpus": Explanation("more workers than processors do not move more", "give the load fewer"),
    ]

    /// What is found while the run goes on, or at its end.
    private static let run: [String: Explanation] = [
        "base_changed": Explanation(
            "what 100 % means has changed during the run, such as by processors that went offline",
            "write the load as an amount where it is to stay the same"),
        "cannot_start": Explanation("a load could not begin, and everything was released", "the message says why"),
        "changed": Explanation("somebody changed the run from outside: a target, a pause"),
        "claim_mismatch": Explanation(
            "what the stressor claims and what the kernel says disagree",
            "do not take the figures for proof; look for who else works with its files"),
        "device_shared": Explanation(
            "others moved data at the same device, so that its counters are not the load's alone",
            "repeat the run while nobody else uses the device"),
        "disk_full": Explanation("the file system is full before the target is held", "lower the target"),
        "file_system_silent": Explanation(
            "the file system did not answer for some time, and nobody knows how full it was",
            "look at the device or the network under it"),
        "files_cut": Explanation(
            "somebody cut the files that hold the load", "find out who opens files by way of /proc/PID/fd"),
        "guard_aside": Explanation("a guard that is on by default is off in this run; the message says why"),
        "guard_blind": Explanation(
            "a guard had nothing to read for some time, in which it could not trip",
            "look at why its metric was not there"),
        "guard_tripped": Explanation(
            "a guard ended the run, and everything was released",
            "look at what it saw; raise its limit only where the host can bear it"),
        "inodes_used_up": Explanation("the file system has no inode left", "lower the target, or write 'max'"),
        "io_error": Explanation("a read or a write of the working file failed", "look at the device: dmesg tells more"),
        "io_uring_lost": Explanation("io_uring stopped working after the check, and one thread does the I/O"),
        "keep_free_reached": Explanation(
            "no more was taken, since 'keep-free' leaves that much", "lower 'keep-free', or the target"),
        "lease_expired": Explanation(
            "nobody renewed the lease in time, and everything was released",
            "renew it more often, or make it longer"),
        "limit_lowered": Explanation(
            "somebody lowered the memory limit while the load was on, and memory was given back",
            "find out who sets the limit"),
        "limit_not_restored": Explanation(
            "the limit on open files of another process could not be set back", "run exert cleanup"),
        "links_stay": Explanation("somebody gave files of the load other names, which stay", "remove them"),
        "log_incomplete": Explanation("lines of the log are missing, so that it proves less", "give the log a disk"),
        "max_written_reached": Explanation(
            "as much was written as may be, and the load ended", "raise 'max-written' to go on for longer"),
        "misplaced": Explanation(
            "memory lies on other nodes than were asked for", "free memory on those nodes before the run"),
        "moved": Explanation(
            "a process of the load was moved to another control group", "find out who moves it, such as a manager"),
        "not_observed": Explanation(
            "nobody looked for some time, since exert itself was stopped, frozen or kept from running",
            "leave exert's own process out of what pauses or starves the host"),
        "not_released": Explanation(
            "a stressor process did not end in time; the kernel gives back what it holds as soon as it can",
            "look at the kernel function that the message names: mostly a disk that stands still"),
        "not_undone": Explanation(
            "something was left that could not be undone", "run exert cleanup, which says what it is"),
        "operations_merged": Explanation(
            "the device got fewer requests than there were operations, since neighbours on the disk were merged",
            "take 'pattern: random', or say 'merge: allowed' where bytes are what counts"),
        "others_exceed_target": Explanation(
            "others alone took more than the total that was asked for",
            "ask for a total above what others use"),
        "phase_shortened": Explanation(
            "a phase ended before its time, since what it was to go on until was there; later phases begin as much "
                + "earlier"
        ),
        "placement_by_first_touch": Explanation(
            "the kernel refuses mbind, and memory is placed by touching it on processors of its node"),
        "probe_tls": Explanation("a probe failed at TLS", "the message has the reason, such as an unknown authority"),
        "prober_failed": Explanation(
            "the process that asks the system under test failed", "the message says why; nobody saw what came after"),
        "release_unconfirmed": Explanation(
            "all handles are closed, and the kernel's count does not show it, as others may have opened as many"),
        "stressor_ended": Explanation(
            "a stressor process ended before its time", "the message says how, and what is known of who ended it"),
        "target_ended": Explanation("the process that a limit was lowered of ended during the run"),
        "target_limit_changed": Explanation(
            "somebody else set the limit that the load had lowered; that is what the process gets back"),
        "technique_fallback": Explanation("space is taken by writing to it, which is slower than allocating it"),
        "until_not_seen": Explanation(
            "a phase went on to its limit, and what it was to go on until was not seen",
            "lengthen the phase, or look at whether the condition can come"),
        "witness_lost": Explanation("what was to bear the figures out went away, and achieved is the stressor's count"),
    ]
}
