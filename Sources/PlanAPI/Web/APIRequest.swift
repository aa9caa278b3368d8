/// A request, as far as an answer depends on it. Whatever carries HTTP hands it in, or the command.
package struct APIRequest: Sendable {
  package var method: String
  /// Decoded; starts with `/`.
  package var path: String
  /// Decoded, in the order they were written; a name without `=` has no value.
  package var query: [(name: String, value: String?)]
  /// The values of the `Accept` fields.
  package var accept: [String]
  /// The value of `Host`, as it was sent.
  package var host: String?
  package var contentType: String?
  package var contentEncoding: String?
  /// The values of the `If-None-Match` fields.
  package var ifNoneMatch: [String]
  package var body: [UInt8]
  /// Nobody waits for the answer any more. Asked often, so it must be cheap.
  package var isCancelled: @Sendable () -> Bool

  package init(
    method: String, path: String, query: [(name: String, value: String?)] = [],
    accept: [String] = [], host: String? = nil, contentType: String? = nil,
    contentEncoding: String? = nil,
    ifNoneMatch: [String] = [], body: [UInt8] = [],
    isCancelled: @escaping @Sendable () -> Bool = { false }
  ) {
    self.method = method
    self.path = path
    self.query = query
    self.accept = accept
    self.host = host
    self.contentType = contentType
    self.contentEncoding = contentEncoding
    self.ifNoneMatch = ifNoneMatch
    self.body = body
    self.isCancelled = isCancelled
  }
}

package struct HeaderField: Hashable, Sendable {
  package var name: String
  package var value: String

  package init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}
