/// A form in which an answer can be given.
package struct MediaType: Hashable, Sendable {
  package let type: String
  package let subtype: String
  /// Parameters as they are sent: `; charset=utf-8`.
  package let parameters: String

  init(_ type: String, _ subtype: String, parameters: String = "") {
    self.type = type
    self.subtype = subtype
    self.parameters = parameters
  }

  package var name: String { type + "/" + subtype }
  /// The value of `Content-Type`.
  package var headerValue: String { name + parameters }

  package static let json = MediaType("application", "json")
  package static let text = MediaType("text", "plain", parameters: "; charset=utf-8")
  package static let html = MediaType("text", "html", parameters: "; charset=utf-8")
  package static let svg = MediaType("image", "svg+xml")
  package static let graphviz = MediaType(
    "text", "vnd.graphviz", parameters: "; charset=utf-8")
  package static let events = MediaType("text", "event-stream")
  package static let yaml = MediaType("application", "yaml")
}

extension MediaType {
  /// The body's declared type is JSON in UTF-8, or is not declared.
  ///
  /// JSON is `application/json` and whatever says `+json` (RFC 6839).
  static func isJSON(contentType: String?) -> Bool {
    guard let contentType else { return true }
    var reader = HeaderReader(contentType)
    guard let (type, subtype) = reader.mediaRange() else { return false }
    guard type == "application" && subtype == "json" || subtype.hasSuffix("+json") else {
      return false
    }
    while reader.pass(";") {
      guard let parameter = reader.parameter() else { return reader.isAtEnd }
      if parameter.name == "charset" {
        let charset = parameter.value.lowercased()
        guard charset == "utf-8" || charset == "utf8" else { return false }
      }
    }
    return reader.isAtEnd
  }
}
