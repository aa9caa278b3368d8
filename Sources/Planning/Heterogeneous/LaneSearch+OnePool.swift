import Scheduling

/// Replicas on one pool alone: all are equal, but where not all can have equally many micro-batches, some run more
/// than others.
extension LaneSearch {
  /// Of a layout that leaves open how many stages and replicas there are, those with unequal shares.
  func unevenly(_ layout: Layout) -> [Layout] {
    var base = layout.base
    let (pool, whole) = (layout.pools[0], layout.lanes.slices[0])
    let groups = layout.replicas[pool]
    let race = race(base, [groups], [whole])
    let deepest = min(space.deepest, groups / 2)
    let shallowest = fewestStages(base, whole, pool: pool)
    guard shallowest <= deepest else { return [] }
    var found: [Layout] = []
    for depth in shallowest...deepest where space.allowsDepth(depth) {
      base.pipeline = depth
      for chunks in space.evenChunks(base, microBatches: race.microBatches) {
        base.virtualStages = chunks
        let share = race.shares(depth: depth, base.schedule, chunks: chunks)[0]
        found += unevenly(layout, base, share, most: groups / depth)
      }
    }
    return found
  }

  /// As many replicas as there may be, and fewer for as long as the busiest is in time.
  ///
  /// - Parameter share: That of all of them.
  private func unevenly(
    _ layout: Layout, _ base: ParallelStrategy, _ share: LaneRates.Share, most: Int
  ) -> [Layout] {
    var base = base
    let (unit, units, pool) = (unit(base), units(base), layout.pools[0])
    var found: [Layout] = []
    for replicas in (2...most).reversed() {
      let busiest = unit * ((units + replicas - 1) / replicas)
      let least = share.seconds(ofOne: busiest, among: most) + bound.overhead
      if least >= cutoff { break }
      if replicas > units || units.isMultiple(of: replicas) { continue }
      let counts = layout.replicas.indices.map { $0 == pool ? replicas : 0 }
      base.data = replicas
      found.append(
        Layout(
          bound: max(layout.bound, least * waiting(base, counts)), order: layout.order, base: base,
          lanes: Lanes(counts, pool: pool, layout.lanes.slices)))
    }
    return found
  }

  /// Micro-batches that a replica runs together.
  private func unit(_ base: ParallelStrategy) -> Int {
    base.virtualStages > 1 ? base.pipeline : 1
  }

  /// How many times so many all replicas run together.
  func units(_ base: ParallelStrategy) -> Int {
    problem.job.globalBatchSize / base.microBatchSize / unit(base)
  }
}
