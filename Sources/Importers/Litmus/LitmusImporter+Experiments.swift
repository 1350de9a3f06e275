// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

// What Litmus' experiments make of their variables (`litmus-go`).
extension LitmusImporter {
    /// Variables by which an experiment is known where none is named.
    private static let marks: [(variables: [String], experiment: String)] = [
        (["NODE_CPU_CORE"], "node-cpu-hog"), (["MEMORY_CONSUMPTION_PERCENTAGE"], "node-memory-hog"),
        (["MEMORY_CONSUMPTION_MEBIBYTES"], "node-memory-hog"), (["FILL_PERCENTAGE"], "disk-fill"),
        (["EPHEMERAL_STORAGE_MEBIBYTES"], "disk-fill"), (["VM_WORKERS"], "node-io-stress"),
        (["FILESYSTEM_UTILIZATION_PERCENTAGE"], "pod-io-stress"), (["FILESYSTEM_UTILIZATION_BYTES"], "pod-io-stress"),
        (["MEMORY_CONSUMPTION"], "pod-memory-hog"), (["CPU_CORES"], "pod-cpu-hog"), (["CPU_LOAD"], "pod-cpu-hog"),
    ]

    /// Reads the experiment of the present variables, behind what was read before.
    mutating func readExperiment(_ name: SourceField?) {
        let named = name?.text ?? variables["EXPERIMENT_NAME"]?.text ?? options.action
        ledger.settle(variables["EXPERIMENT_NAME"], .exact)
        let guessed = Self.marks.first { $0.variables.allSatisfy { variables[$0] != nil } }?.experiment
        guard let experiment = named ?? guessed else {
            if let any = variables.values.min(by: { $0.mark < $1.mark }) {
                ledger.refuse(any, "of which experiment this is, nothing says; give it, such as --action pod-cpu-hog")
            }
            return
        }
        if draft.name == nil { draft.name = experiment }
        let usual: Int64 = experiment == "node-cpu-hog" ? 30 : experiment == "node-io-stress" ? 120 : 60
        let start = draft.end
        switch experiment {
        case "pod-cpu-hog": stress(start, usual, podCPU())
        case "node-cpu-hog": stress(start, usual, nodeCPU())
        case "pod-memory-hog": stress(start, usual, podMemory())
        case "node-memory-hog": nodeMemory(start, usual)
        case "pod-io-stress": stress(start, usual, podIO())
        case "node-io-stress": stress(start, usual, nodeIO())
        case "disk-fill": diskFill(start, usual)
        default:
            ledger.settle(name, .notCarried, "exert imports Litmus' hogs, io-stress and disk-fill")
            for field in variables.values {
                ledger.settleRest(of: field, .notCarried, "of an experiment that exert has no load for")
            }
            return
        }
        for (key, field) in variables where key != "EXPERIMENT_NAME" {
            settleRest(key, field)
        }
    }

    private mutating func settleRest(_ key: String, _ field: SourceField) {
        switch key {
        case "TARGET_PODS", "PODS_AFFECTED_PERC", "TARGET_CONTAINER", "NODE_LABEL", "TARGET_NODE", "TARGET_NODES",
            "NODES_AFFECTED_PERC", "SEQUENCE", "APP_NAMESPACE", "APP_LABEL", "APP_KIND":
            ledger.settleWhom(field)
        case "LIB", "LIB_IMAGE", "LIB_IMAGE_PULL_POLICY", "CONTAINER_RUNTIME", "SOCKET_PATH", "SET_HELPER_DATA",
            "CHAOS_NAMESPACE", "CHAOSENGINE", "CHAOS_UID", "INSTANCE_ID", "CHAOS_SERVICE_ACCOUNT", "STATUS_CHECK_DELAY",
            "STATUS_CHECK_TIMEOUT", "TERMINATION_GRACE_PERIOD_SECONDS", "DEFAULT_HEALTH_CHECK", "AUXILIARY_APPINFO",
            "POD_NAME", "ANNOTATION_CHECK", "DATA_BLOCK_SIZE", "SIDECAR_IMAGE", "STRESS_IMAGE":
            ledger.settle(field, .exact, Self.ways)
        default:
            ledger.settleRest(
                of: field, .notCarried, "the experiment does not read it, as far as the importer knows")
        }
    }

    /// The time before, during and after the chaos: `RAMP_TIME` is a wait on both sides.
    private mutating func times(_ start: Nanoseconds, _ usual: Int64) -> (start: Nanoseconds, length: Nanoseconds) {
        let length = seconds("TOTAL_CHAOS_DURATION", usual)
        let wait = seconds("RAMP_TIME", 0)
        draft.reach(start, length + 2 * wait)
        return (start + wait, length)
    }

    private mutating func stress(_ start: Nanoseconds, _ usual: Int64, _ command: StressNGFields) {
        let (start, length) = times(start, usual)
        let (requests, _, _) = command.make(options, &ledger)
        for loads in requests {
            for load in loads { draft.add(load, at: start, for: length) }
        }
    }

    private mutating func podCPU() -> StressNGFields {
        var command = StressNGFields()
        command.add(["--cpu", drawn("CPU_CORES", "0")], from: variables["CPU_CORES"])
        command.add(["--cpu-load", drawn("CPU_LOAD", "100")], from: variables["CPU_LOAD"])
        return command
    }

    private mutating func nodeCPU() -> StressNGFields {
        var command = StressNGFields()
        command.add(["--cpu", drawn("NODE_CPU_CORE", "0")], from: variables["NODE_CPU_CORE"])
        command.add(["--cpu-load", drawn("CPU_LOAD", "100")], from: variables["CPU_LOAD"])
        return command
    }

