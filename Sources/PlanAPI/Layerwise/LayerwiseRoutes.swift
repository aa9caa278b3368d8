import Exporting
import Galvatron
import Importing
import JSON

extension PlanService {
  /// `POST /partition` with `"cost_model": "galvatron"`: the plan that Galvatron's judge likes best.
  func layerwisePartition(
    _ body: JSONValue, _ request: APIRequest, _ media: MediaType
  ) throws(Problem) -> APIResponse {
    let rule: JSONObjectRule<LayerwiseRequest> = .object { readLayerwise(&$0) }
    let job = try read(body, as: rule)
    var stopRule = StopRule(deadlineMilliseconds: job.deadlineMilliseconds)
    let outcome = LayerwiseSearch(job.measured, job.space, budget: job.budget).run(
      shouldStop: { request.isCancelled() || stopRule.stops }, onPlan: { stopRule.notePlan() })
    let seconds = stopRule.seconds
    var response: APIResponse
    switch media {
    case .text, .svg: response = words(Self.lines(outcome, job), job, media)
    default:
      response = .json { w in
        switch outcome {
        case .found(let result): w.layerwiseResult(result, job, searchSeconds: seconds)
        case .infeasible(let reason): w.layerwiseInfeasibility(reason, job)
        case .undecided: w.undecided(job.job, by: .galvatron, warnings: job.warnings)
        }
      }
    }
    if case .found = outcome {} else { response.isInfeasible = true }
    return response
  }

  /// `POST /simulate` with `"cost_model": "galvatron"`: a strategy file, or the plan of a `/partition`
  /// answer, which carries one.
  func layerwiseSimulation(
    _ body: JSONValue, _ media: MediaType
  ) throws(Problem) -> APIResponse {
    let rule: JSONObjectRule<(LayerwiseRequest, LayerwisePlan)> = .object { members in
      let request = readLayerwise(&members)
      let file = members.required("plan", LayerwisePlanRule())
      guard var request, let file else { return nil }
      guard let plan = readPlan(file, &request, &members) else { return nil }
      return (request, plan)
    }
    let (request, plan) = try read(body, as: rule)
    let judge = Judge(
      request.measured, globalBatchSize: plan.globalBatchSize, microBatches: plan.microBatches,
      stages: plan.stages)
    let judged = JudgedPlan(plan, judge, request)
    if media == .text || media == .svg {
      return words(judged.lines + request.warnings, request, media)
    }
    return .json { w in
      w.object { w in
        w.member("cost_model", CostModelName.galvatron.rawValue)
        w.name("plan")
        w.judgedPlan(judged)
        w.member("fits", judged.fits)
        w.judgement(judged)
        w.exports(request.exports.exports(of: plan, gpus: request.measured.gpus))
        w.member("warnings", request.warnings)
      }
    }
  }

  /// The plan of a strategy file, whose schedule and sharding then hold; `nil` after noting what is
  /// wrong with it.
  private func readPlan(
    _ file: StrategyFile, _ request: inout LayerwiseRequest, _ members: inout JSONMemberReader
  ) -> LayerwisePlan? {
    let job = request.measured
    guard
      let plan = file.plan(
        of: request.job, layers: job.layers, schedule: job.run.schedule,
        sharding: job.run.defaultSharding, members.log)
    else { return nil }
    request.measured.run.schedule = plan.schedule
    request.measured.run.defaultSharding = plan.defaultSharding
    let judge = Judge(
      request.measured, globalBatchSize: plan.globalBatchSize, microBatches: plan.microBatches,
      stages: plan.stages)
    for strategy in Set(plan.layers).sorted(by: { $0.degree < $1.degree })
    where !judge.admits(strategy) {
      members.log.note(
        file.value["tp_sizes_enc"]!,
        "the profiles know no layer of degree \(strategy.degree)"
          + (strategy.usesUlysses ? " with use_sp" : ""))
      return nil
    }
    if !judge.admitsAsEnd(plan.embedding) {
      members.log.note(
        file.value["vtp"] ?? file.value,
        "the profiles know no embedding of degree \(plan.embedding.degree)")
      return nil
    }
    return plan
  }
}

extension StrategyFile {
  /// The plan for a job; `nil` after noting what contradicts it.
  ///
  /// - Parameters:
  ///   - schedule: where the file names none; the sharding likewise.
  func plan(
    of job: JobRequest, layers: Int, schedule: LayerwiseSchedule, sharding: DefaultSharding,
    _ log: JSONFaultLog
  ) -> LayerwisePlan? {
    guard
      let plan = plan(
        layers: layers, gpus: job.pool.gpus, schedule: schedule, sharding: sharding, log)
    else { return nil }
    guard plan.globalBatchSize == job.job.globalBatchSize else {
      log.note(
        value["global_bsz"]!,
        Sentence.contradiction("the training's global_batch_size is", job.job.globalBatchSize))
      return nil
    }
    return plan
  }
}

/// Reads `plan` as a strategy file, bare or under `strategy_file` beside the figures of an answer.
struct LayerwisePlanRule: JSONRule {
  var expectation: String {
    "a strategy file of Galvatron, or the plan of an answer with its strategy_file"
  }

  /// Where a plan has its strategy file, if it is or has one.
  static func file(in plan: JSONValue) -> JSONValue? {
    guard plan.kind == .object else { return nil }
    return plan["strategy_file"] ?? (plan["pp_deg"] != nil ? plan : nil)
  }

  func read(_ value: JSONValue, _ log: JSONFaultLog) -> StrategyFile? {
    guard let file = Self.file(in: value) else { return refuse(value, log) }
    return StrategyFileRule().read(file, log)
  }
}

extension ExportRequest {
  /// The plan for each target: only Galvatron's runtime has layers with strategies of their own.
  func exports(of plan: LayerwisePlan, gpus: Int) -> [Result<Export, ExportRefusal>] {
    targets.map { target in
      guard target == .galvatron else {
        return .failure(
          ExportRefusal(target, [ExportNote("/plan/strategy_file", Sentence.layerwiseNotExported)]))
      }
      return .success(Export(galvatron: plan, gpus: gpus))
    }
  }
}
