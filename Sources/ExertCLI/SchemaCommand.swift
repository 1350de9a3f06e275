// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import LoadModel
import Profiles
import Reporting
import Stressors

struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Print the JSON Schema of profiles, of the log, or of what exert host prints.",
        discussion: "Editors check profiles against the first; log pipelines validate lines against the second.")

    enum Subject: String, ExpressibleByArgument, CaseIterable {
        case profile, log, host
    }

    @Argument(help: "profile, log or host.")
    var subject: Subject

    func run() throws {
        switch subject {
        case .profile:
            let manifests = Catalog.manifests.filter(\.isListed)
            try Console.deliver(ProfileSchema.jsonSchema(manifests: manifests))
        case .log:
            try Console.deliver(LogSchema.jsonSchema())
        case .host:
            try Console.deliver(HostSchema.jsonSchema())
        }
    }
}