    private mutating func podMemory() -> StressNGFields {
        var command = StressNGFields()
        command.add(["--vm", drawn("NUMBER_OF_WORKERS", "4")], from: variables["NUMBER_OF_WORKERS"])
        command.add(["--vm-bytes", drawn("MEMORY_CONSUMPTION", "500") + "M"], from: variables["MEMORY_CONSUMPTION"])
        return command
    }

    /// The percentage of the node's capacity counts before the mebibytes; 30 % of what is free without both.
    private mutating func nodeMemory(_ start: Nanoseconds, _ usual: Int64) {
        let percent = drawn("MEMORY_CONSUMPTION_PERCENTAGE", "0")
        let mebibytes = drawn("MEMORY_CONSUMPTION_MEBIBYTES", "0")
        var command = StressNGFields()
        command.add(["--vm", drawn("NUMBER_OF_WORKERS", "1")], from: variables["NUMBER_OF_WORKERS"])
        if percent != "0" {
            let field = variables["MEMORY_CONSUMPTION_PERCENTAGE"]
            command.add(["--vm-bytes", percent + "%"], from: field)
            stress(start, usual, command)
            ledger.settle(
                field, .near,
                "of the node's capacity, made a whole percentage of its allocatable memory, of which stress-ng takes "
                    + "as much of what is free; here it is of what is available")
            ledger.settle(variables["MEMORY_CONSUMPTION_MEBIBYTES"], .exact, "without effect: the percentage counts")
        } else {
            let isGiven = mebibytes != "0"
            command.add(
                ["--vm-bytes", isGiven ? mebibytes + "m" : "30%"],
                from: isGiven ? variables["MEMORY_CONSUMPTION_MEBIBYTES"] : nil)
            stress(start, usual, command)
        }
    }

    /// `--hdd-bytes`: the percentage counts before the gigabytes; 10 % without both.
    private mutating func files(_ workers: String, _ command: inout StressNGFields) {
        let percent = drawn("FILESYSTEM_UTILIZATION_PERCENTAGE", "0")
        let bytes = drawn("FILESYSTEM_UTILIZATION_BYTES", "0")
        let field = variables["NUMBER_OF_WORKERS"]
        command.add(["--io", workers, "--hdd", workers], from: field)
        if percent != "0" {
            command.add(["--hdd-bytes", percent + "%"], from: variables["FILESYSTEM_UTILIZATION_PERCENTAGE"])
            ledger.settle(variables["FILESYSTEM_UTILIZATION_BYTES"], .exact, "without effect: the percentage counts")
        } else if bytes != "0" {
            command.add(["--hdd-bytes", bytes + "G"], from: variables["FILESYSTEM_UTILIZATION_BYTES"])
        } else {
            command.add(["--hdd-bytes", "10%"])
        }
    }

    private mutating func podIO() -> StressNGFields {
        var command = StressNGFields()
        files(drawn("NUMBER_OF_WORKERS", "4"), &command)
        if let path = variables["VOLUME_MOUNT_PATH"], let text = path.text, !text.isEmpty {
            command.add(["--temp-path", text], from: path)
        }
        if value("CPU_CORES", "0") != "0" {
            ledger.settle(
                variables["CPU_CORES"], .notCarried, "Litmus hands stress-ng a literal '%v' in its place, which fails")
        } else {
            ledger.settle(variables["CPU_CORES"], .exact)
        }
        return command
    }

    private mutating func nodeIO() -> StressNGFields {
        var command = StressNGFields()
        command.add(["--cpu", drawn("CPU", "1")], from: variables["CPU"])
        command.add(["--vm", drawn("VM_WORKERS", "1")], from: variables["VM_WORKERS"])
        files(drawn("NUMBER_OF_WORKERS", "4"), &command)
        command.add(["--temp-path", "/tmp"])
        return command
    }

    /// A file of random bytes, up to a share of the container's limit, or up to so many mebibytes where it has none.
    private mutating func diskFill(_ start: Nanoseconds, _ usual: Int64) {
        let (start, length) = times(start, usual)
        var load = DraftLoad(kind: "disk-space", title: "disk-fill", shape: "")
        let mebibytes = drawn("EPHEMERAL_STORAGE_MEBIBYTES", "0")
        let percent = drawn("FILL_PERCENTAGE", "80")
        let amount = variables["EPHEMERAL_STORAGE_MEBIBYTES"]
        if mebibytes != "0" {
            guard let count = Int64(mebibytes), (1...(1 << 40)).contains(count) else {
                return ledger.refuse(
                    amount?.path ?? "EPHEMERAL_STORAGE_MEBIBYTES: a whole number of mebibytes stands here")
            }
            load.shape = AmountText.bytes(count << 20)
            ledger.settle(amount, .near, "less what the container has written already, where it has no limit")
            ledger.settle(
                variables["FILL_PERCENTAGE"], .notCarried,
                "counts where the container has a limit of ephemeral storage, which exert does not see")
        } else {
            guard let count = Int64(percent), (0...100).contains(count) else {
                return ledger.refuse("FILL_PERCENTAGE: a whole percentage up to 100 stands here")
            }
            load.shape = "\(count)%"
            ledger.settle(
                variables["FILL_PERCENTAGE"], .near,
                "of the container's limit of ephemeral storage, which exert does not see; here of the file system")
        }
        draft.add(load, at: start, for: length)
    }
}
