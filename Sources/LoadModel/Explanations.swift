// SPDX-License-Identifier: Apache-2.0

/// What a word of exert's means, and what helps: what `exert explain`, reports and pages say of it.
public struct Explanation: Hashable, Sendable {
    /// One sentence, without a full stop.
    public let meaning: String
    /// What to do about it, as a sentence in the imperative without a full stop; empty where nothing is to be done.
    public let remedy: String

    /// Creates an explanation.
    public init(_ meaning: String, _ remedy: String = "") {
        self.meaning = meaning
        self.remedy = remedy
    }
}

extension Cause {
    /// What it means, and what helps; a cause without does not compile.
    public var explanation: Explanation {
        switch self {
        case .contention:
            Explanation(
                "the threads were ready to run, and other work had the processors",
                "ask for less, move the other work away, or hold a total with 'mode: total', which counts it in")
        case .quota:
            Explanation(
                "a CPU quota of the control group stopped the threads until its next period",
                "raise cpu.max (v1: cpu.cfs_quota_us), or write the load as a percentage 'of: cgroup'")
        case .steal:
            Explanation(
                "the hypervisor ran something else while a processor of this machine was to run",
                "repeat the run on a host that is not oversubscribed; nothing inside of the machine helps")
        case .refusal:
            Explanation(
                "the kernel, or the headroom that exert leaves, refused the next step of the load",
                "look at the file that the evidence names, and ask for less or raise that limit")
        case .saturation:
            Explanation(
                "the stressor did as much as the resource gives, and that is less than the target",
                "ask for less, or for 'max' where as much as there is was meant")
        case .ioLimit:
            Explanation(
                "a control group's limit of disk bandwidth or operations held the requests back",
                "raise io.max (v1: blkio.throttle.*) of that group, or ask for less than it")
        case .memoryHigh:
            Explanation(
                "the control group is slowed down by the kernel, since it holds more than its memory.high",
                "raise memory.high, or ask for less than it")
        case .frozen:
            Explanation(
                "the processes were frozen: a paused container, a frozen control group, or the whole host asleep",
                "thaw what is frozen, and repeat the run where nobody pauses it")
        case .stopped:
            Explanation(
                "the processes were stopped by a signal",
                "find out who sent SIGSTOP or SIGTSTP; a debugger does, and a shell's job control")
        case .leftGroup:
            Explanation(
                "processes were moved out of the control group that they were put into",
                "find out who moves them, such as a service manager or a container runtime")
        case .processLimit:
            Explanation(
                "a limit of processes, or of what one process may use, was reached",
                "raise the limit that the evidence names: RLIMIT_CPU, RLIMIT_NPROC or pids.max")
        case .overcommit:
            Explanation(
                "the kernel commits no more memory than it can back, by vm.overcommit_memory=2",
                "ask for less than CommitLimit leaves, or raise vm.overcommit_ratio")
        case .offline:
            Explanation(
                "processors that the load was planned for went offline, or may no longer be used",
                "bring them back, or give the load processors that stay with 'cpus'")
        case .others:
            Explanation(
                "others alone use more than the total that was asked for",
                "ask for a total above what others use, or put the load on top with 'mode: add'")
        case .guard:
            Explanation(
                "a guard ended the run, and everything was released",
                "look at what the guard saw; raise its limit only where the host can bear it")
        }
    }
}

extension Verdict {
    /// What it means, and what helps.
    public var explanation: Explanation {
        switch self {
        case .met: Explanation("the load was there, all of the time, within the tolerance")
        case .notMet:
            Explanation(
                "the load was off its target in the mean, up and down around it, or for more than 5 % of the time",
                "look at 'limited by' and its evidence; docs/verdict.md says how it is judged")
        case .aborted:
            Explanation(
                "the run was ended before its time by a guard, a lease that ran out, or a signal",
                "look at the event that ended it")
        case .killed:
            Explanation(
                "a stressor process was killed before its time, by the OOM killer or by somebody's signal",
                "write 'expect: killed' where that is what was to be shown; else leave more room below the limit")
        case .unsupported:
            Explanation(
                "the load cannot be put on this host",
                "read the reason: it names what is missing, or what the host refuses")
        case .unverified:
            Explanation(
                "nobody looked for too long, or what the stressor claims and what the kernel says disagree",
                "look for a host that stood still, or a witness that is missing; the run proves nothing")
        }
    }
}

extension ObjectiveVerdict {
    /// What it means, and what helps.
    public var explanation: Explanation {
        switch self {
        case .held: Explanation("the objective held, under a load that was really there")
        case .lost:
            Explanation(
                "the objective did not hold under the load",
                "look at when the probe went bad, and at what was short at that time")
        case .recovered: Explanation("it was lost under the load, and came back within the time that was allowed")
        case .notRecovered:
            Explanation(
                "it was lost under the load, and did not come back within the time that was allowed",
                "look at what the service still waits for after the release: connections, caches, a crash loop")
        case .notSteady:
            Explanation(
                "it did not hold before the load, so that nothing was exerted",
                "make the service well first, or ask less of it in the 'before' objective")
        case .inconclusive:
            Explanation(
                "nobody knows: there was no data, the prober was starved, or the load was not there as asked",
                "the reason stands beside it; remove that, and repeat the run")
        }
    }
}

extension ObjectiveResult.Reason {
    /// What it means, and what helps.
    public var explanation: Explanation {
        switch self {
        case .noData:
            Explanation(
                "nothing was asked in the time that the objective is about, or no whole window of it",
                "make the phase longer, or ask more often with 'every'")
        case .proberStarved:
            Explanation(
                "the prober itself was kept from running, so that too much was not seen",
                "leave the prober a processor, or run it on another host with 'exert probe'")
        case .loadNotMet:
            Explanation(
                "the load was not there as it was asked for, so that the objective says nothing of it",
                "make the load met first")
        case .noBaseline:
            Explanation(
                "nothing is known of the time before the load, which the limit is relative to",
                "begin the profile with a phase without a load")
        case .cutShort:
            Explanation("the run was over before the time was up", "let the last phase be as long as the objective")
        case .alreadyGood:
            Explanation(
                "the probe was good before the load was there, so that it did not become good by it",
                "wait until an alert of before is over, and repeat the run")
        }
    }
}
