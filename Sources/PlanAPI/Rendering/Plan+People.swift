import Hardware
import Planning
import Reporting
import Scheduling

extension PlanService {
  /// - Parameter cluster: The job's where left out.
  func report(_ job: JobRequest, on cluster: Cluster? = nil) -> PlanReport {
    PlanReport(
      modelName: job.graph.name, clusterName: (cluster ?? job.cluster).shorthand,
      layerNames: job.graph.hasOneOrder ? nil : job.graph.nodes.map(\.name),
      style: terminalStyle
    ) { [job = job.job, cluster = cluster ?? job.cluster] in
      TrainingRun(of: $0, job, on: cluster)
    }
  }

  func text(_ text: String) -> APIResponse { APIResponse(.text, body: Array(text.utf8)) }

  func svg(_ picture: PlanPicture) -> APIResponse {
    APIResponse(.svg, body: Array(picture.svg.utf8))
  }

  /// A plan over several pools: the timeline is that of the slowest replica.
  func picture(_ plan: MixedPlan, _ problem: ClusterProblem) -> PlanPicture {
    let base = plan.strategy.base
    let playback =
      base.passes <= WireLimits.drawnPasses ? ClusterPlanner(problem).playback(of: plan) : nil
    return PlanPicture(
      heading: "\(problem.graph.name) on \(problem.cluster.shorthand)",
      notes: playback == nil ? [Sentence.undrawnTimeline(base.passes)] : [], plan: plan.plan,
      playback: playback, graph: problem.graph,
      tensors: TensorScale(
        microBatchSize: base.microBatchSize, sequenceLength: problem.job.sequenceLength,
        precision: problem.job.precision))
  }

  /// What a search found, or the plan that comes nearest to being possible.
  ///
  /// - Parameter subject: The model and the cluster; the problem's where left out.
  func picture(
    _ outcome: PlanningOutcome, _ problem: PlanningProblem, subject: String? = nil
  ) -> PlanPicture {
    let subject = subject ?? problem.subject
    switch outcome {
    case .found(let result): return picture(result.best, problem)
    case .undecided:
      return PlanPicture(
        heading: "No plan yet for \(subject)", lines: [Sentence.outOfTime])
    case .infeasible(let infeasibility):
      let heading = "No plan for \(subject)"
      switch infeasibility.reason {
      case .noStrategy(let rules):
        return PlanPicture(heading: heading, lines: [Sentence.noStrategy] + rules)
      case .memory(let nearest, let stage, let excess):
        let why = Sentence.memory(
          excess, over: nearest.stages[stage].memoryLimit, atStage: stage)
        return picture(nearest, problem, heading: heading, notes: [why])
      }
    }
  }

  func picture(
    _ plan: Plan, _ problem: PlanningProblem, heading: String? = nil, notes: [String] = []
  ) -> PlanPicture {
    var notes = notes
    var playback: Playback?
    if plan.strategy.passes <= WireLimits.drawnPasses {
      playback = problem.playback(of: plan)
    } else {
      notes.append(Sentence.undrawnTimeline(plan.strategy.passes))
    }
    return PlanPicture(
      heading: heading ?? problem.subject, notes: notes, plan: plan, playback: playback,
      graph: problem.along(plan.split).graph,
      tensors: TensorScale(
        microBatchSize: plan.strategy.microBatchSize, sequenceLength: problem.job.sequenceLength,
        precision: problem.job.precision))
  }
}

extension PlanningProblem {
  /// The model on the cluster, in a few words.
  var subject: String { "\(graph.name) on \(pool.shorthand)" }

  /// A step of the plan, pass by pass. Complexity: O(passes).
  func playback(of plan: Plan) -> Playback {
    let times = StrategyModel(along(plan.split), plan.strategy).pipelineTimes(plan.split)
    return plan.strategy.schedule.play(
      times, microBatches: plan.strategy.microBatches, withTimeline: true)
  }
}

extension ParallelStrategy {
  /// Forward and backward passes of all stages in one step.
  var passes: Int { 2 * pipeline * virtualStages * microBatches }
}

extension Cluster {
  /// Its pools, joined as requests join them.
  var shorthand: String { pools.map(\.shorthand).joined(separator: "+") }
}

extension Pool {
  /// As requests write it: `4x8xh100-sxm5-80gb`.
  var shorthand: String { "\(nodes)x\(gpusPerNode)x\(accelerator.id)" }
}
