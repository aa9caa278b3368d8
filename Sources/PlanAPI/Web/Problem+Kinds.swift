import JSON

/// The problems that a route can have with a request, each with its sentence.
extension Problem {
  /// 400: the body is not JSON.
  package static func notJSON(_ error: JSONSyntaxError) -> Problem {
    var problem = Problem(status: 400, detail: Sentence.notJSON(error))
    problem.syntaxError = error
    return problem
  }

  /// 422: the body is JSON, and wrong.
  package static func invalid(_ faults: JSONFaults) -> Problem {
    var problem = Problem(status: 422, detail: Sentence.invalid(faults))
    problem.faults = faults
    return problem
  }

  /// 404: nothing is at this path.
  static func notFound(_ path: String, known: [String]) -> Problem {
    Problem(status: 404, detail: Sentence.notFound(path, known: known))
  }

  /// 405: the path is known, but not for this method.
  package static func methodNotAllowed(_ method: String, _ path: String, allowed: [String])
    -> Problem
  {
    Problem(
      status: 405, detail: Sentence.methodNotAllowed(method, path, allowed: allowed),
      headers: [HeaderField("Allow", allowed.joined(separator: ", "))])
  }

  /// 406: no form that the request accepts is offered.
  static func notAcceptable(offers: [MediaType]) -> Problem {
    Problem(
      status: 406, detail: Sentence.notAcceptable(offers: offers),
      headers: [HeaderField("Vary", "Accept")])
  }

  /// 415: the body is declared to be something else than JSON in UTF-8 without compression.
  static func unsupportedContent(_ what: String) -> Problem {
    Problem(
      status: 415, detail: Sentence.unsupportedContent(what),
      headers: [HeaderField("Accept-Post", MediaType.json.name)])
  }

  /// 415 for a body that is compressed.
  static func unsupportedEncoding(_ encoding: String) -> Problem {
    Problem(
      status: 415, detail: Sentence.unsupportedEncoding(encoding),
      headers: [HeaderField("Accept-Encoding", "identity")])
  }
}
