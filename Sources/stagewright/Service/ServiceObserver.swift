import Logging
import MicroHTTP

/// Counts every exchange, and writes its access line.
struct ServiceObserver: HTTPObserver {
  let metrics: ServiceMetrics
  let logger: Logger
  /// The logger's, which takes longer to ask for.
  private let logLevel: Logger.Level

  init(metrics: ServiceMetrics, logger: Logger) {
    self.metrics = metrics
    self.logger = logger
    logLevel = logger.logLevel
  }

  func exchangeFinished(_ exchange: HTTPExchange) {
    metrics.count(exchange)
    let level = level(of: exchange)
    guard level >= logLevel else { return }
    logger.log(level: level, "request", metadata: Self.fields(of: exchange))
  }

  func connectionRefused(_ refusal: HTTPRefusal, remoteAddress: String) {
    metrics.count(refusal)
    logger.info(
      "connection refused",
      metadata: ["refusal": "\(refusal.rawValue)", "remote": "\(remoteAddress)"])
  }

  func serverReported(_ message: String) { logger.warning("\(message)") }

  /// Probes that succeed are no news.
  private func level(of exchange: HTTPExchange) -> Logger.Level {
    if exchange.status >= 500, exchange.refusal == nil, !isProbe(exchange) { return .error }
    return isProbe(exchange) && exchange.status == 200 ? .debug : .info
  }

  private func isProbe(_ exchange: HTTPExchange) -> Bool {
    exchange.route.flatMap { Probe($0) } != nil
  }

  private static func fields(of exchange: HTTPExchange) -> Logger.Metadata {
    let request = exchange.request
    var fields: Logger.Metadata = [
      "request_id": .string(request.id), "method": .string(request.method.name),
      "path": .string(request.path.isEmpty ? request.rawTarget : request.path),
      "status": .stringConvertible(exchange.status), "remote": .string(request.remoteAddress),
      "duration_ms": .stringConvertible(milliseconds(exchange.duration)),
      "received_bytes": .stringConvertible(exchange.receivedBodyBytes),
      "sent_bytes": .stringConvertible(exchange.sentBodyBytes),
    ]
    if exchange.handling > .zero {
      fields["queue_ms"] = .stringConvertible(milliseconds(exchange.queueing))
      fields["work_ms"] = .stringConvertible(milliseconds(exchange.handling))
    }
    if let traceparent = request.traceparent { fields["traceparent"] = .string(traceparent) }
    if let refusal = exchange.refusal { fields["refusal"] = .string(refusal.rawValue) }
    if !exchange.isCompleted { fields["outcome"] = .string(exchange.outcome.rawValue) }
    return fields
  }

  /// To the microsecond.
  private static func milliseconds(_ time: Elapsed) -> Double {
    (time.seconds * 1e6).rounded() / 1000
  }
}
