import Quantities

/// What the objective makes of a step's seconds: the seconds, or the GPU-seconds paid for.
///
/// A step takes (schedule + reduction + update + fixed part) · (1 + waiting for the slowest replica).
struct ScoreScale {
  private let fixed: Double
  private let countsGPUs: Bool
  /// The waiting by GPUs, for however many replicas, and by replicas, on however many GPUs: asked for often.
  private let ofGPUs: [Double]
  private let ofReplicas: [Double]

  init(_ problem: PlanningProblem, _ objective: Objective) {
    fixed = problem.costs.parameters.stepOverhead(of: problem.job).value
    countsGPUs = objective == .cost
    let pool = problem.pool
    ofReplicas = (0...pool.gpus).map { problem.stragglerFraction(nodes: .max, replicas: $0) }
    let ofNodes = ofReplicas
    ofGPUs = (0...pool.gpus).map { ofNodes[pool.nodes(holding: $0)] }
  }

  private func factor(_ gpus: Int, _ replicas: Int) -> Double {
    let waiting = 1 + min(ofGPUs[gpus], ofReplicas[replicas])
    return countsGPUs ? waiting * Double(gpus) : waiting
  }

  func score(_ seconds: Double, gpus: Int, replicas: Int) -> Double {
    (seconds + fixed) * factor(gpus, replicas)
  }

  /// The seconds that give a score; the inverse of `score`.
  func seconds(_ score: Double, gpus: Int, replicas: Int) -> Double {
    score / factor(gpus, replicas) - fixed
  }

  func score(_ seconds: Double, of strategy: ParallelStrategy) -> Double {
    score(seconds, gpus: strategy.gpus, replicas: strategy.weightReplicas)
  }

  func seconds(_ score: Double, of strategy: ParallelStrategy) -> Double {
    seconds(score, gpus: strategy.gpus, replicas: strategy.weightReplicas)
  }

  /// The least score for `work` GPU-group-seconds on up to `replicaStages` groups of `width` GPUs.
  func least(_ work: Double, width: Int, replicaStages: Int) -> Double {
    // Fewer groups take longer in proportion, so that their number does not change what is paid.
    if countsGPUs { return work * Double(width) }
    return work / Double(replicaStages) + fixed
  }

  /// Whether a step of that long is beyond `limit` on however many GPUs, so that fewer stages, which
  /// only take longer, are too. Not so where GPUs are paid for: fewer of them cost less.
  func excludes(_ seconds: Double, _ limit: Double) -> Bool {
    !countsGPUs && seconds + fixed >= limit
  }
}
