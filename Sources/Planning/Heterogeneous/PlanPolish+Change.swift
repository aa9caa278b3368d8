import Costing
import Hardware
import Scheduling

extension PlanPolish {
  /// A way to change a plan a little, in the order in which they are tried: what changes all stages comes before
  /// what changes one or two.
  enum Change: CaseIterable {
    /// Nothing, but that no more layers are recomputed than have to be; or by another policy.
    case recomputation
    /// All micro-batches smaller or larger, and so many more or fewer; of which some go to other replicas.
    case microBatches
    /// Micro-batches from some replicas to those of other GPUs.
    case shares
    /// Another schedule of one chunk a stage, which holds what its chunks held.
    case schedule
    /// States, gradients or weights sharded, or not.
    case sharding
    /// A stage's replicas split into more tensor-parallel ranks, or fewer.
    case ranks
    /// Neighbouring stages in each other's place, each with the other's layers or its own.
    case order
    /// A boundary one layer earlier or later.
    case boundary

    /// What may come of a plan by the change, within what a request asks for.
    func neighbours(_ plan: MixedPlan, _ space: MixedSpace) -> [(MixedStrategy, [Int])] {
      let strategies: [MixedStrategy]
      switch self {
      case .recomputation: strategies = plan.strategy.recomputedOtherwise(space)
      case .microBatches: strategies = plan.strategy.resized(space).flatMap { [$0] + $0.shared() }
      case .shares: strategies = plan.strategy.shared()
      case .schedule:
        let boundaries = plan.split.inOneChunk(ofStages: plan.strategy.stages)
        return plan.strategy.rescheduled(space).map { ($0, boundaries) }
      case .sharding: strategies = plan.strategy.sharded(space)
      case .ranks: strategies = plan.strategy.exchanged(space)
      case .order: return plan.swapped
      case .boundary: return plan.shifted.map { (plan.strategy, $0) }
      }
      return strategies.map { ($0, plan.split.boundaries) }
    }
  }
}

extension MixedStrategy {
  fileprivate func with(_ change: (inout ParallelStrategy) -> Void) -> MixedStrategy {
    var other = base
    change(&other)
    return MixedStrategy(base: other, lanes: lanes)
  }

  /// As it must be where stages are unlike.
  private var laysReplicasTogether: Bool { base.rankOrder == .tensorContextDataPipeline }

  private var haveEqualShares: Bool { Set(lanes.map(\.microBatches)).count == 1 }

  /// The same comes first.
  fileprivate func recomputedOtherwise(_ space: MixedSpace) -> [MixedStrategy] {
    [self]
      + space.choices.recompute.filter { $0 != base.recompute }.map { policy in
        with { $0.recompute = policy }
      }
  }

  /// In whole micro-batches of all replicas, of every other size that there can be.
  fileprivate func resized(_ space: MixedSpace) -> [MixedStrategy] {
    let size = lanes[0].seats[0].microBatchSize
    return space.problem.job.globalBatchSize.divisors.compactMap { other in
      guard other != size else { return nil }
      var lanes = lanes
      for lane in lanes.indices {
        let (count, leaves) =
          (lanes[lane].microBatches * size).quotientAndRemainder(dividingBy: other)
        guard leaves == 0, base.schedule.runs(count, self) else { return nil }
        lanes[lane].microBatches = count
        for stage in lanes[lane].seats.indices {
          let sequences = lanes[lane].seats[stage].microBatchSize * other
          guard sequences.isMultiple(of: size),
            BaseChoices.allows(sequences / size, space.constraints.microBatchSize)
          else { return nil }
          lanes[lane].seats[stage].microBatchSize = sequences / size
        }
      }
      return MixedStrategy(base: base, lanes: lanes)
    }
  }

  /// From all replicas of a lane, as few micro-batches as come out even among those of another.
  fileprivate func shared() -> [MixedStrategy] {
    // Sharded gradients and weights are exchanged with every micro-batch.
    guard base.zeroStage <= .optimizer,
      lanes.allSatisfy({ lane in lane.seats.allSatisfy { $0.data == lane.seats[0].data } })
    else { return [] }
    return lanes.indices.flatMap { from in
      lanes.indices.compactMap { to -> MixedStrategy? in
        guard from != to else { return nil }
        var lanes = lanes
        let (gives, takes) = (lanes[from].seats[0].data, lanes[to].seats[0].data)
        let common = greatestCommonDivisor(gives, takes)
        lanes[from].microBatches -= takes / common
        lanes[to].microBatches += gives / common
        guard lanes[from].microBatches > 0,
          lanes.allSatisfy({ base.schedule.runs($0.microBatches, self) })
        else { return nil }
        return MixedStrategy(base: base, lanes: lanes)
      }
    }
  }

