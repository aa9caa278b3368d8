import JSON
import PlanAPI
import Testing

private let router = Router(PlanService(model: PlainModelRule()).routes)

private let job =
  #""model": 12, "cluster": "1x8xh100", "training": {"global_batch_size": 64, "sequence_length": 1024}"#

private func post(_ path: String, _ body: String, accept: String) -> APIResponse {
  router.response(
    to: APIRequest(method: "POST", path: path, accept: [accept], body: Array(body.utf8)))
}

private func text(_ response: APIResponse) -> String {
  String(decoding: response.body, as: UTF8.self)
}

@Suite struct PeopleRouteTests {
  @Test(arguments: [
    ("/partition", "{\(job)}"),
    ("/simulate", "{\(job), \"plan\": {\"strategy\": {\"pipeline_parallel\": 4}}}"),
  ])
  func reportsAndDraws(path: String, body: String) {
    let report = post(path, body, accept: "text/plain")
    #expect(report.status == 200)
    #expect(report[header: "Content-Type"] == "text/plain; charset=utf-8")
    #expect(report[header: "Vary"] == "Accept")
    #expect(text(report).hasPrefix("plain-12 on 1x8xh100-sxm5-80gb: "))
    let picture = post(path, body, accept: "image/svg+xml")
    #expect(picture[header: "Content-Type"] == "image/svg+xml")
    #expect(text(picture).contains("<title id=\"sw-title\">plain-12 on 1x8xh100-sxm5-80gb</title>"))
    #expect(text(picture).contains("Pipeline of one step"))
  }

  /// Also where there is no plan.
  @Test func saysWhyThereIsNoPlan() {
    let tiny =
      #"{"model": 12, "cluster": {"pools": [{"gpu": "h100", "nodes": 1, "memory_bytes": 2300000000}]}, "training": {"global_batch_size": 64, "sequence_length": 1024}}"#
    #expect(text(post("/partition", tiny, accept: "text/plain")).hasPrefix("No plan for plain-12"))
    let picture = text(post("/partition", tiny, accept: "image/svg+xml"))
    #expect(picture.contains("No plan for plain-12") && picture.contains("Memory of one GPU"))
    let none = "{\(job), \"search\": {\"tensor_parallel\": 3}}"
    #expect(text(post("/partition", none, accept: "image/svg+xml")).contains("No combination"))
  }

  @Test(arguments: [
    ("POST", "/partition"), ("POST", "/simulate"), ("POST", "/graph"), ("POST", "/analyze"),
    ("GET", "/catalog/gpus"), ("GET", "/catalog/machines"), ("GET", "/catalog/models"),
  ])
  func refusesOtherForms(method: String, path: String) {
    let response = router.response(
      to: APIRequest(method: method, path: path, accept: ["image/png"], body: Array("{}".utf8)))
    #expect(response.status == 406)
  }

  @Test func listsTheTimeline() throws {
    let plan = #""plan": {"strategy": {"pipeline_parallel": 4, "micro_batch_size": 8}}"#
    let response = post(
      "/simulate", "{\(job), \(plan), \"timeline\": true}", accept: "application/json")
    let answer = try JSONDocument(parsing: response.body).root
    let slots = Array(try #require(answer["timeline"]).elements)
    let count = answer["plan"]!["strategy"]!["micro_batches"]!.integer!
    for kind in ["forward", "backward"] {
      #expect(slots.filter { $0["kind"]!.isString(kind) }.count == 4 * count)
    }
    for stage in 0..<4 {
      let passes = slots.filter {
        $0["stage_id"]?.integer == stage
          && ($0["kind"]!.isString("forward") || $0["kind"]!.isString("backward"))
      }
      for (one, next) in zip(passes, passes.dropFirst()) {
        #expect(one["end_seconds"]!.double! <= next["start_seconds"]!.double!)
      }
    }
    let without = post("/simulate", "{\(job), \(plan)}", accept: "application/json")
    #expect(!text(without).contains("\"timeline\""))
  }

  @Test func refusesEndlessTimelines() throws {
    let long =
      #"{"model": 12, "cluster": "1x8xh100", "training": {"global_batch_size": 1048576, "sequence_length": 8}, "plan": {"strategy": {"pipeline_parallel": 8}}, "timeline": true}"#
    let response = post("/simulate", long, accept: "application/json")
    #expect(response.status == 422)
    let problem = try JSONDocument(parsing: response.body).root
    #expect(problem["errors"]?[0]?["pointer"]?.string == "/timeline")
  }
}
