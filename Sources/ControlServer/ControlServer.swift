// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import Hummingbird
internal import HummingbirdCore
internal import HummingbirdTLS
internal import Logging
internal import NIOCore
internal import NIOSSL
internal import ServiceLifecycle

/// The HTTP face of runs.
///
/// One event loop does all of the network: whatever loads this machine, the server takes as little of it as it can.
public final class ControlServer: Sendable {
    /// How long a connection may be idle, or take to say what it wants, in seconds.
    private static let idleLimit: Int64 = 60
    /// How often those who follow a run without news are told that it lives, in seconds.
    private static let nudgeInterval = 15
    /// How many connections are taken at a time; descriptors beside them are for runs.
    private static let connectionLimit = 256

    private let options: ServerOptions
    private let store: RunStore
    private let readiness = Readiness()
    private let tls: TLSConfiguration?
    private let group: ServiceGroup
    private let address: BoundAddress

    /// Prepares a server; nothing listens yet.
    ///
    /// - Throws: ``ServerFailure`` where the certificate or the key cannot be used.
    public init(_ options: ServerOptions) throws(ServerFailure) {
        self.options = options
        // Before anything else of NIO: its default is a thread for each processor.
        NIOSingletons.groupLoopCountSuggestion = 1
        store = RunStore(executable: options.executable, maxRuns: options.maxRuns)
        tls = try Self.tls(options.tls)
        let logger = Logger(label: "exert serve") { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = .error
            return handler
        }
        let address = BoundAddress()
        self.address = address
        let counts = RequestCounts()
        let routes =
            RunRoutes(store: store, reader: RunRequestReader(options: options)).routes
            + EventRoutes(store: store).routes + ReportRoutes(store: store).routes
            + HostRoutes(executable: options.executable).routes
            + ProfileRoutes(directory: options.profiles, length: options.profileLength).routes
            + StressorRoutes(options.stressors).routes + HealthRoutes(readiness: readiness).routes
            + MetricRoutes(store: store, counts: counts, version: options.version).routes + DocumentRoutes().routes
        let http1 = HTTPServerBuilder.http1(
            configuration: .init(
                additionalChannelHandlers: [ParserProblem()], idleTimeout: .seconds(Self.idleLimit),
                httpDecoderConfiguration: .init(maxHeaderFieldSize: 16384, maxHeaderListSize: 65536)))
        let builder: HTTPServerBuilder
        do {
            builder = try tls.map { try .tls(http1, tlsConfiguration: $0) } ?? http1
        } catch {
            throw ServerFailure(.tls, "certificate and key do not make a server: \(error)")
        }
        let application = Application(
            responder: Responder(routes: routes, access: AccessRules(options), counts: counts),
            server: builder,
            configuration: .init(
                address: options.address.bindAddress,
                availableConnectionsDelegate: .maximum(Self.connectionLimit, logger: logger)),
            onServerRunning: { channel in address.set(channel.localAddress) }, logger: logger)
        group = ServiceGroup(configuration: .init(services: [application], logger: logger))
    }

    /// Listens and serves until ``stop()``.
    ///
    /// - Parameter onListening: called once, with the address that callers use, such as `http://127.0.0.1:7117`.
    /// - Throws: ``ServerFailure`` where it cannot listen.
    public func run(onListening: @escaping @Sendable (String) -> Void) async throws(ServerFailure) {
        let failure = await withTaskGroup(of: (any Error)?.self) { tasks in
            tasks.addTask { [group] in
                do { try await group.run() } catch { return error }
                return nil
            }
            // Both end with the task group, and neither before it is cancelled.
            let side = Task { [store, address, options] in
                onListening(Self.url(await address.get(), options))
                while true {
                    do { try await Task.sleep(for: .seconds(Self.nudgeInterval)) } catch { return }
                    await store.nudge()
                }
            }
            defer { side.cancel() }
            return await tasks.next() ?? nil
        }
        if let failure {
            throw ServerFailure(.listen, "cannot listen on \(options.address.text): \(Self.reason(failure))")
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

    private static func tls(_ files: (certificate: String, key: String)?) throws(ServerFailure) -> TLSConfiguration? {
        guard let files else { return nil }
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

/// The address that the server listens on, when it does.
private final class BoundAddress: Sendable {
    private let stream: AsyncStream<SocketAddress?>
    private let continuation: AsyncStream<SocketAddress?>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream() }

    func set(_ address: SocketAddress?) {
        continuation.yield(address)
        continuation.finish()
    }

    func get() async -> SocketAddress? {
        for await address in stream { return address }
        return nil
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
