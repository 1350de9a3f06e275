// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// Reads the hog scenarios of krkn, whose image writes a job file of stress-ng from them.
enum KrknImporter {
    static func read(
        _ documents: [SourceField], _ options: ImportOptions, _ draft: inout Draft
    ) throws(ImportErrors) -> ImportAccount {
        var ledger = SourceLedger()
        try ledger.add(documents)
        for document in documents { read(document, options, &ledger, &draft) }
        guard ledger.problems.isEmpty else { throw ImportErrors(problems: ledger.problems) }
        return ledger.account(.krkn)
    }

    private static func read(
        _ hog: SourceField, _ options: ImportOptions, _ ledger: inout SourceLedger, _ draft: inout Draft
    ) {
        guard let type = hog["hog-type"], let kind = type.text else {
            return ledger.refuse(hog, "this is no hog scenario: it has no 'hog-type'")
        }
        ledger.settle(type, .exact)
        if draft.name == nil { draft.name = "\(kind)-hog" }
        let workers = hog["workers"]?.text ?? ""
        var command = StressNGFields()
        // Empty is what the node has, and so is 0 to stress-ng.
        let count = workers.isEmpty ? "0" : workers
        let from = hog["workers"]
        switch kind {
        case "cpu":
            command.add(["--cpu", count], from: from)
            if let method = hog["cpu-method"], let text = method.text {
                command.add(["--cpu-method", text], from: method)
            }
            let load = hog["cpu-load-percentage"]
            command.add(["--cpu-load", load?.text ?? "80"], from: load)
        case "memory":
            let bytes = hog["memory-vm-bytes"]
            command.add(["--vm-bytes", bytes?.text ?? "10%"], from: bytes)
            command.add(["--vm", count], from: from)
        case "io":
            if let path = hog["io-target-pod-volume"]?["hostPath"]?["path"], let text = path.text {
                command.add(["--temp-path", text], from: path)
                ledger.settle(
                    hog["io-target-pod-folder"], .exact,
                    "where the pod sees the path of the host, which is written here")
            } else if let path = hog["io-target-pod-folder"], let text = path.text {
                command.add(["--temp-path", text], from: path)
            }
            command.add(["--hdd", count], from: from)
            let bytes = hog["io-write-bytes"]
            command.add(["--hdd-bytes", bytes?.text ?? "10m"], from: bytes)
            let block = hog["io-block-size"]
            command.add(["--hdd-write-size", block?.text ?? "1m"], from: block)
        default: return ledger.refuse(type, "krkn has the hogs cpu, memory and io, not '\(PlainLine.text(kind))'")
        }
        let length = hog["duration"]
        command.add(["--timeout", length?.text ?? "30"], from: length)
        let (requests, own, _) = command.make(options, &ledger)
        let start = draft.end
        for loads in requests {
            for load in loads { draft.add(load, at: start, for: own ?? StressNGImporter.usualLength) }
        }
        ledger.settleRest(of: hog["io-target-pod-volume"], .exact, "")
        for key in ["namespace", "node-selector", "node-name", "number-of-nodes", "taints"] {
            ledger.settleWhom(hog[key])
        }
        for key in ["image", "image-pull-secret"] { ledger.settle(hog[key], .exact, "how krkn runs it") }
    }
}
