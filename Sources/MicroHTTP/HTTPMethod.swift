import Glibc

/// The method of a request (RFC 9110, section 9).
package enum HTTPMethod: Hashable, Sendable {
  case get, head, post, put, patch, delete, options
  /// Any other token, as it was written.
  case other(String)

  package init(_ name: String) {
    switch name {
    case "GET": self = .get
    case "POST": self = .post
    case "HEAD": self = .head
    case "PUT": self = .put
    case "PATCH": self = .patch
    case "DELETE": self = .delete
    case "OPTIONS": self = .options
    default: self = .other(name)
    }
  }

  /// As the library has it. The common ones are told without a string of their own.
  init(cString name: UnsafePointer<CChar>) {
    if strcmp(name, "GET") == 0 {
      self = .get
    } else if strcmp(name, "POST") == 0 {
      self = .post
    } else {
      self.init(String(cString: name))
    }
  }

  /// The method as it stands on the wire.
  package var name: String {
    switch self {
    case .get: "GET"
    case .head: "HEAD"
    case .post: "POST"
    case .put: "PUT"
    case .patch: "PATCH"
    case .delete: "DELETE"
    case .options: "OPTIONS"
    case .other(let name): name
    }
  }
}
