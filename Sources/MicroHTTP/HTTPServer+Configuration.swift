extension HTTPServer {
  /// Everything about a server that an operator may set.
  package struct Configuration: Sendable {
    /// A numeric address or a name; `::` takes IPv4 callers too where the kernel allows.
    package var host = "127.0.0.1"
    /// 0 takes a free one.
    package var port: UInt16 = 0

    /// Bytes of body accepted; more is answered with 413 before, or as soon as, it is seen.
    package var maximumBodyBytes = 8 << 20
    /// Bytes of a request's head, first line included; more is 431, or 414 for the first line. Each
    /// connection holds a buffer of half as many more.
    package var headerLimit = 8 << 10

    /// How long a connection may wait between requests.
    package var idleTimeout = Duration.seconds(60)
    /// How long a head may take from the end of its first line, and a head with its body.
    package var headDeadline = Duration.seconds(10)
    package var receiveDeadline = Duration.seconds(30)
    /// How long the client may take to accept a whole answer (streams have no such limit).
    package var sendDeadline = Duration.seconds(60)
    /// How long a handler may take before its client is answered with 503 and it is told to stop.
    package var handlingDeadline: Duration?

    /// Connections held at once, in all and from one address (0: no limit for one address).
    package var connectionLimit = 1024
    package var perAddressLimit = 0
    /// Connections accepted beyond the limits to be answered by the inline handler alone, so that
    /// probes come through when the service is full.
    package var probeReserve = 16

    /// Requests handled at once.
    package var workerCount = 4
    /// Requests waiting for a worker; the next is answered with 503.
    package var queueLimit = 64
    /// What `Retry-After` says in 429 and 503, in whole seconds.
    package var retryAfter = Duration.seconds(1)

    /// From `drain()` to the closing of the listening socket: the time that load balancers need to
    /// see that readiness is gone.
    package var drainDelay = Duration.zero
    /// How long requests in flight may take after that.
    package var drainDeadline = Duration.seconds(25)

    /// Writes the body of an `application/problem+json` answer of the server's own.
    package var renderProblem: @Sendable (HTTPProblem) -> [UInt8] = { $0.document }

    package init() {}
  }

  /// Where a started server listens.
  package struct Address: Sendable, Equatable {
    package var host: String
    package var port: UInt16

    package var url: String {
      "http://" + (host.contains(":") ? "[\(host)]" : host) + ":\(port)"
    }
  }

  /// Why a server could not start.
  package enum StartError: Error, Equatable, CustomStringConvertible {
    case cannotResolve(host: String, reason: String)
    case cannotListen(host: String, port: UInt16, reason: String)
    case cannotStartLibrary

    package var description: String {
      switch self {
      case .cannotResolve(let host, let reason): "cannot resolve \(host): \(reason)"
      case .cannotListen(let host, let port, let reason):
        "cannot listen on \(host) port \(port): \(reason)"
      case .cannotStartLibrary: "libmicrohttpd did not start"
      }
    }
  }
}
