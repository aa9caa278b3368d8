import JSON

extension PlanService {
  /// `POST /partition` for one job, answered from recent answers where it was asked before. Carries a
  /// tag; who has that answer already is told so (304) and not sent it again.
  func cachedPartition(
    _ body: JSONValue, _ request: APIRequest, _ media: MediaType
  ) throws(Problem) -> APIResponse {
    let response = try recentPartition(body, request, media)
    guard response.status == 200, response.stream == nil else { return response }
    return response.tagged(EntityTag.ofAnswer(response.body), request)
  }

  /// The answer without its tag.
  func recentPartition(
    _ body: JSONValue, _ request: APIRequest, _ media: MediaType
  ) throws(Problem) -> APIResponse {
    // What a deadline cuts short depends on the moment, and events are told as they happen.
    guard let answers, media != .events, body["search"]?["deadline_ms"] == nil else {
      return try partition(body, request, media)
    }
    let question = Array(media.name.utf8) + body.canonicalBytes
    return try answers.answer(to: question, isCancelled: request.isCancelled) {
      () throws(Problem) in try partition(body, request, media)
    }
  }
}
