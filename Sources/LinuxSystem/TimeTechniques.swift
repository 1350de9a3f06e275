// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc
internal import SystemPackage

extension Technique {
    /// Clocks, timers and scheduling, each tried in a thread of its own; some 30 ms.
    public static func time() -> [Technique] {
        [
            threadCPUClock(), processCPUClock(), timer(), affinity(), idleClass(), negativeNice(), realTimeClass(),
        ]
    }

    /// The smallest step of the clock that CPU load is paced by, spinning for 3 ms, or up to 40 ms on a coarse clock.
    static func threadCPUClock() -> Technique {
        let means = "reading CLOCK_THREAD_CPUTIME_ID again and again while spinning"
        return inOwnThread(.threadCPUClock, by: means) {
            let start = Clocks.monotonic
            let first = Clocks.threadCPU
            guard first >= 0 else {
                return .fails(.threadCPUClock, by: means, "there is no such clock", lastError)
            }
            var last = first
            var smallest = Int64.max
            while Clocks.monotonic - start < (smallest == .max ? 40_000_000 : 3_000_000) {
                let now = Clocks.threadCPU
                if now > last { smallest = min(smallest, now - last) }
                last = now
            }
            guard smallest < .max else {
                return .fails(.threadCPUClock, by: means, "it did not move in 40 ms of spinning")
            }
            let figures = [Figure(name: "granularity_ns", value: Double(smallest))]
            // 100 µs are 1 % of a period of 1/101 s: beyond that the clock is what limits exactness.
            return smallest <= 100_000
                ? .works(.threadCPUClock, by: means, "it moves in steps of \(smallest) ns or less", figures)
                : .fails(.threadCPUClock, by: means, "it moves in steps of \(smallest) ns", nil, figures)
        }
    }

    /// The clock of another process, the parent where there is one in this namespace.
    static func processCPUClock() -> Technique {
        let parent = getppid()
        let process = parent > 0 ? parent : getpid()
        let means = "clock_getcpuclockid of \(parent > 0 ? "the parent process" : "this process")"
        guard let clock = ProcessCPUClock(processID: process), let time = clock.now else {
            return .fails(.processCPUClock, by: means, "its clock cannot be read", lastError)
        }
        return .works(.processCPUClock, by: means, "reads \(time) ns")
    }

    /// How late absolute sleeps of 1 ms return.
    static func timer() -> Technique {
        let means = "20 absolute sleeps of 1 ms at a timer slack of 1 ns"
        return inOwnThread(.timer, by: means) {
            CurrentThread.setMinimalTimerSlack()
            var lateness: [Int64] = []
            for _ in 0..<20 { lateness.append(CLinux_sleep_until(Clocks.monotonic + 1_000_000)) }
            lateness.sort()
            let (median, worst) = (lateness[10], lateness[19])
            let figures = [
                Figure(name: "lateness_p50_ns", value: Double(median)),
                Figure(name: "lateness_max_ns", value: Double(worst)),
            ]
            guard median >= 0 else {
                return .fails(.timer, by: means, "sleeps return before their time", nil, figures)
            }
            return .works(
                .timer, by: means, "\(median / 1000) µs late at the median, \(worst / 1000) µs at most", figures)
        }
    }

    /// Confines a thread to its last CPU and asks where it runs.
    static func affinity() -> Technique {
        let means = "confining a thread to one CPU and asking where it runs"
        return inOwnThread(.affinity, by: means) {
            do throws(Errno) {
                guard let cpu = try CurrentThread.affinity().last else {
                    return .fails(.affinity, by: means, "there is no CPU to run on")
                }
                try CurrentThread.setAffinity([cpu])
                let seen = Int(CLinux_current_cpu())
                return seen == cpu
                    ? .works(.affinity, by: means, "a thread told to run on CPU \(cpu) does")
                    : .fails(.affinity, by: means, "accepted, and a thread told to run on CPU \(cpu) is on \(seen)")
            } catch {
                return .fails(.affinity, by: means, "refused", error)
            }
        }
    }

    static func idleClass() -> Technique {
        let means = "setting SCHED_IDLE for a thread and reading its policy"
        return inOwnThread(.idleClass, by: means) {
            do throws(Errno) { try CurrentThread.setIdlePolicy() } catch {
                return .fails(.idleClass, by: means, "refused", error)
            }
            return CLinux_thread_policy() == 5 /* SCHED_IDLE */
                ? .works(.idleClass, by: means, "set")
                : .fails(.idleClass, by: means, "accepted, and the policy is what it was")
        }
    }

    static func negativeNice() -> Technique {
        let means = "setting the nice value of a thread one below its own and reading it"
        return inOwnThread(.negativeNice, by: means) {
            let before = CLinux_thread_nice()
            guard before > -20 else { return .works(.negativeNice, by: means, "it is the lowest already") }
            do throws(Errno) { try CurrentThread.setNice(Int(before) - 1) } catch {
                return .fails(.negativeNice, by: means, "refused", error)
            }
            return CLinux_thread_nice() == before - 1
                ? .works(.negativeNice, by: means, "set to \(before - 1)")
                : .fails(.negativeNice, by: means, "accepted, and the value is what it was")
        }
    }

    static func realTimeClass() -> Technique {
        let means = "setting SCHED_FIFO for a thread and reading its policy"
        return inOwnThread(.realTimeClass, by: means) {
            if CLinux_set_thread_fifo(1) != 0 { return .fails(.realTimeClass, by: means, "refused", lastError) }
            return CLinux_thread_policy() == SCHED_FIFO
                ? .works(.realTimeClass, by: means, "set")
                : .fails(.realTimeClass, by: means, "accepted, and the policy is what it was")
        }
    }
}
