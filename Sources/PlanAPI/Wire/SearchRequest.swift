import JSON
import Planning

/// `search`: what a request fixes of the strategy, and how the search is to go about it.
struct SearchRequest: Hashable, Sendable {
  var constraints = SearchConstraints()
  /// The search answers with the best so far after this long.
  var deadlineMilliseconds: Int?
  /// The answer says what bounds the plan, and what would help.
  var explains = true
}

/// Reads `search`. Each dimension takes a value or a list of values; left out, it is free.
struct SearchRule: JSONRule {
  var expectation: String { "an object that constrains the search" }

  func read(_ value: JSONValue, _ log: JSONFaultLog) -> SearchRequest? {
    Self.members.read(value, log)
  }

  /// Part of each GPU's memory that stays free.
  static let headroom: JSONNumberRule = .number(in: 0...0.99)

  private static let objective: JSONChoiceRule<Objective> = .oneOf(Objective.self)

  private static let members: JSONObjectRule<SearchRequest> = .object { search in
    var request = SearchRequest()
    request.constraints = constraints(&search)
    request.deadlineMilliseconds = search.optional(
      "deadline_ms", .integer(in: 0...WireLimits.deadlineMilliseconds))
    request.explains = search.optional("explain", .boolean, absent: true)
    return request
  }

  private static func constraints(_ search: inout JSONMemberReader) -> SearchConstraints {
    var constraints = SearchConstraints()
    constraints.pipeline = list("pipeline_parallel", StrategyRules.degree, &search)
    constraints.tensor = list("tensor_parallel", StrategyRules.degree, &search)
    constraints.data = list("data_parallel", StrategyRules.degree, &search)
    constraints.context = list("context_parallel", StrategyRules.degree, &search)
    constraints.expert = list("expert_parallel", StrategyRules.degree, &search)
    constraints.virtualStages = list("virtual_stages", StrategyRules.degree, &search)
    constraints.microBatchSize = list("micro_batch_size", StrategyRules.degree, &search)
    constraints.zeroStage = list("zero_stage", StrategyRules.zeroStage, &search)
    constraints.recompute = list("recompute", StrategyRules.recompute, &search)
    constraints.schedule = list("schedule", StrategyRules.schedule, &search)
    constraints.sequenceParallel = list("sequence_parallel", .boolean, &search)
    constraints.rankOrder = list("rank_order", StrategyRules.rankOrder, &search)
    constraints.allowsUnevenChunks = search.optional("uneven_chunks", .boolean, absent: false)
    constraints.objective = search.optional("objective", objective, absent: .throughput)
    constraints.memoryHeadroomFraction = search.optional(
      "memory_headroom_fraction", headroom, absent: constraints.memoryHeadroomFraction)
    constraints.alternatives = search.optional(
      "top", .integer(in: 0...WireLimits.alternatives), absent: constraints.alternatives)
    constraints.wantsFrontier = search.optional("frontier", .boolean, absent: false)
    return constraints
  }

  private static func list<Rule: JSONRule>(
    _ name: StaticString, _ rule: Rule, _ search: inout JSONMemberReader
  ) -> [Rule.Value] {
    search.optional(name, .oneOrMore(of: rule, max: WireLimits.choices), absent: [])
  }
}

extension JSONRule where Self == SearchRule {
  static var search: Self { Self() }
}
