import Costing
import Scheduling

/// Betters a pipeline over several pools by small changes, the first that helps each time, until none does:
/// a stage's tensor degree for replicas, or the other way round; a layer from a stage to the next; another
/// sharding. Searches split all groups of a pool alike, and few sequences leave some with too many.
///
/// No bound covers what it finds: plans get better by it, and never worse.
struct PlanPolish {
  let problem: ClusterProblem
  let constraints: SearchConstraints
  let tables: SeatTables

  /// Complexity: O(tries) predictions.
  ///
  /// - Parameter tries: Plans that are predicted at most, until it is to stop.
  func polished(
    _ plan: MixedPlan, tries: Int, shouldStop: () -> Bool = { false }
  ) -> MixedPlan {
    guard plan.strategy.pools.count > 1 else { return plan }
    let space = MixedSpace(problem, constraints)
    var (best, left) = (plan, tries)
    var betters = true
    while betters {
      betters = false
      for (strategy, split) in neighbours(best, space) {
        guard left > 0, !shouldStop() else { return best }
        left -= 1
        let found = MixedPlan(problem, strategy, split, devices: [], tables: tables)
        guard found.plan.fits, found.plan.prediction.step < best.plan.prediction.step else {
          continue
        }
        best = found
        betters = true
        break
      }
    }
    return best
  }

  private func neighbours(
    _ plan: MixedPlan, _ space: MixedSpace
  ) -> [(MixedStrategy, PipelineSplit)] {
    exchanged(plan.strategy, space).map { ($0, plan.split) }
      + sharded(plan.strategy).map { ($0, plan.split) }
      + shifted(plan.split, plan.strategy).map { (plan.strategy, $0) }
  }

  /// With one stage's replicas split into more tensor-parallel ranks, or fewer.
  private func exchanged(_ strategy: MixedStrategy, _ space: MixedSpace) -> [MixedStrategy] {
    guard strategy.lanes.count == 1 else { return [] }
    // Strategies without tensor parallelism do not say how its stages would be.
    var base = strategy.base
    base.sequenceParallel = space.choices.sequenceParallel
    return strategy.lanes[0].seats.indices.flatMap { stage -> [MixedStrategy] in
      let seat = strategy.lanes[0].seats[stage]
      let ranks = seat.tensor * seat.data
      let sequences = seat.data * seat.microBatchSize
      return ranks.divisors.compactMap { data in
        var other = seat
        (other.data, other.tensor) = (data, ranks / data)
        guard data != seat.data, sequences.isMultiple(of: data) else { return nil }
        other.microBatchSize = sequences / data
        guard space.allows(other, base) else { return nil }
        var lanes = strategy.lanes
        lanes[0].seats[stage] = other
        return MixedStrategy(base: base, lanes: lanes)
      }
    }
  }

  private func sharded(_ strategy: MixedStrategy) -> [MixedStrategy] {
    // Sharded gradients and weights are exchanged with every micro-batch.
    let haveEqualShares = Set(strategy.lanes.map(\.microBatches)).count == 1
    return ZeroStage.allCases.compactMap { stage in
      guard stage != strategy.base.zeroStage, haveEqualShares || stage <= .optimizer,
        BaseChoices.allows(stage, constraints.zeroStage)
      else { return nil }
      var base = strategy.base
      base.zeroStage = stage
      return MixedStrategy(base: base, lanes: strategy.lanes)
    }
  }

  /// With a boundary one layer earlier or later, where each stage has one chunk.
  private func shifted(_ split: PipelineSplit, _ strategy: MixedStrategy) -> [PipelineSplit] {
    guard split.recomputed.count == split.virtualStages, split.order == nil else { return [] }
    let lane = strategy.lanes[0]
    return split.boundaries.indices.dropFirst().dropLast().flatMap { index -> [PipelineSplit] in
      [-1, 1].compactMap { step in
        var moved = split
        moved.boundaries[index] += step
        let isEmpty =
          moved.boundaries[index] == moved.boundaries[index - 1]
          || moved.boundaries[index] == moved.boundaries[index + 1]
        guard !isEmpty else { return nil }
        for stage in [index - 1, index] {
          let table = tables.table(
            strategy.strategy(of: lane, stage: stage).layerParallelism,
            pool: lane.seats[stage].pool)
          moved.recomputed[stage] = min(
            moved.recomputed[stage],
            table.recomputableLayers(moved.nodes(ofVirtualStage: stage)))
        }
        return moved
      }
    }
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
