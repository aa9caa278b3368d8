import Quantities

/// What the objective makes of a step's seconds: the seconds, or the GPU-seconds paid for.
///
/// A step takes (schedule + reduction + update + fixed part) · (1 + waiting for the slowest GPU).
struct ScoreScale {
  private let fixed: Double
  private let countsGPUs: Bool
  /// The waiting by the number of GPUs, which is asked for often.
  private let straggling: [Double]

  init(_ problem: PlanningProblem, _ objective: Objective) {
    fixed = problem.costs.parameters.stepOverhead(of: problem.job).value
    countsGPUs = objective == .cost
    var straggling = [problem.stragglerFraction(gpus: 0)]
    straggling.reserveCapacity(problem.pool.gpus + 1)
    for nodes in 1...problem.pool.nodes {
      let fraction = problem.stragglerFraction(gpus: nodes * problem.pool.gpusPerNode)
      for _ in 0..<problem.pool.gpusPerNode { straggling.append(fraction) }
    }
    self.straggling = straggling
  }

  private func factor(_ gpus: Int) -> Double {
    let waiting = 1 + straggling[gpus]
    return countsGPUs ? waiting * Double(gpus) : waiting
  }

  func score(_ seconds: Double, gpus: Int) -> Double { (seconds + fixed) * factor(gpus) }

  /// The seconds that give a score; the inverse of `score`.
  func seconds(_ score: Double, gpus: Int) -> Double { score / factor(gpus) - fixed }

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
