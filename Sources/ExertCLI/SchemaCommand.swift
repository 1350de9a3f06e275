// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Evidence
import LoadModel
import Profiles
import Reporting
import Stressors

struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Print the JSON Schema of profiles, of the log, of reports, or of what exert host prints.",
        discussion: "Editors check profiles against the first; log pipelines validate lines against the second.")

    enum Subject: String, ExpressibleByArgument, CaseIterable {
        case profile, log, report, host
    }

    @Argument(help: "profile, log, report or host.")
    var subject: Subject

    func run() throws {
        switch subject {
        case .profile:
            let manifests = Catalog.manifests.filter(\.isListed)
            try Console.deliver(ProfileSchema.jsonSchema(manifests: manifests))
        case .log:
            try Console.deliver(LogSchema.jsonSchema())
        case .report:
            try Console.deliver(ReportSchema.jsonSchema())
        case .host:
            try Console.deliver(HostSchema.jsonSchema())
        }
    }
}
