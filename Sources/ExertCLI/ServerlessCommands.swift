// SPDX-License-Identifier: Apache-2.0

#if !Server
import ArgumentParser

// What stands in for the server's commands where the package was built without its trait.

struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Run loads that are asked for over HTTP (not in this build).")

    @Argument(parsing: .allUnrecognized, help: .hidden) var words: [String] = []

    func run() throws { throw Serverless.refusal("serve") }
}

struct HealthCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health", abstract: "Ask a server whether it is ready (not in this build).")

    @Argument(parsing: .allUnrecognized, help: .hidden) var words: [String] = []

    func run() throws { throw Serverless.refusal("health") }
}

private enum Serverless {
    static func refusal(_ command: String) -> ExitCode {
        Console.complain(
            "this exert was built without its server (swift build --disable-default-traits), so it has no "
                + "'\(command)'; scripts/build builds all of it")
        return ExitStatus.unsupported
    }
}
#endif
