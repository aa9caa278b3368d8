import Costing
import Quantities

/// What the layers of the most common kind add to a step after the pipeline, on one kind of seat.
struct BlockEnd {
  /// Seconds to reduce the gradients of a layer, and of any beside that.
  let reduction: Double
  let latency: Double
  /// Seconds to update the weights of a layer.
  let update: Double
  /// Seconds in which a copy of a tied table is reduced with the other one, if these are the ends of the model.
  let tied: Double

  /// - Parameters:
  ///   - costs: Of each kind of layer.
  ///   - dense: What a parameter takes, and one of experts.
  init(
    _ problem: PlanningProblem, _ end: StepEnd, _ costs: [LayerCost], common: Int,
    _ dense: EndRate, _ expert: EndRate
  ) {
    let (own, ofExperts) = (costs[common].parameters, costs[common].expertParameters)
    reduction = own * dense.reduction + ofExperts * expert.reduction
    latency = (own > 0 ? dense.latency : 0) + (ofExperts > 0 ? expert.latency : 0)
    update = own * dense.update + ofExperts * expert.update
    if let tie = problem.tie, tie.embedding == 0, tie.head == problem.kinds.count - 1 {
      let table = costs[problem.kinds[tie.embedding]].parameters
      tied =
        end.exposedReduction(
          parameters: 0, expertParameters: 0,
          tiedBytes: ByteCount(table * problem.job.gradientBytes), forward: .zero,
          backward: .zero, microBatches: 1
        ).value
    } else {
      tied = 0
    }
  }

  /// Layers that a stage holds at most if it is to take no more than so long after the pipeline.
  ///
  /// Of n of them the reduction takes latency + n·reduction, of which a part may hide, and no stage's takes less
  /// than `tied` if some stage's takes that; and then the update takes n·update.
  func blocks(within end: BlockLoads.End, tied: Double) -> Int {
    if end.most == .infinity { return .max }
    func most(_ seconds: Double, each: Double) -> Double {
      each > 0 ? seconds / each : .infinity
    }
    let both = most(end.most + end.hidden - latency, each: reduction + update)
    // A hair more, so that n layers fit into n times one layer's time.
    return Int(max(0, min(1e6, min(both, most(end.most - tied, each: update)) * (1 + 1e-9))))
  }
}

/// Seconds that a stage takes after the pipeline for each of its parameters, dense ones or those of experts.
struct EndRate {
  /// Of reducing its gradient, before any of that hides; and what the first takes beside that.
  let reduction: Double
  let latency: Double
  let update: Double

  /// - Parameter parameters: Of all layers; both times are linear in them.
  init(_ end: StepEnd, _ parameters: Double, ofExperts: Bool) {
    guard parameters > 0 else {
      (reduction, latency, update) = (0, 0, 0)
      return
    }
    func seconds(_ parameters: Double) -> (reduction: Double, update: Double) {
      let (dense, expert) = ofExperts ? (0, parameters) : (parameters, 0)
      let reduction = end.exposedReduction(
        parameters: dense, expertParameters: expert, tiedBytes: .zero, forward: .zero,
        backward: .zero, microBatches: 1)
      let update = end.optimizerTime(parameters: dense, expertParameters: expert)
      return (reduction.value, update.value)
    }
    let (once, twice) = (seconds(parameters), seconds(2 * parameters))
    reduction = (twice.reduction - once.reduction) / parameters
    latency = max(0, once.reduction - (twice.reduction - once.reduction))
    update = (twice.update - once.update) / parameters
  }
}
