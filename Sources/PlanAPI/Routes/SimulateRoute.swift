import Calibrating
import Costing
import JSON
import Planning

/// A job with the plan that the sender chose for it.
package struct SimulationRequest: Sendable {
  package var job: JobRequest
  package var strategy: ParallelStrategy
  /// As the stages say, or as launchers cut; `nil` where the best split for the strategy is wanted.
  package var split: PipelineSplit?
  /// The strategy stage by stage, where stages differ; then the split is given.
  package var mixed: MixedStrategy?
  /// As the stages name them.
  package var devices: [[DeviceGroup]]?
  /// Every pass and send is to be listed.
  package var wantsTimeline = false
  package var exports = ExportRequest()
  /// Part of each GPU's memory that the plan is to leave free.
  var memoryHeadroomFraction = SearchConstraints().memoryHeadroomFraction

  package func problem(_ parameters: CostParameters) -> PlanningProblem {
    job.problem(parameters, memoryHeadroomFraction: memoryHeadroomFraction)
  }

  func range(of plan: Plan, _ parameters: CostParameters) -> PredictionRange? {
    job.range(of: plan, parameters, memoryHeadroomFraction: memoryHeadroomFraction)
  }

  package func plan(_ problem: PlanningProblem) -> Plan {
    Planner(problem).simulate(strategy, split: split)
  }
}

extension PlanService {
  /// `POST /simulate`: what a given plan is predicted to do.
  func simulate(_ body: JSONValue, _ media: MediaType) throws(Problem) -> APIResponse {
    if LayerwiseRequest.isMeant(by: body) { return try layerwiseSimulation(body, media) }
    let request = try read(body, as: simulationRule)
    if let mixed = request.mixed { return try simulate(request, mixed, media) }
    let problem = request.problem(parameters)
    let plan = request.plan(problem)
    switch media {
    case .text: return text(report(request.job).text(plan, warnings: request.job.warnings))
    case .svg: return svg(picture(plan, problem))
    default:
      return .json { w in
        w.object { w in
          w.name("plan")
          w.plan(plan, of: request.job)
          w.exports(request.exports.exports(of: plan, request.job.along(plan)))
          w.member("fits", plan.fits)
          if let range = request.range(of: plan, parameters) { w.range(range) }
          if request.wantsTimeline {
            w.array("timeline", problem.playback(of: plan).timeline ?? []) { $0.slot($1) }
          }
          w.member("warnings", request.job.warnings)
        }
      }
    }
  }

  private func simulate(
    _ request: SimulationRequest, _ strategy: MixedStrategy, _ media: MediaType
  ) throws(Problem) -> APIResponse {
    let problem = request.job.clusterProblem(
      parameters, memoryHeadroomFraction: request.memoryHeadroomFraction)
    let planner = ClusterPlanner(problem)
    guard let split = request.split else { preconditionFailure("mixed stages are all given") }
    let mixed = MixedPlan(problem, strategy, split, devices: request.devices)
    switch media {
    case .text: return text(report(request.job).text(mixed.plan, warnings: request.job.warnings))
    case .svg: return svg(picture(mixed, problem))
    default:
      return .json { w in
        w.object { w in
          w.name("plan")
          w.plan(mixed.plan, of: request.job)
          w.exports(request.exports.exports(of: mixed.plan, request.job))
          w.member("fits", mixed.plan.fits)
          if request.wantsTimeline {
            w.array("timeline", planner.playback(of: mixed).timeline ?? []) { $0.slot($1) }
          }
          w.member("warnings", request.job.warnings)
        }
      }
    }
  }

  /// What a body asks to be predicted, for those who predict it more than once.
  package func simulationRequest(_ body: JSONValue) -> Result<SimulationRequest, JSONFaults> {
    body.read(as: simulationRule)
  }

