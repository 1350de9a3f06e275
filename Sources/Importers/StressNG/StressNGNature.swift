// SPDX-License-Identifier: Apache-2.0

/// What a stressor of stress-ng does to the host, in exert's terms.
///
/// Names and classes are those of `stress-ng --stressors` and `--class`; what each does is in its manual page.
enum StressNGNature {
    /// Each worker keeps a processor busy whole; `method` is exert's that is most like it.
    case processor(method: String)
    /// `vm`: each worker maps, fills and lets go its part of `vm-bytes`.
    case vm
    /// Each worker takes and gives back its part of `NAME-bytes`.
    case memory
    /// Each worker moves memory as fast as it can.
    case bandwidth(access: String)
    /// `memrate`: memory is moved at a rate.
    case memrate
    /// Files are read or written as fast as they can be, of `NAME-bytes` in all.
    case disk(operation: String)
    /// `fallocate`: space is allocated and given back, `fallocate-bytes` in all.
    case diskSpace
    /// Each worker opens descriptors up to the limit of its process, and closes them.
    case handles
    /// Each worker keeps so many threads or processes, of `NAME-max`.
    case tasks(usual: Int64)
    /// exert exerts nothing like it.
    case none(String)

    static func of(_ name: String) -> StressNGNature? { table[name] }

    private static let table: [String: StressNGNature] = {
        var table: [String: StressNGNature] = [
            "vm": .vm, "memrate": .memrate, "fallocate": .diskSpace, "pthread": .tasks(usual: 1024),
            "zombie": .tasks(usual: 8192),
        ]
        for (method, names) in processors {
            for name in names.split(separator: " ") { table[String(name)] = .processor(method: method) }
        }
        for (reason, names) in reasons {
            for name in names.split(separator: " ") { table[String(name)] = StressNGNature.none(reason) }
        }
        for name in ["mmap", "mremap", "memfd", "vm-rw"] { table[name] = .memory }
        for name in ["open", "dup", "eventfd"] { table[name] = .handles }
        for (name, access) in [("stream", "copy"), ("memcpy", "copy"), ("memthrash", "write")] {
            table[name] = .bandwidth(access: access)
        }
        for (name, operation) in [
            ("hdd", "write"), ("iomix", "mix"), ("aio", "mix"), ("aiol", "mix"), ("readahead", "read"),
            ("seek", "mix"), ("revio", "write"), ("sync-file", "write"), ("io-uring", "mix"),
        ] {
            table[name] = .disk(operation: operation)
        }
        return table
    }()

    private static let processors = [
        ("mixed", "cpu"),
        (
            "int",
            "bsearch crypt hash heapsort hsearch insertionsort jpeg judy list longjmp lsearch mergesort misaligned nop "
                + "qsort radixsort bitonicsort rdrand regs rotate shellsort skiplist str tree tsc tsearch wcs zlib "
                + "funccall funcret af-alg ipsec-mb bitops "
                + "intmath bubblesort crc factor fibsearch prime regex strnum mpfr"
        ),
        (
            "float",
            "fp fp-error matrix matrix-3d fma trig fractal expmath logmath powmath hyperbolic sparsematrix monte-carlo "
                + "besselmath eigen chyperbolic ctrig dfp gamma fp-misc fp-subnormal"
        ),
        ("simd", "vecfp vecmath vecshuf vecwide veccmp vnni"),
        ("branch", "branch goto far-branch"),
        (
            "cache",
            "atomic cache cacheline icache l1cache lockbus mcontend prefetch flushcache llc-affinity dekker peterson"
        ),
        ("memory", "randlist ptr-chase"),
        ("syscall", "clock context full get getrandom null syscall sysinfo urandom vdso zero"),
    ]

