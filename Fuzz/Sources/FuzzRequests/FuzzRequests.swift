import JSON
import PlanAPI

/// libFuzzer's entry: any body to any route is answered or refused, in JSON. The first line is the
/// route's path. Searches are cancelled from the start: what is fuzzed is how requests are read.
@_cdecl("LLVMFuzzerTestOneInput")
func fuzzRequests(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: start, count: count))
  guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")) else { return 0 }
  let path = String(decoding: bytes[..<end], as: UTF8.self)
  guard router.routes.contains(where: { $0.path == path && $0.methods.contains("POST") }) else {
    return 0
  }
  let response = router.response(
    to: APIRequest(
      method: "POST", path: path, body: Array(bytes[(end + 1)...]), isCancelled: { true }))
  precondition([200, 400, 422].contains(response.status), "\(response.status)")
  guard let answer = (try? JSONDocument(parsing: response.body))?.root else {
    preconditionFailure("an answer is not JSON")
  }
  if response.status == 422 {
    precondition(answer["errors"]?.count ?? 0 > 0, "a body is refused without a fault")
  }
  return 0
}

private let router = Router(PlanService.standard().routes)
