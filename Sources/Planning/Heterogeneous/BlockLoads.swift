import Scheduling

/// Whether the groups of a layout may take all layers of a model, which do not divide: each stage as many as it
/// has time and memory for beside the trips of the first and last micro-batch.
///
/// Of each pool's groups the `k`-th from the end of the pipeline holds `k` micro-batches at least, or where
/// stages hold more the more there are, what that stage of the fewest there may be does.
///
/// A class, since copies would cost more than some answers.
final class BlockLoads {
  let seats: [SeatRates]
  let microBatches: Int
  let whole: WholeLayers
  /// That there may be.
  let stages: ClosedRange<Int>
  let schedule: PipelineSchedule
  let chunks: Int
  let trips: TripBound

  init(
    _ seats: [SeatRates], microBatches: Int, whole: WholeLayers, stages: ClosedRange<Int>,
    schedule: PipelineSchedule, chunks: Int
  ) {
    (self.seats, self.microBatches, self.whole) = (seats, microBatches, whole)
    (self.stages, self.schedule, self.chunks) = (stages, schedule, chunks)
    trips = TripBound(
      seats, microBatches: microBatches, stages: stages.upperBound, schedule: schedule)
  }

  /// What comes after the pipeline.
  struct End {
    /// Seconds that any stage may take then.
    var most = Double.infinity
    /// Seconds of a reduction that hide behind passes at most.
    var hidden = 0.0
  }

  /// Complexity: O(groups).
  ///
  /// - Parameter seconds: What the pipeline may take.
  func covers(_ seconds: Double, _ end: End = End()) -> Bool {
    // Of several stages the first and the last have a copy each of a table that is tied.
    let tied = end.most < .infinity ? tied(within: seconds) : 0
    return end.most >= tied && covers(seconds, end, tied: tied)
  }

  private func covers(_ seconds: Double, _ end: End, tied: Double) -> Bool {
    let deepest = stages.upperBound
    let fewest =
      schedule.holdsByDepth ? max(stages.lowerBound, fewestStages(within: seconds)) : 1
    return trips.covers(whole.least, within: seconds, deepest: deepest) { index, time in
      let seat = seats[index]
      return seat.block.times(whole.each).layers(
        within: time - seat.overhead * Double(chunks),
        most: seat.end.blocks(within: end, tied: tied) / whole.each,
        stages: min(seat.groups, deepest), enough: schedule == .zeroBubble ? .max : whole.least
      ) {
        schedule.held(fromEnd: $0, of: fewest, chunks: chunks, microBatches: microBatches)
      }
    }
  }

  /// Nodes that all layers take at least if the pipeline takes no more than so long: those whose groups take most
  /// on each.
  ///
  /// Complexity: O(pools · log pools).
  func leastNodes(within seconds: Double) -> Int {
    var (left, nodes) = (Double(whole.least * whole.each), 0.0)
    let most = seats.indices.map { index in
      let seat = seats[index]
      let time = trips.stageTime(index, within: seconds) - seat.overhead * Double(chunks)
      let layers = max(0, min(left, time / seat.block.seconds * (1 + 1e-9)))
      return chunks == 1 ? layers.rounded(.down) : layers
    }
    forEachAscending(seats.count, by: { most[$0] > 0 ? seats[$0].nodes / most[$0] : .infinity }) {
      guard most[$0] > 0 else { return false }
      let groups = min(Double(seats[$0].groups), left / most[$0])
      nodes += groups * seats[$0].nodes
      left -= groups * most[$0]
      return left > 0
    }
    return max(1, Int((nodes * (1 - 1e-9)).rounded(.up)))
  }

  private func fewestStages(within seconds: Double) -> Int {
    MixedBound.fewestStages(seats, whole, within: seconds / Double(microBatches))
  }

  private func tied(within seconds: Double) -> Double {
    let isParted = max(stages.lowerBound, fewestStages(within: seconds)) > 1
    return isParted ? seats.reduce(.infinity) { min($0, $1.end.tied) } : 0
  }

  /// The least time in which the groups can take all layers; infinite if that is not below `most`.
  ///
  /// Complexity: O(bisections · groups).
  ///
  /// - Parameter low: That is not undercut anyway.
  func least(from low: Double, below most: Double, _ end: End = End()) -> Double {
    var high = min(most, MixedBound.longest)
    guard low < high, covers(high, end) else { return .infinity }
    if covers(low, end) { return low }
    var low = low
    for _ in 0..<Self.bisections where high - low > LayoutReach.precision * high {
      let middle = (low + high) / 2
      if covers(middle, end) { high = middle } else { low = middle }
    }
    return low
  }

  /// What some stage takes at least to reduce its gradients and to update its weights; nil if that is more than it
  /// may. A stage that is to take little after the pipeline can hold but few layers, so that others hold more:
  /// the least is that with which the groups can still take all.
  ///
  /// Complexity: O(bisections · groups).
  ///
  /// - Parameters:
  ///   - seconds: What the pipeline may take.
  ///   - low: That is not undercut anyway.
  func leastEnd(within seconds: Double, from low: Double, _ end: End) -> Double? {
    let tied = tied(within: seconds)
    func allows(_ most: Double) -> Bool {
      covers(seconds, End(most: most, hidden: end.hidden), tied: tied)
    }
    var (low, high) = (max(low, tied), min(end.most, mostEnd(within: seconds)))
    if low > end.most { return nil }
    if high - low <= LayoutReach.precision * seconds || allows(low) { return low }
    guard high < end.most || allows(high) else { return nil }
    for _ in 0..<Self.bisections where high - low > LayoutReach.precision * seconds {
      let middle = (low + high) / 2
      if allows(middle) { high = middle } else { low = middle }
    }
    return low
  }

  /// As of `LayoutReach`.
  private static let bisections = 7

  /// What any stage takes after the pipeline at most, with as many layers as it has time for; only those that the
  /// layers of the most common kind make so are of interest.
  private func mostEnd(within seconds: Double) -> Double {
    seats.reduce(0) { most, seat in
      let layers = seconds / Double(microBatches) / seat.block.seconds
      let end = seat.end
      return max(
        most, max(end.tied, end.latency + layers * end.reduction) + layers * end.update)
    }
  }
}