  fileprivate func rescheduled(_ space: MixedSpace) -> [MixedStrategy] {
    space.plainSchedules.filter { $0 != base.schedule }.map { schedule in
      with { ($0.schedule, $0.virtualStages) = (schedule, 1) }
    }
  }

  fileprivate func sharded(_ space: MixedSpace) -> [MixedStrategy] {
    ZeroStage.allCases.filter { stage in
      stage != base.zeroStage && (haveEqualShares && laysReplicasTogether || stage <= .optimizer)
        && BaseChoices.allows(stage, space.constraints.zeroStage)
    }.map { stage in with { $0.zeroStage = stage } }
  }

  fileprivate func exchanged(_ space: MixedSpace) -> [MixedStrategy] {
    guard lanes.count == 1, laysReplicasTogether else { return [] }
    // Strategies without tensor parallelism do not say how its stages would be.
    var base = base
    base.sequenceParallel = space.choices.sequenceParallel
    return lanes[0].seats.indices.flatMap { stage -> [MixedStrategy] in
      let seat = lanes[0].seats[stage]
      let ranks = seat.tensor * seat.data
      let sequences = seat.data * seat.microBatchSize
      return ranks.divisors.compactMap { data in
        var other = seat
        (other.data, other.tensor) = (data, ranks / data)
        guard data != seat.data, sequences.isMultiple(of: data) else { return nil }
        other.microBatchSize = sequences / data
        guard space.allows(other, base) else { return nil }
        var lanes = lanes
        lanes[0].seats[stage] = other
        return MixedStrategy(base: base, lanes: lanes)
      }
    }
  }
}

extension PipelineSplit {
  /// Boundaries with which each stage holds as much in one chunk.
  fileprivate func inOneChunk(ofStages stages: Int) -> [Int] {
    (0..<stages).reduce(into: [0]) { boundaries, stage in
      let held = chunks(ofStage: stage, of: stages).reduce(0) { $0 + $1.count }
      boundaries.append(boundaries[stage] + held)
    }
  }
}

extension MixedPlan {
  /// Of one lane, neighbours that are unlike.
  fileprivate var swapped: [(MixedStrategy, [Int])] {
    guard strategy.lanes.count == 1 else { return [] }
    let seats = strategy.lanes[0].seats
    return (1..<max(1, seats.count)).filter { seats[$0 - 1] != seats[$0] }.flatMap {
      stage -> [(MixedStrategy, [Int])] in
      var lanes = strategy.lanes
      lanes[0].seats.swapAt(stage - 1, stage)
      let other = MixedStrategy(base: strategy.base, lanes: lanes)
      var boundaries = split.boundaries
      guard strategy.base.virtualStages == 1 else { return [(other, boundaries)] }
      boundaries[stage] = boundaries[stage - 1] + boundaries[stage + 1] - boundaries[stage]
      return [(other, boundaries), (other, split.boundaries)]
    }
  }

  /// The boundaries with one of them moved, where each stage has one chunk.
  fileprivate var shifted: [[Int]] {
    let boundaries = split.boundaries
    guard strategy.base.virtualStages == 1 else { return [] }
    return boundaries.indices.dropFirst().dropLast().flatMap { index in
      [-1, 1].compactMap { step in
        var moved = boundaries
        moved[index] += step
        let isEmpty = moved[index] == moved[index - 1] || moved[index] == moved[index + 1]
        return isEmpty ? nil : moved
      }
    }
  }
}

extension PipelineSchedule {
  /// Whether it can run so many micro-batches over a strategy's stages.
  fileprivate func runs(_ microBatches: Int, _ strategy: MixedStrategy) -> Bool {
    obstacle(
      stages: strategy.stages, chunksPerStage: strategy.base.virtualStages,
      microBatches: microBatches) == nil
  }
}

extension MixedSpace {
  /// Whether a stage may be split so.
  func allows(_ seat: StageSeat, _ base: ParallelStrategy) -> Bool {
    choices.tensors[seat.pool].contains(seat.tensor)
      && choices.allowsSequence(tensor: seat.tensor, context: base.context)
      && BaseChoices.allows(seat.data, constraints.data)
      && BaseChoices.allows(seat.microBatchSize, constraints.microBatchSize)
  }
}
