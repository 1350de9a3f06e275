// SPDX-License-Identifier: Apache-2.0

#if Server
import ArgumentParser
import ControlServer
import LinuxSystem

struct HealthCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health",
        abstract: "Ask a server of exert serve on this machine whether it is ready.",
        discussion: """
            For probes within a container that has nothing else in it. Asks GET /readyz, which takes no token. Exit \
            code 0: it is ready; 1: it is not, or nobody answers. Speaks no TLS.
            """)

    @Argument(help: "Where it listens: HOST:PORT, [IPV6]:PORT or unix:PATH.")
    var address: String = "127.0.0.1:7117"

    @Option(help: ArgumentHelp("How many seconds each step may take, 1 to 60.", valueName: "seconds"))
    var patience: Int = 2

    func run() throws {
        guard let place = ListenAddress(address) else {
            throw ValidationError("'\(address)': write HOST:PORT such as 127.0.0.1:7117, or unix:/run/exert.sock")
        }
        guard (1...60).contains(patience) else { throw ValidationError("--patience must be from 1 to 60") }
        let line: String
        do {
            line = try ask(place)
        } catch {
            Console.complain("\(address) does not answer: \(error)")
            throw ExitStatus.internalError
        }
        guard line.hasPrefix("HTTP/1.1 200 ") else {
            Console.complain("\(address) is not ready: \(line)")
            throw ExitStatus.internalError
        }
        try Console.deliver("ready\n")
    }

    /// The first line of the answer.
    private func ask(_ place: ListenAddress) throws -> String {
        let socket =
            switch place {
            case .unix(let path): try StreamSocket.connect(unix: path, patience: patience)
            case .tcp(let host, let port): try StreamSocket.connect(host: host, port: port, patience: patience)
            }
        try StreamWriter.write(
            Array("GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".utf8), to: socket.rawValue,
            patience: Int32(patience) * 1000)
        let answer = try SmallFile.bytes(ofDescriptor: socket.rawValue, limit: 65536)
        return String(decoding: answer.prefix { $0 != 0x0D && $0 != 0x0A }, as: UTF8.self)
    }
}
#endif
