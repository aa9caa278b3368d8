import Calibrating
import Costing
import Hardware
import JSON
import Planning
import Quantities
import Workload

/// What is to be trained on what: the part that requests for plans have in common.
package struct JobRequest: Sendable {
  package var graph: LayerGraph
  /// Equal pools are one.
  package var cluster: Cluster
  package var job: TrainingJob
  /// What was taken for granted, in sentences.
  package var warnings: [String]
  /// Measured costs of layers, in place of the analytic ones.
  package var measurements: (any LayerMeasurements)?
  /// How many times as long kernels take while a collective hides behind them, where that was measured.
  package var overlapSlowdown: Double?
  /// What own measurements say of costs.
  package var profile: CostProfile?

  /// The only pool, or the first.
  package var pool: Pool { cluster.pools[0] }
  /// GPUs differ.
  var isMixed: Bool { cluster.pools.count > 1 }

  /// - Parameter parameters: What holds where the profile and measurements say nothing.
  func clusterProblem(
    _ parameters: CostParameters, memoryHeadroomFraction: Double
  ) -> ClusterProblem {
    ClusterProblem(
      graph: graph, cluster: cluster, job: job,
      parameters: measured(profile?.parameters(over: parameters) ?? parameters),
      memoryHeadroomFraction: memoryHeadroomFraction,
      measurements: measurements.map { TypedMeasurements($0, of: pool.accelerator) })
  }

  /// - Parameter recent: Where it may be known. Measured costs are not kept.
  func problem(
    _ parameters: CostParameters, memoryHeadroomFraction: Double,
    among recent: RecentProblems? = nil
  ) -> PlanningProblem {
    let parameters = profile?.parameters(over: parameters) ?? parameters
    guard let recent, measurements == nil else {
      return problem(with: parameters, memoryHeadroomFraction: memoryHeadroomFraction)
    }
    return recent.problem(
      graph, pool, job, measured(parameters), memoryHeadroomFraction: memoryHeadroomFraction)
  }

  private func problem(
    with parameters: CostParameters, memoryHeadroomFraction: Double
  ) -> PlanningProblem {
    PlanningProblem(
      graph: graph, pool: pool, job: job, parameters: measured(parameters),
      memoryHeadroomFraction: memoryHeadroomFraction, measurements: measurements
    ).cutAtDownSets()
  }

  /// With the model's layers in the order that a plan cuts them.
  func along(_ plan: Plan) -> JobRequest {
    guard let order = plan.order else { return self }
    var job = self
    job.graph = graph.inOrder(order)
    return job
  }

  private func measured(_ parameters: CostParameters) -> CostParameters {
    var parameters = parameters
    if let overlapSlowdown { parameters.software.overlapSlowdown = overlapSlowdown }
    return parameters
  }

  /// How sure a prediction is that was made with a profile; `nil` without one.
  func range(
    of plan: Plan, _ parameters: CostParameters, memoryHeadroomFraction: Double
  ) -> PredictionRange? {
    profile?.range(of: plan, base: parameters) { moved in
      let problem = problem(with: moved, memoryHeadroomFraction: memoryHeadroomFraction)
      return Planner(problem).simulate(plan.strategy, split: plan.split).prediction.step
    }
  }
}

extension PlanService {
  /// Reads `model`, `cluster` and `training`; `nil` after noting what is wrong with them, alone or
  /// together.
  func readJob(_ members: inout JSONMemberReader) -> JobRequest? {
    let graph = readModel(model, &members)
    let cluster = members.required("cluster", .cluster(catalogue))
    let job = members.required("training", .training)
    let profile = members.optional("cost_profile", .costProfile) ?? self.profile
    guard let graph, let cluster, var job else { return nil }
    guard let training = members.object["training"] else { return nil }
    // fp16 says what framework runs only where one of its years could.
    job.isLossScaled =
      job.isLossScaled
      && cluster.pools.contains { $0.accelerator.architecture.isOfLossScaling }
    var warnings = cluster.notes
    var types: Set<String> = []
    for pool in cluster.pools where types.insert(pool.accelerator.id).inserted {
      check(job.precision, on: pool.accelerator, training, &warnings, members.log)
    }
    if let most = graph.maximumSequenceLength, job.sequenceLength > most {
      warnings.append(Sentence.longSequence(job.sequenceLength, most: most))
    }
    return JobRequest(
      graph: graph, cluster: cluster.merged, job: job, warnings: warnings, profile: profile)
  }

  private func readModel(
    _ rule: some JSONRule<LayerGraph>, _ members: inout JSONMemberReader
  ) -> LayerGraph? {
    members.required("model", rule)
  }

  /// Refuses precisions that the chip has no units for, but for bf16, which chips before Ampere
  /// emulate: it is taken to run as fast as fp16, and said.
  private func check(
    _ precision: Precision, on accelerator: Accelerator, _ training: JSONValue,
    _ warnings: inout [String], _ log: JSONFaultLog
  ) {
    guard accelerator.peaks[precision] == nil else { return }
    if precision == .bf16, accelerator.peaks[.fp16] != nil {
      warnings.append(Sentence.emulatedPrecision(accelerator.id))
    } else {
      log.note(
        training, member: "precision",
        Sentence.unsupportedPrecision(
          precision.rawValue, accelerator.id,
          supported: accelerator.peaks.keys.map(\.rawValue).sorted()))
    }
  }
}