    /// Of names that are not here nothing is known.
    private static let reasons = [
        (
            "the network: exert has no stressor of it",
            "dccp epoll icmp-flood netdev netlink-proc netlink-task ping-sock rawpkt rawsock rawudp sctp sock "
                + "sockabuse sockdiag sockfd sockmany sockpair tun udp udp-flood epollmany eth-sniff ovpn"
        ),
        (
            "tasks that wake each other: exert has no stressor of context switches",
            "affinity cyclic fifo futex hrtimers loadavg mq msg mutex nice pipe pipeherd poll race-sched resched "
                + "ring-pipe schedpolicy sem sem-sysv sendfile splice switch tee vm-splice yield membarrier rseq "
                + "syncload schedmix cpu-sched flipflop prio-inv"
        ),
        (
            "signals and timers: exert has no stressor of them",
            "alarm fault itimer kill nanosleep pidfd sigabrt sigchld sigfd sigfpe sigio signal signest sigpending "
                + "sigpipe sigq sigrt sigsegv sigsuspend sigtrap sleep softlockup timer timerfd waitcpu "
                + "sigbus sighup sigill sigstop sigurg sigvtalrm sigxcpu sigxfsz timermix min-nanosleep time-warp"
        ),
        (
            "tasks that are made and end at once: exert's 'processes' holds a number of them",
            "clone daemon exec exit-group fork forkheavy mmapfork session spawn vfork vforkmany wait"
        ),
        (
            "names and attributes of files: exert has no stressor of them ('inodes' holds a number of files)",
            "access acl bind-mount chattr chdir chmod chown chroot close copy-file dentry dir dirdeep dirmany dnotify "
                + "fanotify fcntl fiemap file-ioctl filename flock fpunch fsize fstat getdent handle inode-flags "
                + "inotify ioprio landlock lease link locka lockf lockmix lockofd metamix mknod procfs quota rename "
                + "symlink sysfs touch unlink utime verity xattr acct dentrycache fd-abuse fd-fork fd-race "
                + "filehole filerace pseek rofs statmount umask"
        ),
        ("has the kernel write everything out again and again, by sync(2): exert has no stressor of it", "io"),
        (
            "mappings that come and go: exert's 'memory' holds an amount, and this one names none",
            "bad-altstack bigheap brk dev-shm env madvise malloc mincore mlock mlockmany mmapaddr mmapfixed mmaphuge "
                + "mmapmany mprotect msync msyncmany munmap numa oom-pipe pagemove pageswap physpage ramfs remap "
                + "resources rmap secretmem shm shm-sysv stack stackmmap swap tlb-shootdown tmpfs userfaultfd vm-addr "
                + "vm-segv hugepage mmapcow mmapfiles mmaprandom mmaptorture mseal numacopy pagescatter physmmap "
                + "tlb-numa vma"
        ),
        (
            "an interface of the kernel or a device: exert has no stressor of it",
            "apparmor bad-ioctl binderfs cap cpu-online dev dynlib efivar enosys idle-page ioport kcmp key klog kvm "
                + "loop memhotplug opcode pci personality pkey plugin prctl priv-instr ptrace pty rawdev reboot "
                + "rlimit rtc seal seccomp set smi sysbadaddr sysinval umount unshare uprobe usersyscall watchdog "
                + "x86cpuid x86syscall cgroup easy-opcode gpu led lsm module mtx spec-rollback"
        ),
    ]
}

/// The method of exert that is most like one of `cpu-method`.
enum StressNGMethod {
    static func method(_ name: String) -> String {
        switch name {
        case "all": return "mixed"
        case "callfunc", "hanoi", "jmp", "loop", "queens", "ackermann", "fibonacci", "collatz": return "branch"
        case let name where name.hasPrefix("int") && !name.contains("float") && !name.contains("double"): return "int"
        case "bitops", "crc16", "dither", "div8", "div16", "div32", "div64", "div128", "djb2a", "factorial",
            "fletcher16", "fnv1a", "gcd", "gray", "hamming", "hash", "idct", "ipv4checksum", "jenkin", "lfsr32",
            "murmur3_32", "nhash", "parity", "pjw", "prime", "rand", "rand48", "rgb", "sdbm", "sieve", "union", "x17",
            "zeta":
            return "int"
        default: return "float"
        }
    }
}
