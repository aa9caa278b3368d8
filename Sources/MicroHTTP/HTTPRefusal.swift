/// Why the server itself turned a request or a connection away.
package enum HTTPRefusal: String, Sendable, CaseIterable {
  /// The head is not HTTP/1: line ends, folded lines, control characters, names that are no tokens.
  case malformedHead = "malformed_head"
  /// Content-Length and Transfer-Encoding leave open where the request ends (RFC 9112, section 6.3).
  case ambiguousLength = "ambiguous_length"
  case invalidHost = "invalid_host"
  case invalidTarget = "invalid_target"
  case malformedBody = "malformed_body"
  case receiveDeadline = "receive_deadline"
  case bodyTooLarge = "body_too_large"
  case targetTooLong = "target_too_long"
  case unknownExpectation = "unknown_expectation"
  case headTooLarge = "head_too_large"
  case addressLimit = "address_limit"
  case versionNotSupported = "version_not_supported"
  case queueFull = "queue_full"
  case connectionLimit = "connection_limit"
  case handlingDeadline = "handling_deadline"
  case stopping = "stopping"
  case internalError = "internal_error"

  package var status: Int {
    switch self {
    case .malformedHead, .ambiguousLength, .invalidHost, .invalidTarget, .malformedBody: 400
    case .receiveDeadline: 408
    case .bodyTooLarge: 413
    case .targetTooLong: 414
    case .unknownExpectation: 417
    case .addressLimit: 429
    case .headTooLarge: 431
    case .internalError: 500
    case .queueFull, .connectionLimit, .handlingDeadline, .stopping: 503
    case .versionNotSupported: 505
    }
  }

  /// Whether the same request may do better later (`Retry-After`).
  package var isTemporary: Bool { status == 503 || status == 429 }

  /// The refusal that stands for a status that libmicrohttpd chose.
  init(libraryStatus status: Int, hasHead: Bool) {
    switch status {
    case 413: self = .bodyTooLarge
    case 414: self = .targetTooLong
    case 431: self = .headTooLarge
    case 505: self = .versionNotSupported
    case 400: self = hasHead ? .malformedBody : .malformedHead
    default: self = .internalError
    }
  }
}
