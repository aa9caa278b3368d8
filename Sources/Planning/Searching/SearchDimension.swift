import Costing
import Scheduling

/// A dimension of the strategy space, by its name on the wire.
enum SearchDimension: String, CaseIterable {
  case pipeline = "pipeline_parallel"
  case tensor = "tensor_parallel"
  case data = "data_parallel"
  case context = "context_parallel"
  case expert = "expert_parallel"
  case virtualStages = "virtual_stages"
  case microBatchSize = "micro_batch_size"
  case zeroStage = "zero_stage"
  case recompute = "recompute"
  case schedule = "schedule"
  case sequenceParallel = "sequence_parallel"
  case rankOrder = "rank_order"

  func isConstrained(_ constraints: SearchConstraints) -> Bool { freed(constraints) != constraints }

  /// The constraints without the one on this dimension.
  func freed(_ constraints: SearchConstraints) -> SearchConstraints {
    var freed = constraints
    switch self {
    case .pipeline: freed.pipeline = []
    case .tensor: freed.tensor = []
    case .data: freed.data = []
    case .context: freed.context = []
    case .expert: freed.expert = []
    case .virtualStages: freed.virtualStages = []
    case .microBatchSize: freed.microBatchSize = []
    case .zeroStage: freed.zeroStage = []
    case .recompute: freed.recompute = []
    case .schedule: freed.schedule = []
    case .sequenceParallel: freed.sequenceParallel = []
    case .rankOrder: freed.rankOrder = []
    }
    return freed
  }

  func value(of strategy: ParallelStrategy) -> String {
    switch self {
    case .pipeline: "\(strategy.pipeline)"
    case .tensor: "\(strategy.tensor)"
    case .data: "\(strategy.data)"
    case .context: "\(strategy.context)"
    case .expert: "\(strategy.expert)"
    case .virtualStages: "\(strategy.virtualStages)"
    case .microBatchSize: "\(strategy.microBatchSize)"
    case .zeroStage: "\(strategy.zeroStage.rawValue)"
    case .recompute: strategy.recompute.rawValue
    case .schedule: strategy.schedule.rawValue
    case .sequenceParallel: "\(strategy.sequenceParallel)"
    case .rankOrder: strategy.rankOrder.rawValue
    }
  }

  /// One strategy for each value asked for, the rest as plain as can be.
  func samples(
    _ constraints: SearchConstraints, _ problem: PlanningProblem
  ) -> [ParallelStrategy] {
    var plain = ParallelStrategy()
    plain.microBatches = problem.job.globalBatchSize
    func each<Value>(
      _ values: [Value], _ key: WritableKeyPath<ParallelStrategy, Value>
    ) -> [ParallelStrategy] {
      values.map { value in
        var sample = plain
        sample[keyPath: key] = value
        if self == .virtualStages {
          sample.pipeline = constraints.pipeline.max() ?? 2
          sample.schedule = .interleaved
          sample.microBatches =
            problem.job.globalBatchSize / sample.pipeline * sample.pipeline
        }
        return sample
      }
    }
    switch self {
    case .pipeline: return each(constraints.pipeline, \.pipeline)
    case .tensor: return each(constraints.tensor, \.tensor)
    case .data: return each(constraints.data, \.data)
    case .context: return each(constraints.context, \.context)
    case .expert: return each(constraints.expert, \.expert)
    case .virtualStages:
      return each(constraints.virtualStages.filter { $0 > 1 }, \.virtualStages)
    case .microBatchSize, .zeroStage, .recompute, .schedule, .rankOrder: return []
    case .sequenceParallel: return each(constraints.sequenceParallel, \.sequenceParallel)
    }
  }
}
