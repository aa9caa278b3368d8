import JSON
import Planning

extension PlanService {
  /// `POST /partition`: the best plan for a job, with a proof of how good it is.
  func partition(
    _ body: JSONValue, _ request: APIRequest, _ media: MediaType
  ) throws(Problem) -> APIResponse {
    if LayerwiseRequest.isMeant(by: body) {
      return try layerwisePartition(body, request, media)
    }
    let rule: JSONObjectRule<(JobRequest, SearchRequest, ExportRequest)> = .object { members in
      var job = readJob(&members)
      readMeasurements(&job, &members)
      let search = members.optional("search", .search, absent: SearchRequest())
      let exports = readExports(&members)
      guard let job else { return nil }
      return (job, search, exports)
    }
    let (job, search, wanted) = try read(body, as: rule)
    let headroom = search.constraints.memoryHeadroomFraction
    let clock = ContinuousClock()
    let start = clock.now
    let deadline = search.deadlineMilliseconds.map { start + .milliseconds($0) }
    let shouldStop = { request.isCancelled() || deadline.map { clock.now >= $0 } ?? false }
    if job.isMixed {
      let problem = job.clusterProblem(parameters, memoryHeadroomFraction: headroom)
      let outcome = ClusterPlanner(problem).plan(search.constraints, shouldStop: shouldStop)
      return answer(
        outcome, job, problem, media, wanted, seconds: (clock.now - start) / .seconds(1))
    }
    let problem = job.problem(parameters, memoryHeadroomFraction: headroom)
    let outcome = Planner(problem).plan(search.constraints, shouldStop: shouldStop)
    let seconds = (clock.now - start) / .seconds(1)
    var response: APIResponse
    switch media {
    case .text: response = text(report(job).text(outcome, warnings: job.warnings))
    case .svg: response = svg(picture(outcome, problem))
    default:
      response = .json { w in
        switch outcome {
        case .found(let result):
          let range = job.range(
            of: result.best, parameters,
            memoryHeadroomFraction: search.constraints.memoryHeadroomFraction)
          w.result(
            result, job, searchSeconds: seconds, exports: wanted.exports(of: result.best, job),
            range: range)
        case .infeasible(let infeasibility): w.infeasibility(infeasibility, job)
        }
      }
    }
    if case .infeasible = outcome { response.isInfeasible = true }
    return response
  }

  /// A plan over several pools, or why there is none.
  private func answer(
    _ found: ClusterOutcome, _ job: JobRequest, _ problem: ClusterProblem, _ media: MediaType,
    _ wanted: ExportRequest, seconds: Double
  ) -> APIResponse {
    var response: APIResponse
    switch (media, found.best) {
    case (.text, _):
      response = text(
        report(job).text(
          found.outcome, comparison: found.comparison, warnings: job.warnings))
    case (.svg, let best?): response = svg(picture(best, problem))
    case (.svg, nil): response = svg(picture(found.outcome, problem.pools[0]))
    default:
      response = .json { w in
        switch found.outcome {
        case .found(let result):
          w.result(
            result, job, comparison: found.comparison, searchSeconds: seconds,
            exports: wanted.exports(of: result.best, job))
        case .infeasible(let infeasibility): w.infeasibility(infeasibility, job)
        }
      }
    }
    if case .infeasible = found.outcome { response.isInfeasible = true }
    return response
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
