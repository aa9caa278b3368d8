import JSON

extension PlanService {
  /// `POST /partition` for one job, answered from recent answers where it was asked before. Carries a
  /// tag; who has that answer already is told so (304) and not sent it again.
  func cachedPartition(
    _ body: JSONValue, _ request: APIRequest, _ media: MediaType
  ) throws(Problem) -> APIResponse {
    let response = try recentPartition(body, request, media)
    guard let tag = response[header: "ETag"],
      EntityTag.matches(tag, ifNoneMatch: request.ifNoneMatch)
    else { return response }
    return APIResponse(status: 304, headers: [HeaderField("ETag", tag)])
  }

  /// The answer with its tag, which is worked out once with it.
  func recentPartition(
    _ body: JSONValue, _ request: APIRequest, _ media: MediaType
  ) throws(Problem) -> APIResponse {
    func planned() throws(Problem) -> APIResponse {
      var response = try partition(body, request, media)
      if response.status == 200, response.stream == nil {
        response.headers.append(HeaderField("ETag", EntityTag.ofAnswer(response.body)))
      }
      return response
    }
    // What a deadline cuts short depends on the moment, and events are told as they happen.
    guard let answers, media != .events, body["search"]?["deadline_ms"] == nil else {
      return try planned()
    }
    let question = Array(media.name.utf8) + body.canonicalBytes
    return try answers.answer(to: question, isCancelled: request.isCancelled, work: planned)
  }
}
