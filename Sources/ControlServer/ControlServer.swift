// SPDX-License-Identifier: Apache-2.0

#if Server
internal import Glibc
internal import HTTPTypes
internal import HummingbirdCore
internal import LinuxSystem
internal import Logging
internal import NIOCore
internal import NIOHTTPTypes
internal import NIOPosix
internal import ServiceLifecycle

#if TLS
internal import HummingbirdTLS
internal import NIOSSL
#endif

/// The HTTP face of runs.
///
/// One event loop does all of the network: whatever loads this machine, the server takes as little of it as it can.
public final class ControlServer: Sendable {
    /// How often those who follow a run without news are told that it lives, in seconds.
    private static let nudgeInterval = 15
    /// How many connections there may be at a time: a third of the descriptors, the others are for runs, and no more
    /// than this.
    private static let connectionLimit: UInt64 = 256

    private let options: ServerOptions
    private let store: RunStore
    private let readiness = Readiness()
    private let group: ServiceGroup

    /// Prepares a server; nothing listens yet.
    ///
    /// - Parameter onListening: called once it does, with the address that callers use, such as
    ///   `http://127.0.0.1:7117`.
    /// - Throws: ``ServerFailure`` where the certificate or the key cannot be used.
    public init(
        _ options: ServerOptions, onListening: @escaping @Sendable (String) -> Void
    ) throws(ServerFailure) {
        self.options = options
        store = RunStore(executable: options.executable, maxRuns: options.maxRuns)
        // Before anything else of NIO: its default is a thread for each processor.
        NIOSingletons.groupLoopCountSuggestion = 1
        let logger = Logger(label: "exert serve") { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = .error
            return handler
        }
        let limit = (try? OpenFileLimit.of(processID: 0).soft) ?? 1024
        let connections = Int(max(8, min(Self.connectionLimit, limit / 3)))
        let responder = Self.responder(options, store, readiness, connections)
        let watched = Connections(limit: connections)
        let date = DateField()
        let server: any Service
        do {
            // Not Hummingbird's application: that wakes once a second to have the time at hand.
            server = try Self.builder(options, watched).buildServer(
                configuration: ServerConfiguration(address: options.address.bindAddress),
                eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: logger,
                responder: { (request, writer: consuming ResponseWriter, channel) in
                    var response = try await responder.respond(to: request) {
                        try await channel.writeAndFlush(HTTPResponsePart.head(HTTPResponse(status: .continue)))
                    }
                    response.headers[.date] = date.value
                    do {
                        try await writer.write(response: response.head, body: response.body)
                    } catch {
                        // Whatever it was, a second response would be none.
                        throw Unanswered()
                    }
                },
                onServerRunning: { listener in
                    // A listener that is closed already needs none.
                    try? await AcceptPause.add(to: listener)
                    onListening(Self.url(listener.localAddress, options))
                })
        } catch {
            throw ServerFailure(.tls, "certificate and key do not make a server: \(error)")
        }
        let nudger = Nudger(store: store, interval: .seconds(Self.nudgeInterval))
        group = ServiceGroup(configuration: .init(services: [nudger, server], logger: logger))
    }

    /// Listens and serves until ``stop()``.
    ///
    /// - Throws: ``ServerFailure`` where it cannot listen.
    public func run() async throws(ServerFailure) {
        do {
            try await group.run()
        } catch {
            throw ServerFailure(.listen, "cannot listen on \(options.address.text): \(Self.reason(error))")
        }
    }

    /// What the kernel says, without the call that it says it of.
    private static func reason(_ failure: any Error) -> String {
        (failure as? IOError).map { String(cString: strerror($0.errnoCode)) } ?? "\(failure)"
    }

    /// Says on `/readyz` that it ends, stops all runs, and when they are released closes its connections.
    public func stop() async {
        readiness.close()
        await store.close()
        await group.triggerGracefulShutdown()
    }

    private static func responder(
        _ options: ServerOptions, _ store: RunStore, _ readiness: Readiness, _ connections: Int
    ) -> Responder {
        let counts = RequestCounts()
        let routes =
            RunRoutes(store: store, reader: RunRequestReader(options: options)).routes
            + EventRoutes(store: store, limit: connections * 3 / 4).routes + ReportRoutes(store: store).routes
            + HostRoutes(executable: options.executable).routes
            + ProfileRoutes(directory: options.profiles, length: options.profileLength).routes
            + StressorRoutes(options.stressors).routes + HealthRoutes(readiness: readiness).routes
            + MetricRoutes(store: store, counts: counts, version: options.version).routes + DocumentRoutes().routes
        return Responder(routes: routes, access: AccessRules(options), counts: counts)
    }

    private static func builder(
        _ options: ServerOptions, _ connections: Connections
    ) throws(ServerFailure) -> HTTPServerBuilder {
        let queue = Queue()
        let http1 = HTTPServerBuilder.http1(
            configuration: .init(
                additionalChannelHandlers: [ConnectionWatch(connections, queue), ParserProblem()],
                httpDecoderConfiguration: .init(maxHeaderFieldSize: 16384, maxHeaderListSize: 65536)))
        guard let files = options.tls else { return http1 }
        #if TLS
        let configuration = try tls(files)
        do {
            return try .tls(http1, tlsConfiguration: configuration)
        } catch {
            throw ServerFailure(.tls, "certificate and key do not make a server: \(error)")
        }
        #else
        throw ServerFailure(.tls, "'\(files.certificate)' is of no use: this build of exert has no TLS")
        #endif
    }

    #if TLS
    private static func tls(_ files: (certificate: String, key: String)) throws(ServerFailure) -> TLSConfiguration {
        do {
            let chain = try NIOSSLCertificate.fromPEMFile(files.certificate).map {
                NIOSSLCertificateSource.certificate($0)
            }
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain, privateKey: .privateKey(try NIOSSLPrivateKey(file: files.key, format: .pem)))
            configuration.minimumTLSVersion = .tlsv12
            return configuration
        } catch {
            throw ServerFailure(
                .tls, "the certificate '\(files.certificate)' or the key '\(files.key)' cannot be used: \(error)")
        }
    }
    #endif

    private static func url(_ bound: SocketAddress?, _ options: ServerOptions) -> String {
        let scheme = options.tls == nil ? "http" : "https"
        switch options.address {
        case .unix: return options.address.text
        case .tcp(let host, let port):
            let name = host.contains(":") ? "[\(host)]" : host
            return "\(scheme)://\(name):\(bound?.port ?? port)"
        }
    }
}

/// Why a server cannot be.
public struct ServerFailure: Error, Sendable {
    /// What it failed at.
    public enum Kind: Sendable {
        /// Certificate and key.
        case tls
        /// Listening on its address.
        case listen
    }
    /// What it failed at.
    public var kind: Kind
    /// The reason, for people.
    public var message: String

    init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }
}

/// Why a connection ends without the rest of a response.
private struct Unanswered: Error {}

/// Shows callers who follow runs that they are still followed, now and then.
private struct Nudger: Service {
    let store: RunStore
    let interval: Duration

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            while true {
                try await Task.sleep(for: interval)
                await store.nudge()
            }
        }
    }
}

extension ListenAddress {
    /// As `--listen` takes it.
    public var text: String {
        switch self {
        case .unix(let path): "unix:\(path)"
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        }
    }

    fileprivate var bindAddress: BindAddress {
        switch self {
        case .unix(let path): .unixDomainSocket(path: path)
        case .tcp(let host, let port): .hostname(host, port: port)
        }
    }
}
#endif
