import CMicroHTTPD

/// The facts of a refusal, from which a problem document (RFC 9457) is written.
package struct HTTPProblem: Sendable {
  package var refusal: HTTPRefusal
  package var status: Int
  /// The status's own phrase.
  package var title: String
  /// What is wrong with this request, in one sentence.
  package var detail: String
  /// The path of the request, where its head was readable; the beginning of a long one.
  package var instance: String?
  package var requestID: String?

  init(_ refusal: HTTPRefusal, _ detail: String, instance: String?, requestID: String?) {
    self.refusal = refusal
    self.status = refusal.status
    self.title = reasonPhrase(refusal.status)
    self.detail = detail
    self.instance = instance
    self.requestID = requestID
  }

  /// The document that is sent unless the configuration renders another.
  package var document: [UInt8] {
    var text = #"{"type":"about:blank","title":"# + quoted(title) + #","status":\#(status)"#
    text += #","detail":"# + quoted(detail)
    if let instance { text += #","instance":"# + quoted(instance) }
    return Array((text + "}\n").utf8)
  }
}

/// The phrase of the status line.
func reasonPhrase(_ status: Int) -> String {
  MHD_get_reason_phrase_for(UInt32(status)).map { String(cString: $0) } ?? "Unknown"
}

/// A JSON string: quoted, with control characters escaped.
private func quoted(_ text: String) -> String {
  var quoted = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": quoted += "\\\""
    case "\\": quoted += "\\\\"
    case "\u{0}"..<" ", "\u{7F}":
      let digits = String(scalar.value, radix: 16)
      quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    default: quoted.unicodeScalars.append(scalar)
    }
  }
  return quoted + "\""
}
