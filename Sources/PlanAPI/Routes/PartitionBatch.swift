import JSON
import Planning

extension PlanService {
  /// `{"requests": […]}`: each is answered as if it were alone, as many at once as `parallel` allows;
  /// one that is wrong has its problem document in its place.
  func partitionBatch(
    _ body: JSONValue, _ request: APIRequest
  ) throws(Problem) -> APIResponse {
    let rule: JSONObjectRule<[JSONValue]> = .object { members in
      members.required("requests", .list(of: .any, counts: 1...WireLimits.batchedRequests))
    }
    let requests = try read(body, as: rule)
    let answers = parallel.map(requests) { each -> [UInt8] in
      do throws(Problem) {
        return try recentPartition(each, request, .json).body
      } catch {
        return error.document
      }
    }
    // Whole texts of JSON already, each with a line feed at its end.
    var whole = Array(#"{"answers":["#.utf8)
    for (index, answer) in answers.enumerated() {
      if index > 0 { whole.append(UInt8(ascii: ",")) }
      whole += answer.dropLast()
    }
    whole += Array("]}\n".utf8)
    return APIResponse(.json, body: whole)
  }
}
