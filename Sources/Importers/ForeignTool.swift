// SPDX-License-Identifier: Apache-2.0

/// A tool whose files or command lines are read, and what is known of it.
public enum ForeignTool: String, CaseIterable, Sendable {
    case stressNG = "stress-ng"
    case chaosMesh = "chaos-mesh"
    case chaosblade
    case litmus
    case fis
    case ssm
    case krkn
    case k6
    case locust

    /// What it is called in sentences.
    public var title: String {
        switch self {
        case .stressNG: "stress-ng"
        case .chaosMesh: "Chaos Mesh"
        case .chaosblade: "chaosblade"
        case .litmus: "Litmus"
        case .fis: "AWS FIS"
        case .ssm: "AWS Systems Manager"
        case .krkn: "krkn"
        case .k6: "k6"
        case .locust: "Locust"
        }
    }

    /// What of it is read, for help.
    public var sources: String {
        switch self {
        case .stressNG: "job files, and command lines behind --"
        case .chaosMesh: "StressChaos, Workflow and Schedule"
        case .chaosblade: "'blade create' lines, and one behind --"
        case .litmus: "ChaosEngine and ChaosExperiment, 'env:' lists, KEY=VALUE lines"
        case .fis: "experiment templates"
        case .ssm: "documents' parameters, as send-command takes them"
        case .krkn: "hog scenarios"
        case .k6: "options as 'k6 inspect' prints them; needs --as and --peak"
        case .locust: "a list of stages in JSON; needs --as and --peak"
        }
    }

    /// Whether it is also read from words behind `--`.
    public var takesWords: Bool { self == .stressNG || self == .chaosblade }

    /// Whether its file is a curve of users or requests, of which somebody must say what load it stands for.
    public var isCurve: Bool { self == .k6 || self == .locust }
}
