import JSON

/// Every sentence with which a request is refused, but for those on the kind and range of single
/// values, which `JSON` words.
enum Sentence {
  // MARK: The request as a whole

  static func notJSON(_ error: JSONSyntaxError) -> String {
    "The body is not JSON: \(error.description)."
  }

  static func invalid(_ faults: JSONFaults) -> String {
    let shown = faults.list.count
    let all = shown + faults.omitted
    guard all > 1 else { return "The body is JSON, but one thing in it is wrong; see errors." }
    let excerpt = faults.omitted > 0 ? " (the first \(shown) of them)" : ""
    return "The body is JSON, but \(all) things in it are wrong; see errors\(excerpt)."
  }

  static func notFound(_ path: String, known: [String]) -> String {
    let near = NearestNames.to(path, among: known)
    let hint = near.isEmpty ? "" : " Did you mean \(near.joined(separator: " or "))?"
    return "Nothing is at this path.\(hint)"
  }

  static func methodNotAllowed(_ method: String, _ path: String, allowed: [String]) -> String {
    "\(path) does not take \(excerpt(method)), but \(allowed.joined(separator: ", "))."
  }

  static func notAcceptable(offers: [MediaType]) -> String {
    let names = offers.map(\.name).joined(separator: ", ")
    return "The answer comes as \(names), none of which the Accept header allows."
  }

  static func unsupportedContent(_ what: String) -> String {
    "The body must be application/json in UTF-8, and is declared as \(excerpt(what))."
  }

  static func unsupportedEncoding(_ encoding: String) -> String {
    "The body must not be compressed, and is declared as \(excerpt(encoding))."
  }
}
