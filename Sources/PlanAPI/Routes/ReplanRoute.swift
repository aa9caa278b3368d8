import Hardware
import JSON
import Planning
import Quantities
import Reporting

/// A plan, what became of its cluster, and what moving is judged by.
struct ReplanRequest: Sendable {
  var job: JobRequest
  var plan: MixedPlan
  var problem: ClusterProblem
  var change: ClusterChange
  var stragglers: [Straggler]
  var terms: Replanner.Terms
  var search: SearchRequest?

  /// Those of the request, and what is to be known about the way to go on, if there is one.
  func warnings(_ ways: Replanner.Ways) -> [String] {
    guard let best = ways.options.first else {
      if ways.isUndecided { return job.warnings + [Sentence.stoppedBeforeAnyFits] }
      return job.warnings + [search == nil ? Sentence.nothingFits : Sentence.nothingSearchedFits]
    }
    var warnings = job.warnings
    if search == nil, best.kind != .stay { warnings.append(Sentence.onlyAdapted) }
    let missing = best.migration.fromCheckpoint
    if missing > .zero, terms.checkpointRate == nil {
      warnings.append(Sentence.checkpointNeeded(missing))
    }
    return warnings
  }
}

extension PlanService {
  /// `POST /replan`: how to go on after the cluster has changed.
  func replan(
    _ body: JSONValue, _ request: APIRequest, _ media: MediaType
  ) throws(Problem) -> APIResponse {
    let rule: JSONObjectRule<ReplanRequest> = .object { members in readReplan(&members) }
    let replan = try read(body, as: rule)
    guard
      let replanner = Replanner(
        replan.problem, plan: replan.plan, change: replan.change, terms: replan.terms)
    else {
      throw .invalid(
        JSONFaults([JSONFault(pointer: "/changes", detail: Sentence.nothingLeft)]))
    }
    var stopRule = StopRule(deadlineMilliseconds: replan.search?.deadlineMilliseconds)
    let ways = replanner.ways(
      replan.search?.constraints, parallel: parallel,
      shouldStop: { request.isCancelled() || stopRule.stops },
      onProgress: { stopRule.note($0) })
    let warnings = replan.warnings(ways)
    let cluster = replanner.after.cluster
    var response: APIResponse
    switch media {
    case .text:
      response = text(
        ReplanReport(report(replan.job, on: cluster), terms: replan.terms).text(
          ways, stragglers: replan.stragglers, warnings: warnings))
    default:
      response = .json { w in
        w.replan(ways, replan, cluster, catalogue, warnings: warnings)
      }
    }
    response.isInfeasible = ways.options.isEmpty
    return response
  }

  private func readReplan(_ members: inout JSONMemberReader) -> ReplanRequest? {
    var job = readJob(&members)
    if LayerwiseRequest.isMeant(by: members.object) {
      members.note("cost_model", Sentence.replansByOwnModel)
    }
    readMeasurements(&job, &members)
    let plan = members.required("plan", .plan)
    let changes = members.required("changes", ChangesRule.members(catalogue))
    let steps = members.required("horizon_steps", .positiveInteger(max: WireLimits.steps))
    let restart = members.optional(
      "restart_seconds", .number(in: 0...WireLimits.restartSeconds), absent: 0)
    let rate = members.optional("checkpoint_gbytes_per_second", LinkRules.gigabytesPerSecond)
    let search = members.optional("search", .search)
    let headroom =
      members.optional("memory_headroom_fraction", SearchRule.headroom)
      ?? search?.constraints.memoryHeadroomFraction ?? SearchConstraints().memoryHeadroomFraction
    guard var job, let plan, let changes, let steps,
      plan.orderLayers(of: &job.graph, members.log)
    else { return nil }
    let before = members.log.count
    let seated = plan.seated(job, members.log)
    changes.check(against: job.cluster, stages: plan.stages?.count ?? 0, members.log)
    guard let seated, members.log.count == before, let split = plan.split(seated.strategy.base)
    else { return nil }
    let problem = job.clusterProblem(parameters, memoryHeadroomFraction: headroom)
    let mixed = MixedPlan(problem, seated.strategy, split, devices: seated.devices)
    var (change, stragglers) = (changes.change, [Straggler]())
    if !changes.measured.isEmpty {
      stragglers = mixed.plan.stragglers(measured: changes.measured)
      for straggler in stragglers {
        for node in straggler.nodes {
          change.speeds[node] = min(
            change.speeds[node] ?? 1, max(ChangesRule.slowestSpeed, 1 / straggler.slowdown))
        }
      }
    }
    return ReplanRequest(
      job: job, plan: mixed, problem: problem, change: change, stragglers: stragglers,
      terms: Replanner.Terms(steps: steps, restart: Seconds(restart), checkpointRate: rate),
      search: search)
  }
}
