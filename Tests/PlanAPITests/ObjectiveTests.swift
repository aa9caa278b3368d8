import JSON
import PlanAPI
import Testing

private let router = Router(PlanService(model: PlainModelRule()).routes)

private func post(_ path: String, _ body: String) throws -> (status: Int, body: JSONValue) {
  try router.post(path, body)
}

/// What objectives promise, against every plan of a small grid that `/simulate` accepts.
@Suite struct ObjectiveTests {
  /// On the second, plans that keep all they can do not fit.
  static let jobs = [
    #""model": 4, "cluster": "1x4xh100", "#
      + #""training": {"global_batch_size": 8, "sequence_length": 512}"#,
    #""model": 4, "cluster": {"pools": [{"gpu": "a100", "nodes": 2, "gpus_per_node": 2, "#
      + #""memory_bytes": 4000000000}]}, "#
      + #""training": {"global_batch_size": 8, "sequence_length": 2048}"#,
  ]

  private struct Figures {
    var step: Double
    var memory: Double
    var gpus: Int

    init(_ plan: JSONValue) throws {
      let (prediction, strategy) = (plan["prediction"]!, plan["strategy"]!)
      step = try #require(prediction["step_seconds"]?.double)
      memory = try #require(prediction["peak_memory_bytes"]?.double)
      gpus = ["pipeline", "tensor", "data", "context"].reduce(1) {
        $0 * strategy["\($1)_parallel"]!.integer!
      }
    }

    var cost: Double { step * Double(gpus) }
  }

