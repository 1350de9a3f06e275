// SPDX-License-Identifier: Apache-2.0

/// The log of `Fixture.events`, a line for each; broken where a source line would be too long.
let goldenLog: [String] = [
    #"""
    {"schema":"exert-log/1","time":"2026-11-22T14:00:00.000000000Z","run_id":"01JDA5Q0Z8R6V3T1Y7K2M4N9PX",\#
    "event":"run_started","elapsed_s":0,"exert_version":"0.1.0","host":{"name":"node-1",\#
    "kernel":"6.1.0-28-cloud-amd64","architecture":"x86_64","online_cpus":4,"affinity_cpus":2,"quota_cores":1.5,\#
    "memory_total_bytes":8589934592,"memory_available_bytes":6442450944,"memory_limit_bytes":null,"numa_nodes":1,\#
    "huge_pages":"madvise"},"profile":{"name":"squeeze","file":"squeeze.yaml",\#
    "sha256":"0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f","seed":42},"plan":{"length_s":5,\#
    "stressors":{"cpu":{"kind":"cpu","unit":"cores","drive":"rate","mode":"add","capacity":2,\#
    "base":"processors in the affinity mask","peak_target":1.6,"workers":2,"processes":1,\#
    "tolerance":{"absolute":0.02,"ratio":0,"written":false,"floor":0.001,"released":0.005,"share":0.05,"most":0.5},\#
    "witness":"process_cpu_clock","settings":{"cpus":[0,1,2,5],"mode":"add","of":"cgroup"}},\#
    "memory":{"kind":"memory","unit":"bytes","drive":"level","mode":"add","capacity":8589934592,\#
    "base":"MemTotal of /proc/meminfo","peak_target":536870912,"workers":1,"processes":1,"tolerance":{"absolute":0,\#
    "ratio":0.01,"written":true,"floor":524288,"released":1048576,"share":0.05,"most":0.5},\#
    "witness":"statm_resident","settings":{"keep-free":268435456,"lock":false}}},"phases":[{"name":"squeeze",\#
    "start_s":0,"length_s":3,"loads":{"cpu":"ramp from 0% to 80%","memory":"512MiB"},"within_s":{"memory":1.5}},\#
    {"name":"recover","start_s":3,"length_s":2,"loads":{},"within_s":{}}],"guards":[{"guard":"disk.free < 5% for 2s",\#
    "metric":"disk.free","comparison":"<","limit":0.05,"unit":"ratio","for_s":2,"directory":"/var/lib/app"}],\#
    "findings":[{"code":"target_beyond_capacity","severity":"warning","stressor":"cpu",\#
    "message":"the quota of 1.5 cores is below the peak of 1.6 cores; raise cpu.max or ask for 75%"}]}}
    """#,
    #"""
    {"schema":"exert-log/1","time":"2026-11-22T14:00:00.000000000Z","run_id":"01JDA5Q0Z8R6V3T1Y7K2M4N9PX",\#
    "event":"phase_started","elapsed_s":0,"phase":"squeeze","index":0,"start_s":0,"length_s":3,\#
    "loads":{"cpu":"ramp from 0% to 80%","memory":"512MiB"},"within_s":{"memory":1.5}}
    """#,
    #"""
    {"schema":"exert-log/1","time":"2026-11-22T14:00:01.000000000Z","run_id":"01JDA5Q0Z8R6V3T1Y7K2M4N9PX",\#
    "event":"sample","elapsed_s":1,"interval_s":1,"phase":"squeeze","stressors":{"cpu":{"unit":"cores","target":1.6,\#
    "achieved":1.5999,"error":-0.0001,"target_min":1.5,"target_mean":1.55,"target_max":1.6,"achieved_min":1.5499,\#
    "achieved_mean":1.5999,"achieved_max":1.6099,"claimed":1.5999,"witness":"process_cpu_clock","limited_by":null},\#
    "memory":{"unit":"bytes","target":536870912,"achieved":536875008,"error":4096,"target_min":536870912,\#
    "target_mean":536870912,"target_max":536870912,"achieved_min":536870912,"achieved_mean":536871936,\#
    "achieved_max":536875008,"claimed":536870912,"witness":"statm_resident","limited_by":null,\#
    "content_bytes":268435456}},"host":{"cpu_busy_ratio":0.81,"cpu_steal_ratio":null,\#
    "memory_available_bytes":8123456789}}
    """#,
    #"""
    {"schema":"exert-log/1","time":"2026-11-22T14:00:02.000000000Z","run_id":"01JDA5Q0Z8R6V3T1Y7K2M4N9PX",\#
    "event":"sample","elapsed_s":2,"interval_s":1,"phase":"squeeze","stressors":{"cpu":{"unit":"cores","target":1.6,\#
    "achieved":1.2,"error":-0.4,"target_min":1.5,"target_mean":1.55,"target_max":1.6,"achieved_min":1.15,\#
    "achieved_mean":1.2,"achieved_max":1.21,"claimed":1.5999,"witness":"process_cpu_clock","limited_by":"quota",\#
    "limit":{"source":"/sys/fs/cgroup/app/cpu.max","figure":"0.5 cores, throttled 31 times"},"refusals":3,\#
    "scheduling":{"run_delay_s":0.5,"throttled_count":10,"throttled_s":0.4,"steal_s":0},\#
    "cgroup":{"directory":"/sys/fs/cgroup/app","psi":{"cpu_some_ratio":0.4,"io_full_ratio":0}}},\#
    "memory":{"unit":"bytes","target":536870912,"achieved":536875008,"error":4096,"target_min":536870912,\#
    "target_mean":536870912,"target_max":536870912,"achieved_min":536870912,"achieved_mean":536871936,\#
    "achieved_max":536875008,"claimed":536870912,"witness":"statm_resident","limited_by":null,\#
    "content_bytes":268435456}},"host":{"cpu_busy_ratio":0.81,"cpu_steal_ratio":null,\#
    "memory_available_bytes":8123456789,"psi":{"cpu_some_ratio":0.125,"memory_some_ratio":0,"memory_full_ratio":0,\#
    "io_some_ratio":0.5,"io_full_ratio":0.25}}}
    """#,
    #"""
    {"schema":"exert-log/1","time":"2026-11-22T14:00:02.000000000Z","run_id":"01JDA5Q0Z8R6V3T1Y7K2M4N9PX",\#
    "event":"finding","elapsed_s":2,"code":"cgroup_version","severity":"note","stressor":null,\#
    "message":"cgroup v1 \"cpu\" is used"}
    """#,
    #"""
    {"schema":"exert-log/1","time":"2026-11-22T14:00:02.250000000Z","run_id":"01JDA5Q0Z8R6V3T1Y7K2M4N9PX",\#
    "event":"guard_tripped","elapsed_s":2.25,"guard":"disk.free < 5% for 2s","metric":"disk.free","comparison":"<",\#
    "limit":0.05,"unit":"ratio","for_s":2,"directory":"/var/lib/app","value":0.031,"held_s":2.1,\#
    "span_s":2.1}
    """#,
    #"""
    {"schema":"exert-log/1","time":"2026-11-22T14:00:02.300000000Z","run_id":"01JDA5Q0Z8R6V3T1Y7K2M4N9PX",\#
    "event":"retargeted","elapsed_s":2.3,"stressor":"cpu","load":"ramp to 40% in 10s","from_s":2.35}
    """#,
    #"""
    {"schema":"exert-log/1","time":"2026-11-22T14:00:02.300000000Z","run_id":"01JDA5Q0Z8R6V3T1Y7K2M4N9PX",\#
    "event":"paused","elapsed_s":2.3,"from_s":2.35}
    """#,
    #"""
    {"schema":"exert-log/1","time":"2026-11-22T14:00:02.400000000Z","run_id":"01JDA5Q0Z8R6V3T1Y7K2M4N9PX",\#
    "event":"resumed","elapsed_s":2.4,"from_s":2.45}
    """#,
    #"""
    {"schema":"exert-log/1","time":"2026-11-22T14:00:02.450000000Z","run_id":"01JDA5Q0Z8R6V3T1Y7K2M4N9PX",\#
    "event":"lease_expired","elapsed_s":2.45,"lease_s":30}
    """#,
    #"""
    {"schema":"exert-log/1","time":"2026-11-22T14:00:02.500000000Z","run_id":"01JDA5Q0Z8R6V3T1Y7K2M4N9PX",\#
    "event":"stressor_ended","elapsed_s":2.5,"stressor":"memory","pid":102,"manner":"killed","signal":"SIGKILL",\#
    "out_of_memory":true,"cpu_s":0.25,"release_s":null}
    """#,
    #"""
    {"schema":"exert-log/1","time":"2026-11-22T14:00:02.750000000Z","run_id":"01JDA5Q0Z8R6V3T1Y7K2M4N9PX",\#
    "event":"stressor_ended","elapsed_s":2.75,"stressor":"cpu","pid":101,"manner":"failed",\#
    "reason":"pthread_create: EAGAIN","cpu_s":0,"release_s":null}
    """#,
    #"""
    {"schema":"exert-log/1","time":"2026-11-22T14:00:03.000000000Z","run_id":"01JDA5Q0Z8R6V3T1Y7K2M4N9PX",\#
    "event":"sample","elapsed_s":3,"interval_s":1,"phase":"recover","stressors":{"cpu":{"unit":"cores","target":1.6,\#
    "achieved":null,"error":null,"target_min":1.5,"target_mean":1.55,"target_max":1.6,"achieved_min":null,\#
    "achieved_mean":null,"achieved_max":null,"claimed":1.5999,"witness":"process_cpu_clock","limited_by":null},\#
    "memory":{"unit":"bytes","target":536870912,"achieved":536875008,"error":4096,"target_min":536870912,\#
    "target_mean":536870912,"target_max":536870912,"achieved_min":536870912,"achieved_mean":536871936,\#
    "achieved_max":536875008,"claimed":536870912,"witness":"statm_resident","limited_by":null,\#
    "content_bytes":268435456}},"host":{"cpu_busy_ratio":0.81,"cpu_steal_ratio":null,\#
    "memory_available_bytes":8123456789}}
    """#,
    #"""
    {"schema":"exert-log/1","time":"2026-11-22T14:00:03.000000000Z","run_id":"01JDA5Q0Z8R6V3T1Y7K2M4N9PX",\#
    "event":"phase_ended","elapsed_s":3,"phase":"squeeze","index":0,"results":[{"phase":"squeeze","stressor":"cpu",\#
    "unit":"cores","is_loaded":true,"target_mean":0.8,"achieved_mean":0.5,"claimed_mean":0.5,"error_mean":-0.3,\#
    "error_abs_mean":0.3,"error_abs_p95":0.31,"error_abs_max":0.32,"tolerance":0.02,"time_to_reach_s":null,\#
    "off_s":2.3,"unseen_s":0.1,"allowance_s":0,"shortfall":{"contention":0.05,"quota":0.25},"limited_by":"quota",\#
    "causes":{"quota":{"source":"/sys/fs/cgroup/app/cpu.max","figure":"0.5 cores, throttled 31 times"}},\#
    "scheduling":{"run_delay_s":1.25,"throttled_count":31,"throttled_s":1.5,"steal_s":0},"verdict":"not_met"},\#
    {"phase":"squeeze","stressor":"memory","unit":"bytes","is_loaded":true,"target_mean":536870912,\#
    "achieved_mean":536870912,"claimed_mean":536870912,"error_mean":0,"error_abs_mean":0,"error_abs_p95":4096,\#
    "error_abs_max":4096,"tolerance":5368709,"time_to_reach_s":0.031,"time_to_content_s":0.25,"off_s":0,"unseen_s":0,\#
    "allowance_s":0.031,"shortfall":{},"limited_by":null,"causes":{},"resident_bytes":536870912,"verdict":"met"}]}
    """#,
    #"""
    {"schema":"exert-log/1","time":"2026-11-22T14:00:03.000000000Z","run_id":"01JDA5Q0Z8R6V3T1Y7K2M4N9PX",\#
    "event":"phase_started","elapsed_s":3,"phase":"recover","index":1,"start_s":3,"length_s":2,"loads":{},\#
    "within_s":{}}
    """#,
    #"""
    {"schema":"exert-log/1","time":"2026-11-22T14:00:05.000000000Z","run_id":"01JDA5Q0Z8R6V3T1Y7K2M4N9PX",\#
    "event":"stressor_ended","elapsed_s":5,"stressor":"cpu","pid":101,"manner":"released","cpu_s":1.5,\#
    "release_s":0.004}
    """#,
    #"""
    {"schema":"exert-log/1","time":"2026-11-22T14:00:05.012000000Z","run_id":"01JDA5Q0Z8R6V3T1Y7K2M4N9PX",\#
    "event":"run_ended","elapsed_s":5.012,"verdict":"not_met","exit_code":2,\#
    "sentence":"cpu ramp from 0% to 80% and memory 512MiB for 3s was put on, and was not there as asked.",\#
    "interrupted_by":null,\#
    "guard_tripped":null,"lease_expired":null,"changes":[],"started_at":"2026-11-22T14:00:00.000000000Z","load_s":5,\#
    "results":[{"phase":"squeeze","stressor":"cpu","unit":"cores","is_loaded":true,"target_mean":0.8,\#
    "achieved_mean":0.5,"claimed_mean":0.5,"error_mean":-0.3,"error_abs_mean":0.3,"error_abs_p95":0.31,\#
    "error_abs_max":0.32,"tolerance":0.02,"time_to_reach_s":null,"off_s":2.3,"unseen_s":0.1,"allowance_s":0,\#
    "shortfall":{"contention":0.05,"quota":0.25},"limited_by":"quota",\#
    "causes":{"quota":{"source":"/sys/fs/cgroup/app/cpu.max","figure":"0.5 cores, throttled 31 times"}},\#
    "scheduling":{"run_delay_s":1.25,"throttled_count":31,"throttled_s":1.5,"steal_s":0},"verdict":"not_met"},\#
    {"phase":"squeeze","stressor":"memory","unit":"bytes","is_loaded":true,"target_mean":536870912,\#
    "achieved_mean":536870912,"claimed_mean":536870912,"error_mean":0,"error_abs_mean":0,"error_abs_p95":4096,\#
    "error_abs_max":4096,"tolerance":5368709,"time_to_reach_s":0.031,"time_to_content_s":0.25,"off_s":0,"unseen_s":0,\#
    "allowance_s":0.031,"shortfall":{},"limited_by":null,"causes":{},"resident_bytes":536870912,"verdict":"met"},\#
    {"phase":"recover","stressor":"cpu","unit":"cores","is_loaded":false,"target_mean":0,"achieved_mean":0,\#
    "claimed_mean":0,"error_mean":0,"error_abs_mean":0,"error_abs_p95":0,"error_abs_max":0,"tolerance":0.02,\#
    "time_to_reach_s":0,"off_s":0,"unseen_s":0,"allowance_s":0,"shortfall":{},"limited_by":null,"causes":{},\#
    "verdict":"met"}],"ends":[{"stressor":"cpu","pid":101,"manner":"released","cpu_s":1.5,"release_s":0.004},\#
    {"stressor":"memory","pid":102,"manner":"released","cpu_s":0.25,"release_s":0.012}],\#
    "findings":[{"code":"target_beyond_capacity","severity":"warning","stressor":"cpu",\#
    "message":"the quota of 1.5 cores is below the peak of 1.6 cores; raise cpu.max or ask for 75%"}],\#
    "observer_cpu_s":0.0085,"released":true,"release_s":0.012}
    """#,
]
