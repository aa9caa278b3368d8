import JSON
import Planning
import Reporting

/// A job, and what is asked of the search for its plan.
struct PartitionRequest: Sendable {
  var job: JobRequest
  var search: SearchRequest
  var exports: ExportRequest

  /// What the search's figures count.
  var unit: PlanningProgress.Unit {
    guard search.constraints.objective == .cost else { return .seconds }
    let cluster = job.cluster.merged
    return cluster.pools.count > 1 && StepPrices(cluster).areInCurrency ? .cost : .gpuSeconds
  }
}

/// What a search found, and how long it took.
struct PartitionAnswer: Sendable {
  enum Found: Sendable {
    case onOnePool(PlanningOutcome, PlanningProblem)
    case onSeveral(ClusterOutcome, ClusterProblem)
  }

  var found: Found
  var seconds: Double

  var outcome: PlanningOutcome {
    switch found {
    case .onOnePool(let outcome, _): outcome
    case .onSeveral(let cluster, _): cluster.outcome
    }
  }

  /// The outcome with what bounds its plan, if that is asked for and the GPUs are alike.
  func explained(_ search: SearchRequest) -> PlanningOutcome {
    guard search.explains, case .onOnePool(.found(var result), let problem) = found else {
      return outcome
    }
    result.explanation = Planner(problem).explanation(of: result.best, search.constraints)
    return .found(result)
  }

  var comparison: Comparison? {
    if case .onSeveral(let cluster, _) = found { cluster.comparison } else { nil }
  }
}

extension PlanService {
  /// `POST /partition`: the best plan for a job, with a proof of how good it is.
  func partition(
    _ body: JSONValue, _ request: APIRequest, _ media: MediaType
  ) throws(Problem) -> APIResponse {
    if LayerwiseRequest.isMeant(by: body) {
      guard media == .events else { return try layerwisePartition(body, request, media) }
      // It tells nothing on the way: the answer is the only event.
      let whole = try layerwisePartition(body, request, .json)
      return .stream(.events) { write in
        EventStream(write: write).send("result", whole.body.dropLast())
      }
    }
    let rule: JSONObjectRule<PartitionRequest> = .object { members in
      var job = readJob(&members)
      readMeasurements(&job, &members)
      let search = members.optional("search", .search, absent: SearchRequest())
      let exports = readExports(&members)
      return job.map { PartitionRequest(job: $0, search: search, exports: exports) }
    }
    let asked = try read(body, as: rule)
    if media == .events {
      return .stream(.events) { write in follow(asked, request, EventStream(write: write)) }
    }
    var ticker = onProgress.map {
      ProgressTicker(
        first: .seconds(1), every: .milliseconds(200), unit: asked.unit, report: $0)
    }
    let answer = answer(to: asked, shouldStop: request.isCancelled) { ticker?.note($0) }
    return response(answer, to: asked, media)
  }

  /// The search's progress as events, four a second at most, and the answer as the last.
  private func follow(_ asked: PartitionRequest, _ request: APIRequest, _ events: EventStream) {
    var isRead = true
    var ticker = ProgressTicker(
      first: .zero, every: .milliseconds(250), unit: asked.unit
    ) { progress in
      isRead = events.send("progress") { $0.progress(progress) }
    }
    let answer = answer(to: asked, shouldStop: { !isRead || request.isCancelled() }) {
      ticker.note($0)
    }
    // Ends with a line feed, which would end the event's data.
    events.send("result", response(answer, to: asked, .json).body.dropLast())
  }

  private func answer(
    to asked: PartitionRequest, shouldStop: () -> Bool, onProgress: (SearchProgress) -> Void
  ) -> PartitionAnswer {
    let (job, constraints) = (asked.job, asked.search.constraints)
    let headroom = constraints.memoryHeadroomFraction
    var stopRule = StopRule(deadlineMilliseconds: asked.search.deadlineMilliseconds)
    func note(_ progress: SearchProgress) {
      stopRule.note(progress)
      onProgress(progress)
    }
    func stops() -> Bool { shouldStop() || stopRule.stops }
    let found: PartitionAnswer.Found
    if job.isMixed {
      let problem = job.clusterProblem(parameters, memoryHeadroomFraction: headroom)
      let outcome = ClusterPlanner(problem, parallel: parallel).plan(
        constraints, shouldStop: stops, onProgress: note)
      found = .onSeveral(outcome, problem)
    } else {
      let problem = job.problem(
        parameters, memoryHeadroomFraction: headroom, among: problems)
      let outcome = Planner(problem).plan(constraints, shouldStop: stops, onProgress: note)
      found = .onOnePool(outcome, problem)
    }
    return PartitionAnswer(found: found, seconds: stopRule.seconds)
  }

  private func response(
    _ answer: PartitionAnswer, to asked: PartitionRequest, _ media: MediaType
  ) -> APIResponse {
    let job = asked.job
    let outcome = media == .svg ? answer.outcome : answer.explained(asked.search)
    var response: APIResponse
    switch media {
    case .text:
      response = text(
        report(job).text(
          outcome, comparison: answer.comparison, warnings: job.warnings))
    case .svg: response = svg(picture(answer, of: job))
    default:
      response = .json { w in
        switch outcome {
        case .found(let result):
          let headroom = asked.search.constraints.memoryHeadroomFraction
          let range =
            job.isMixed
            ? nil : job.range(of: result.best, parameters, memoryHeadroomFraction: headroom)
          w.result(
            result, job, comparison: answer.comparison, searchSeconds: answer.seconds,
            exports: asked.exports.exports(of: result.best, job.along(result.best)), range: range)
        case .infeasible(let infeasibility): w.infeasibility(infeasibility, job)
        case .undecided: w.undecided(job, warnings: job.warnings)
        }
      }
    }
    if case .found = outcome {} else { response.isInfeasible = true }
    return response
  }

  private func picture(_ answer: PartitionAnswer, of job: JobRequest) -> PlanPicture {
    switch answer.found {
    case .onOnePool(let outcome, let problem): picture(outcome, problem)
    case .onSeveral(let cluster, let problem):
      if let best = cluster.best {
        picture(best, problem)
      } else {
        picture(
          cluster.outcome, problem.pools[0],
          subject: "\(job.graph.name) on \(job.cluster.shorthand)")
      }
    }
  }

  /// What the body stands for, or a problem with every fault.
  func read<Rule: JSONRule>(
    _ body: JSONValue, as rule: Rule
  ) throws(Problem) -> Rule.Value {
    switch body.read(as: rule) {
    case .success(let value): return value
    case .failure(let faults): throw .invalid(faults)
    }
  }
}