  private var simulationRule: JSONObjectRule<SimulationRequest> {
    .object { members in
      guard var simulation = readSimulation(&members, takesMeasurements: true) else {
        _ = members.value("timeline")
        _ = members.value("memory_headroom_fraction")
        return nil
      }
      let wantsTimeline = members.optional("timeline", .boolean, absent: false)
      let exports = readExports(&members)
      simulation.memoryHeadroomFraction = members.optional(
        "memory_headroom_fraction", SearchRule.headroom, absent: simulation.memoryHeadroomFraction)
      simulation.wantsTimeline = wantsTimeline
      simulation.exports = exports
      let passes = simulation.strategy.passes
      if wantsTimeline, passes > WireLimits.listedPasses {
        members.note("timeline", Sentence.longTimeline(passes))
        return nil
      }
      return simulation
    }
  }

  /// Reads `model`, `cluster`, `training` and `plan`.
  func readSimulation(
    _ members: inout JSONMemberReader, takesMeasurements: Bool = false
  ) -> SimulationRequest? {
    var job = readJob(&members)
    if takesMeasurements { readMeasurements(&job, &members) }
    let plan = members.required("plan", GivenPlanRule())
    guard var job, let plan else { return nil }
    switch plan {
    case .stages(let plan):
      guard plan.orderLayers(of: &job.graph, members.log) else { return nil }
      return simulation(of: plan, job, members.log)
    case .file(let file): return simulation(of: file, job, &members)
    }
  }

  private func simulation(
    of plan: PlanRequest, _ request: JobRequest, _ log: JSONFaultLog
  ) -> SimulationRequest? {
    if request.isMixed || plan.hasSharesOfStages {
      return mixedSimulation(of: plan, request, log)
    }
    let limits = ModelLimits(request.graph)
    guard
      let strategy = plan.strategy.resolved(
        gpus: request.pool.gpus, job: request.job, limits: limits,
        chunksAreGiven: plan.stages != nil || plan.cut == .uniform, log)
    else { return nil }
    if plan.cut == .uniform { return uniformSimulation(of: plan, strategy, limits, request, log) }
    let before = log.count
    plan.checkStages(strategy, request.graph, pools: [request.pool], log)
    guard log.count == before else { return nil }
    return SimulationRequest(job: request, strategy: strategy, split: plan.split(strategy))
  }

  private func uniformSimulation(
    of plan: PlanRequest, _ strategy: ParallelStrategy, _ limits: ModelLimits,
    _ request: JobRequest, _ log: JSONFaultLog
  ) -> SimulationRequest? {
    let (chunks, blocks) = (strategy.pipeline * strategy.virtualStages, limits.chunks.blocks.count)
    guard chunks == 1 || limits.chunks.hasOneOrder else {
      log.note(plan.value, member: "split", Sentence.uniformOfBranches)
      return nil
    }
    guard chunks <= blocks else {
      log.note(plan.value, member: "split", Sentence.fewBlocks(blocks, chunks: chunks))
      return nil
    }
    var job = request
    if blocks % chunks != 0 {
      job.warnings.append(Sentence.unevenBlocks(blocks, chunks: chunks))
    }
    return SimulationRequest(
      job: job, strategy: strategy,
      split: .uniform(request.graph, limits.chunks, strategy))
  }

  private func mixedSimulation(
    of plan: PlanRequest, _ request: JobRequest, _ log: JSONFaultLog
  ) -> SimulationRequest? {
    guard let seated = plan.seated(request, log) else { return nil }
    return SimulationRequest(
      job: request, strategy: seated.strategy.base, split: plan.split(seated.strategy.base),
      mixed: seated.strategy, devices: seated.devices)
  }
}

extension PlanRequest {
  /// Where the given stages cut the model; they have been checked. A stage that does not say how many
  /// layers it recomputes recomputes all, if the strategy's policy is to.
  func split(_ strategy: ParallelStrategy) -> PipelineSplit? {
    guard let stages else { return nil }
    var boundaries = [0]
    for chunk in 0..<strategy.virtualStages {
      for stage in stages { boundaries.append(stage.layerRanges[chunk].upperBound + 1) }
    }
    let recomputed = stages.map { stage in
      let held = stage.layerRanges.reduce(0) { $0 + $1.count }
      return stage.recomputedLayers ?? (strategy.recompute == .none ? 0 : held)
    }
    return PipelineSplit(boundaries: boundaries, recomputed: recomputed)
  }
}
