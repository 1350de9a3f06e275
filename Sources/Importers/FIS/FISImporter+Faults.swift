// SPDX-License-Identifier: Apache-2.0

internal import LoadModel
internal import Profiles

// What the documents `AWSFIS-Run-…` do, by the command lines of their author's public originals.
extension FISImporter {
    /// What a document's name says that it does, such as `CPU-Stress`.
    static func kind(_ name: String) -> String {
        let name = name.split(separator: "/").last.map(String.init) ?? name
        return name.hasPrefix("AWSFIS-Run-") ? String(name.dropFirst("AWSFIS-Run-".count)) : name
    }

    /// - Parameter field: where the document's name stands.
    mutating func fault(_ name: String, _ values: [String: SourceField], _ field: SourceField?) -> Fault {
        ledger.settle(values["InstallDependencies"], .exact, "exert needs none")
        var fault = Fault()
        switch Self.kind(name) {
        case "CPU-Stress":
            var command = StressNGFields()
            command.add(["--cpu", text(values, "CPU", "0")], from: values["CPU"])
            command.add(["--cpu-method", "matrixprod"])
            command.add(["--cpu-load", text(values, "LoadPercent", "100")], from: values["LoadPercent"])
            fault.loads = loads(command)
            ledger.settle(field, .exact, "by stress-ng's matrixprod, of which exert's 'float' is the like")
        case "Memory-Stress":
            fault.loads = share("vm", text(values, "Workers", "1"), values["Workers"], values["Percent"])
        case "IO-Stress":
            fault.loads = share("iomix", text(values, "Workers", "1"), values["Workers"], values["Percent"])
        case "Disk-Fill":
            guard let percent = percent(values["Percent"], 95) else { return fault }
            ledger.settle(values["Percent"], .exact)
            fault.loads = [
                DraftLoad(
                    kind: "disk-space", title: "disk-fill", settings: [.init("directory", "/")],
                    shape: "\(percent)%")
            ]
        default:
            ledger.settle(field, .notCarried, "exert has no load like it")
            for value in values.values {
                ledger.settleRest(of: value, .notCarried, "of a fault that exert has no load for")
            }
        }
        if let length = values["DurationSeconds"] {
            guard let seconds = Int64(length.text ?? ""), (1...2_592_000).contains(seconds) else {
                ledger.refuse(length, "seconds from 1 to 2592000 stand here")
                return fault
            }
            fault.length = seconds * .second
            if !fault.loads.isEmpty { ledger.settle(length, .exact) }
        } else if !fault.loads.isEmpty {
            if let length = options.length {
                fault.length = length
            } else {
                ledger.refuse(
                    "\(PlainLine.text(name)): its document requires DurationSeconds; give it, or --for"
                )
            }
        }
        return fault
    }

    mutating func podStress(_ name: String, _ values: [String: SourceField]) -> [DraftLoad] {
        let workers = values["workers"]
        guard name.hasSuffix("cpu-stress") else {
            return share(
                name.hasSuffix("io-stress") ? "iomix" : "vm", text(values, "workers", "1"), workers, values["percent"])
        }
        var command = StressNGFields()
        command.add(["--cpu", text(values, "workers", "0")], from: workers)
        command.add(["--cpu-load", text(values, "percent", "100")], from: values["percent"])
        return loads(command)
    }

    private func text(_ values: [String: SourceField], _ key: String, _ usual: String) -> String {
        let text = values[key]?.text ?? ""
        return text.isEmpty ? usual : text
    }

    private mutating func loads(_ command: StressNGFields) -> [DraftLoad] {
        command.make(options, &ledger).loads.flatMap { $0 }
    }

    /// A stressor that takes a percentage, 80 unless given.
    private mutating func share(
        _ stressor: String, _ count: String, _ workers: SourceField?, _ field: SourceField?
    ) -> [DraftLoad] {
        guard let percent = percent(field, 80) else { return [] }
        var command = StressNGFields()
        command.add(["--\(stressor)", count], from: workers)
        command.add(["--\(stressor)-bytes", "\(percent)%"], from: field)
        return loads(command)
    }

    private mutating func percent(_ field: SourceField?, _ usual: Int64) -> Int64? {
        guard let field, let text = field.text, !text.isEmpty else { return usual }
        guard let percent = Int64(text), (1...100).contains(percent) else {
            ledger.refuse(field, "the document takes 1 to 100 percent")
            return nil
        }
        return percent
    }
}
