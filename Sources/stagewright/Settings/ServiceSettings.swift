import Glibc
import Logging
import MicroHTTP

/// Everything an operator may set, with what holds when nobody does.
struct ServiceSettings: Sendable {
  var host = "127.0.0.1"
  var port: UInt16 = 8080

  var workers = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
  var queueLimit = 64
  var connectionLimit = 1024
  var addressLimit = 0
  var bodyLimit = ByteSize(8 << 20)
  var headLimit = ByteSize(8 << 10)

  var idleTimeout = Duration.seconds(60)
  var headTimeout = Duration.seconds(10)
  var receiveTimeout = Duration.seconds(30)
  var sendTimeout = Duration.seconds(60)
  var handlingTimeout = Duration.seconds(120)
  var retryAfter = Duration.seconds(1)

  var drainDelay = Duration.zero
  var drainTimeout = Duration.seconds(25)

  var profiles = ""
  /// A file with a cost profile, as `/calibrate` answers it; empty for none.
  var profile = ""
  /// A file of accelerators that extends the catalogue; empty for none.
  var gpus = ""

  var logLevel = Logger.Level.info
  var logFormat = LogFormat.text
}

/// A size in bytes, written `8MiB` or `8388608`.
struct ByteSize: Hashable, Sendable {
  var bytes: Int

  init(_ bytes: Int) { self.bytes = bytes }
}

extension ServiceSettings {
  /// What of it the server is to know.
  var server: HTTPServer.Configuration {
    var server = HTTPServer.Configuration()
    server.host = host
    server.port = port
    server.workerCount = workers
    server.queueLimit = queueLimit
    server.connectionLimit = connectionLimit
    server.perAddressLimit = addressLimit
    server.maximumBodyBytes = bodyLimit.bytes
    server.headerLimit = headLimit.bytes
    server.idleTimeout = idleTimeout
    server.headDeadline = headTimeout
    server.receiveDeadline = receiveTimeout
    server.sendDeadline = sendTimeout
    server.handlingDeadline = handlingTimeout == .zero ? nil : handlingTimeout
    server.retryAfter = retryAfter
    server.drainDelay = drainDelay
    server.drainDeadline = drainTimeout
    return server
  }
}
