import JSON
import PlanAPI
import Testing

private let router = Router(PlanService(model: PlainModelRule()).routes)

private func answer(
  _ path: String, cluster: String, tokens: Int?, plan: JSONValue? = nil
) throws -> JSONValue {
  let total = tokens.map { #", "total_tokens": \#($0)"# } ?? ""
  let given = plan.map { #", "plan": "# + String(decoding: $0.canonicalBytes, as: UTF8.self) } ?? ""
  let (status, body) = try router.post(
    path,
    """
    {"model": 12, "cluster": \(cluster),
     "training": {"global_batch_size": 64, "sequence_length": 1024\(total)}\(given)}
    """)
  #expect(status == 200)
  return body
}

private func isClose(_ a: Double?, _ b: Double?) -> Bool {
  guard let a, let b else { return false }
  return abs(a - b) <= 1e-9 * abs(b)
}

@Suite struct TrainingRunTests {
  @Test func countsWholeSteps() throws {
    for (tokens, steps) in [(1, 1), (65536, 1), (65537, 2), (655_360_000_000, 10_000_000)] {
      let prediction = try #require(
        answer("/partition", cluster: "\"1x8xh100\"", tokens: tokens)["plan"]?["prediction"])
      let run = try #require(prediction["run"])
      #expect(run["steps"]?.integer == steps)
      let seconds = prediction["step_seconds"]!.double! * Double(steps)
      #expect(isClose(run["seconds"]?.double, seconds))
      #expect(isClose(run["gpu_hours"]?.double, seconds * 8 / 3600))
      #expect(run["cost"] == nil)
    }
  }

  @Test func isLeftOutWhereNobodyAsks() throws {
    let answer = try answer("/partition", cluster: "\"1x8xh100\"", tokens: nil)
    #expect(answer["plan"]?["prediction"]?["run"] == nil)
  }

  @Test func costsWhatTheGPUsOfThePlanCost() throws {
    let cluster = """
      {"pools": [{"name": "new", "gpu": "h100", "nodes": 1, "price_per_gpu_hour": 4},
                 {"name": "old", "gpu": "a100", "nodes": 1, "price_per_gpu_hour": 1.5}]}
      """
    let found = try answer("/partition", cluster: cluster, tokens: 1_000_000_000)
    let plan = try #require(found["plan"])
    var perHour = 0.0
    for stage in plan["stages"]!.elements {
      for group in stage["devices"]!.elements {
        // Nodes count through the pools.
        perHour += Double(group["gpus"]!.count) * (group["node"]!.isString("node-0") ? 4 : 1.5)
      }
    }
    let run = try #require(plan["prediction"]?["run"])
    #expect(isClose(run["cost"]?.double, perHour * run["seconds"]!.double! / 3600))
    let again = try answer("/simulate", cluster: cluster, tokens: 1_000_000_000, plan: plan)
    #expect(isClose(again["plan"]?["prediction"]?["run"]?["cost"]?.double, run["cost"]?.double))
  }

  @Test func hasNoCostWhereAPriceIsMissing() throws {
    let cluster = """
      {"pools": [{"gpu": "h100", "nodes": 1, "price_per_gpu_hour": 4},
                 {"gpu": "h200", "nodes": 1}]}
      """
    let found = try answer("/partition", cluster: cluster, tokens: 1_000_000_000)
    #expect(found["plan"]?["prediction"]?["run"] != nil)
    #expect(found["plan"]?["prediction"]?["run"]?["cost"] == nil)
  }

  @Test func standsInTheReport() {
    let body = """
      {"model": 12, "cluster": {"pools": [{"gpu": "h100", "nodes": 1, "price_per_gpu_hour": 2}]},
       "training": {"global_batch_size": 64, "sequence_length": 1024, "total_tokens": 6553600}}
      """
    let response = router.response(
      to: APIRequest(
        method: "POST", path: "/partition", accept: ["text/plain"], body: Array(body.utf8)))
    let text = String(decoding: response.body, as: UTF8.self)
    #expect(text.contains("\nThe whole training: 100 steps, "))
    #expect(text.contains(" GPU-hours, at a cost of "))
  }
}
