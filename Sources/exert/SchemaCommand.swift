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
            Console.write(ProfileSchema.jsonSchema(manifests: manifests), to: Console.output)
        case .log:
            Console.write(LogSchema.jsonSchema(), to: Console.output)
        case .host:
            Console.write(HostSchema.jsonSchema(), to: Console.output)
        }
    }
}