  /// Each with the cut that is fastest for it.
  private func grid(_ job: String) throws -> [Figures] {
    var found: [Figures] = []
    for (pipeline, tensor, data) in [
      (1, 1, 1), (1, 1, 2), (1, 1, 4), (1, 2, 1), (1, 2, 2), (1, 4, 1), (2, 1, 1), (2, 1, 2),
      (2, 2, 1), (3, 1, 1), (4, 1, 1),
    ] {
      for (zero, size, recompute) in [
        (0, 1, "none"), (1, 1, "full"), (2, 2, "none"), (3, 1, "full"), (3, 2, "none"),
      ] {
        for schedule in ["1f1b", "gpipe", "zb-h1"] {
          let strategy =
            #"{"pipeline_parallel": \#(pipeline), "tensor_parallel": \#(tensor), "#
            + #""data_parallel": \#(data), "zero_stage": \#(zero), "micro_batch_size": \#(size), "#
            + #""recompute": "\#(recompute)", "schedule": "\#(schedule)"}"#
          let (status, answer) = try post(
            "/simulate", #"{\#(job), "plan": {"strategy": \#(strategy)}}"#)
          if status == 200, answer["fits"]!.boolean! { found.append(try Figures(answer["plan"]!)) }
        }
      }
    }
    return found
  }

  @Test(arguments: jobs)
  func noPlanOfTheGridIsBetter(job: String) throws {
    func best(_ objective: String) throws -> Figures {
      let (_, answer) = try post(
        "/partition", #"{\#(job), "search": {"objective": "\#(objective)"}}"#)
      #expect(answer["status"]!.isString("optimal"))
      return try Figures(answer["plan"]!)
    }
    let plans = try grid(job)
    let (fastest, leanest, cheapest) = (
      try best("throughput"), try best("memory"), try best("cost")
    )
    #expect(plans.count > 20)
    for plan in plans {
      #expect(plan.step >= fastest.step * (1 - 1e-9))
      #expect(plan.memory >= leanest.memory * (1 - 1e-9))
      #expect(plan.cost >= cheapest.cost * (1 - 1e-9))
      // Of the leanest, it is the fastest.
      if plan.memory <= leanest.memory { #expect(plan.step >= leanest.step * (1 - 1e-9)) }
    }
    #expect(leanest.memory <= min(fastest.memory, cheapest.memory))
    #expect(cheapest.cost <= min(fastest.cost, leanest.cost) * (1 + 1e-12))
  }

  @Test(arguments: jobs)
  func theFrontierRunsFromTheFastestToTheLeanest(job: String) throws {
    let (_, answer) = try post("/partition", #"{\#(job), "search": {"frontier": true}}"#)
    let frontier = try answer["frontier"]!.elements.map(Figures.init)
    let (_, lean) = try post("/partition", #"{\#(job), "search": {"objective": "memory"}}"#)
    #expect(frontier.count > 2)
    for (one, next) in zip(frontier, frontier.dropFirst()) {
      #expect(next.step > one.step && next.memory < one.memory)
    }
    #expect(frontier[0].step == (try Figures(answer["plan"]!)).step)
    // Points are a fiftieth of their memory apart.
    let least = try Figures(lean["plan"]!).memory
    #expect(least > frontier[frontier.count - 1].memory * 0.98)
    // No plan is both faster and leaner by more than that.
    for plan in try grid(job) {
      let within = frontier.first { $0.memory <= plan.memory }
      let fastest = try #require(within?.step ?? (plan.memory < least * 1.021 ? .infinity : nil))
      let before = frontier.last { $0.memory > plan.memory }
      #expect(
        plan.step >= fastest * (1 - 1e-9) || plan.memory > (before?.memory ?? .infinity) * 0.98)
    }
  }

  // MARK: Several pools

  private static func pools(_ h100: String, _ a100: String) -> String {
    #"{"pools": [{"name": "fast", "gpu": "h100", "nodes": 1, "gpus_per_node": 4\#(h100)}, "#
      + #"{"name": "slow", "gpu": "a100", "nodes": 2, "gpus_per_node": 2\#(a100)}]}"#
  }

  private static func price(_ price: Double) -> String { #", "price_per_gpu_hour": \#(price)"# }

  private func planned(_ cluster: String, _ objective: String) throws -> JSONValue {
    let (status, answer) = try post(
      "/partition",
      #"{"model": 4, "cluster": \#(cluster), "training": {"global_batch_size": 32, "#
        + #""sequence_length": 512, "total_tokens": 1000000000}, "#
        + #""search": {"objective": "\#(objective)"}}"#)
    #expect(status == 200)
    return answer
  }

  private func cost(_ answer: JSONValue) throws -> Double {
    try #require(answer["plan"]?["prediction"]?["run"]?["cost"]?.double)
  }

  /// Each objective's plan is no worse by it than the plans of the others, whatever the prices.
  @Test(arguments: [(4.0, 2.0), (2, 2), (9, 1), (1, 3), (0, 1), (0, 0)])
  func eachObjectiveIsFollowedOverSeveralPools(fast: Double, slow: Double) throws {
    let cluster = Self.pools(Self.price(fast), Self.price(slow))
    let answers = try ["throughput", "memory", "cost"].map { try planned(cluster, $0) }
    let figures = try answers.map { try Figures($0["plan"]!) }
    for answer in answers {
      #expect(try cost(answers[2]) <= cost(answer) * (1 + 1e-9))
      let gap = try #require(answer["proof"]?["gap_fraction"]?.double)
      #expect((0...1).contains(gap))
    }
    for figure in figures {
      #expect(figures[0].step <= figure.step * (1 + 1e-9))
      #expect(figures[1].memory <= figure.memory * (1 + 1e-9))
    }
  }

  /// Over several pools the frontier is not proven, but is one: no point beats another, and it runs from the best
  /// plan down to what the leanest holds.
  @Test func theFrontierOverSeveralPools() throws {
    let (_, answer) = try post(
      "/partition",
      #"{"model": 4, "cluster": \#(Self.pools("", "")), "training": {"global_batch_size": 32, "#
        + #""sequence_length": 512}, "search": {"frontier": true}}"#)
    let frontier = try answer["frontier"]!.elements.map(Figures.init)
    #expect(frontier.count > 2)
    for (one, next) in zip(frontier, frontier.dropFirst()) {
      #expect(next.step > one.step && next.memory < one.memory)
    }
    #expect(frontier[0].step == (try Figures(answer["plan"]!)).step)
    let least = try Figures(planned(Self.pools("", ""), "memory")["plan"]!).memory
    #expect(least > frontier[frontier.count - 1].memory * 0.98)
  }

  /// GPUs that cost next to nothing are the ones that are used.
  @Test(arguments: [(100.0, 1.0, 1), (1, 100, 0)])
  func pricesDecide(fast: Double, slow: Double, firstNode: Int) throws {
    let answer = try planned(Self.pools(Self.price(fast), Self.price(slow)), "cost")
    #expect(answer["status"]?.string == "optimal")
    for stage in answer["plan"]!["stages"]!.elements {
      for group in stage["devices"]!.elements {
        #expect((group["node"]?.string == "node-0") == (firstNode == 0))
      }
    }
    let idle = answer["comparison"]!["idle"]!.elements.compactMap { $0["pool"]?.string }
    #expect(idle.contains(firstNode == 0 ? "slow" : "fast"))
  }

  /// A cheap pool that cannot hold the model is used beside a dear one, if that costs less than the dear one alone.
  @Test func aCheapPoolThatIsTooSmallIsUsedBesideAnother() throws {
    func pool(_ name: String, price: Double) -> String {
      #"{"name": "\#(name)", "gpu": "h100", "nodes": 1, "gpus_per_node": 4, "#
        + #""memory_bytes": 10000000000, "node_names": ["\#(name)-0"]\#(Self.price(price))}"#
    }
    func answer(_ pools: String) throws -> JSONValue {
      let (_, answer) = try post(
        "/partition",
        #"{"model": 140, "cluster": {"pools": [\#(pools)]}, "training": {"global_batch_size": 64, "#
          + #""sequence_length": 512, "total_tokens": 1000000000}, "search": {"objective": "cost"}}"#
      )
      return answer
    }
    let (cheap, dear) = (pool("cheap", price: 1), pool("dear", price: 10))
    #expect(try answer(cheap)["status"]?.string == "infeasible")
    let both = try answer("\(cheap), \(dear)")
    let nodes = both["plan"]!["stages"]!.elements.flatMap { stage in
      stage["devices"]!.elements.compactMap { $0["node"]?.string }
    }
    #expect(Set(nodes) == ["cheap-0", "dear-0"])
    let alone = try answer(dear)
    #expect(try alone["plan"] == nil || cost(both) < cost(alone))
  }

  /// Without a price for every pool GPUs count alike, and prices that are passed over are told of.
  @Test func prices() throws {
    func warnings(_ cluster: String) throws -> [String] {
      try planned(cluster, "cost")["warnings"]!.elements.compactMap(\.string)
    }
    func speaksOfPrices(_ warnings: [String]) -> Bool {
      warnings.contains { $0.hasPrefix("price_per_gpu_hour") && $0.contains("slow") }
    }
    #expect(try speaksOfPrices(warnings(Self.pools(Self.price(100), ""))))
    #expect(try !speaksOfPrices(warnings(Self.pools("", ""))))
    let (partly, not) = (
      try planned(Self.pools(Self.price(100), ""), "cost"), try planned(Self.pools("", ""), "cost")
    )
    #expect(try Figures(partly["plan"]!).cost == Figures(not["plan"]!).cost)
  }
}
