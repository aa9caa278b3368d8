import Foundation
import JSON
import PlanAPI
import Testing

@Suite struct RouterTests {
  private let router = Router([
    .get("/catalog/gpus", .json) { _, _ throws(Problem) in .json { $0.object { $0.member("a", 1) } }
    },
    .post("/partition", .json, .text) { body, _, media throws(Problem) in
      guard media == .json else { return APIResponse(.text, body: Array("plan\n".utf8)) }
      let rule: JSONObjectRule<Int> = .object { $0.required("layers", .positiveInteger(max: 9)) }
      switch body.read(as: rule) {
      case .success(let layers): return .json { $0.object { $0.member("layers", layers) } }
      case .failure(let faults): throw .invalid(faults)
      }
    },
  ])

  private func post(
    _ body: String, accept: [String] = [], contentType: String? = "application/json",
    encoding: String? = nil
  ) -> APIResponse {
    router.response(
      to: APIRequest(
        method: "POST", path: "/partition", accept: accept, contentType: contentType,
        contentEncoding: encoding, body: Array(body.utf8)))
  }

  private func problem(_ response: APIResponse) throws -> JSONValue {
    #expect(response[header: "content-type"] == "application/problem+json")
    let root = try JSONDocument(parsing: response.body).root
    #expect(root["type"]?.string == "about:blank")
    #expect(root["status"]?.integer == response.status)
    #expect(root["title"]?.string?.isEmpty == false)
    #expect(root["detail"]?.string?.isEmpty == false)
    #expect(root["instance"]?.string?.hasPrefix("/") == true)
    return root
  }

  @Test func answers() throws {
    let json = post("{\"layers\": 3}")
    #expect(json.status == 200 && String(decoding: json.body, as: UTF8.self) == "{\"layers\":3}\n")
    #expect(json[header: "Content-Type"] == "application/json")
    #expect(json[header: "vary"] == "Accept")
    #expect(json.route == "/partition")
    let text = post("{\"layers\": 3}", accept: ["text/plain"])
    #expect(text[header: "Content-Type"] == "text/plain; charset=utf-8")
    #expect(post("{\"layers\": 3}", contentType: nil).status == 200)
  }

  @Test func headAnswersAsGet() {
    let get = router.response(to: APIRequest(method: "GET", path: "/catalog/gpus"))
    let head = router.response(to: APIRequest(method: "HEAD", path: "/catalog/gpus"))
    #expect(get.status == 200 && head.status == 200)
    #expect(get.headers == head.headers && get.body == head.body)
  }

  @Test func whatIsKnownIsNotSentAgain() throws {
    let first = router.response(to: APIRequest(method: "GET", path: "/catalog/gpus"))
    let tag = try #require(first[header: "ETag"])
    let again = router.response(
      to: APIRequest(method: "GET", path: "/catalog/gpus", ifNoneMatch: [tag]))
    #expect(again.status == 304 && again.body.isEmpty && again[header: "ETag"] == tag)
  }

  @Test(arguments: ["/", "/partitions", "/partition/", "/Partition", "", "*", "/catalog"])
  func unknownPaths(path: String) throws {
    let response = router.response(to: APIRequest(method: "GET", path: path))
    #expect(response.status == 404 && response.route == nil)
    let root = try JSONDocument(parsing: response.body).root
    #expect(root["instance"]?.string == path)
    let guesses = root["detail"]?.string?.contains("Did you mean /partition?")
    #expect(guesses == ["/partitions", "/partition/", "/Partition"].contains(path))
  }

  @Test func longPathsAreNotSentBackWhole() throws {
    let path = "/" + String(repeating: "x", count: 8000)
    let response = router.response(to: APIRequest(method: "GET", path: path))
    let root = try JSONDocument(parsing: response.body).root
    #expect(root["instance"]?.string == path.prefix(64) + "…")
  }

  @Test(arguments: ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "post", "BREW"])
  func wrongMethods(method: String) throws {
    let response = router.response(to: APIRequest(method: method, path: "/partition"))
    #expect(response.status == 405 && response[header: "Allow"] == "POST")
    _ = try problem(response)
    let get = router.response(to: APIRequest(method: "POST", path: "/catalog/gpus"))
    #expect(get.status == 405 && get[header: "Allow"] == "GET, HEAD")
  }

  @Test func mediaTypes() throws {
    let unacceptable = post("{\"layers\": 3}", accept: ["image/png"])
    #expect(unacceptable.status == 406)
    let detail = try problem(unacceptable)["detail"]?.string
    #expect(detail?.contains("application/json, text/plain") == true)
    let form = post("{\"layers\": 3}", contentType: "application/x-www-form-urlencoded")
    #expect(form.status == 415 && form[header: "Accept-Post"] == "application/json")
    _ = try problem(form)
    let compressed = post("{\"layers\": 3}", encoding: "gzip")
    #expect(compressed.status == 415 && compressed[header: "Accept-Encoding"] == "identity")
    _ = try problem(compressed)
  }

  @Test(arguments: [
    ("", 1, 1), ("{\"layers\": 3", 1, 13), ("{\"layers\": 3,\n \"layers\": 4}", 2, 2),
    ("{\"layers\": NaN}", 1, 12), ("{\"layers\": 1e400}", 1, 12), ("{} {}", 1, 4),
    ("\u{0}\u{1}\u{2}", 1, 1), (String(repeating: "[", count: 200), 1, 129),
  ])
  func whatIsNotJSON(body: String, line: Int, column: Int) throws {
    let response = post(body)
    #expect(response.status == 400)
    let problem = try problem(response)
    #expect(problem["line"]?.integer == line && problem["column"]?.integer == column)
    #expect(problem["byte_offset"]?.integer != nil && problem["errors"] == nil)
  }

  @Test func whatIsJSONAndWrong() throws {
    let response = post("{\"layers\": 0, \"a/b\": 1}")
    #expect(response.status == 422)
    let errors = try #require(try problem(response)["errors"])
    #expect(errors.elements.map { $0["pointer"]?.string } == ["/layers", "/a~1b"])
    #expect(errors.elements.allSatisfy { $0["detail"]?.string?.isEmpty == false })
  }
}
