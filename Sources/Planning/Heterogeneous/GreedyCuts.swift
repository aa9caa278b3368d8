import Scheduling

/// Pipelines over however many groups, sends counted: the stages of each pool in one run, in every order of
/// the pools, each stage with as many layers as a time bound lets it have.
///
/// Within a time S of the pipeline, stage `i` may take Tᵢ with T₀ + … + Tᵢ₋₁ + m·Tᵢ ≤ S. What is left
/// of the groups once all layers are covered stays idle; with several chunks a stage, where not every
/// number of stages can run, numbers near the most are tried. The least S is found by bisection.
/// Complexity: O(orders · bisections · (stages + layers)) or less.
struct GreedyCuts {
  let seats: [SeatCosts]
  let most: [Int]
  /// Stages that there may be, in ascending order.
  let depths: [Int]
  let base: ParallelStrategy
  let sends: [[[Double]]]
  /// No pipeline takes less than this, and those that take no less than that are of no interest.
  let from: Double
  let below: Double

  /// Bisections until the bound is known to a part in 2^6 of what was open: about as fine as layers are.
  private static let bisections = 6

  /// Deep pipelines hold many micro-batches: where none fits over all groups, half of each pool's are
  /// left idle, and so on.
  func all() -> [PipelineCut] {
    let orders = Self.orders(of: seats.count)
    var cuts: [PipelineCut] = []
    for halvings in 0..<4 where cuts.isEmpty && most.contains(where: { $0 >> halvings > 0 }) {
      let most = most.map { max(1, $0 >> halvings) }
      for order in orders {
        if let cut = best(order, most), !cuts.contains(cut) { cuts.append(cut) }
      }
    }
    return cuts
  }

  private func best(_ order: [Int], _ most: [Int]) -> PipelineCut? {
    var places: [Int] = []
    for seat in order { places += Array(repeating: seat, count: most[seat]) }
    guard let depth = depths.last(where: { $0 <= places.count }) else { return nil }
    places = Array(places.prefix(depth))
    let slowest = seats.map(\.wholeTime).max() ?? 0
    // All layers on one stage, at most: twice that leaves room for sends and recomputing.
    var high = min(2 * Double(base.microBatches) * slowest, below)
    guard var best = cut(places, within: high) else { return nil }
    var low = min(from, high)
    for _ in 0..<Self.bisections {
      let middle = (low + high) / 2
      if let found = cut(places, within: middle) {
        best = found
        high = middle
      } else {
        low = middle
      }
    }
    return best
  }

  private func cut(_ places: [Int], within time: Double) -> PipelineCut? {
    let fold = seats[0].fold
    let nodes = fold.places
    let m = Double(base.microBatches)
    var boundaries = [0]
    boundaries.reserveCapacity(places.count + 1)
    var waited = 0.0
    // A stage holds about as many layers as the one before.
    var layers = 1
    for (stage, place) in places.enumerated() {
      let a = boundaries[stage]
      // As if all places were taken; where some stay idle, less is held than reckoned.
      let left = places.count - stage
      let held = base.schedule.held(
        fromEnd: left, of: places.count, chunks: fold.chunks, microBatches: base.microBatches)
      // Where all stages are needed, each has a layer.
      let last = fold.chunks > 1 && left > 1 ? nodes - fold.fewestLast - left + 2 : nodes
      let (seat, most) = (seats[place], (time - waited) / m)
      func isPossible(_ end: Int) -> Bool { seat.time(a, end, held: held, isWithin: most) }
      var end = min(a + layers, last)
      if end > a, isPossible(end) {
        while end < last, isPossible(end + 1) { end += 1 }
      } else {
        repeat { end -= 1 } while end > a && !isPossible(end)
      }
      guard end > a else { return nil }
      layers = end - a
      boundaries.append(end)
      if end == nodes {
        return PipelineCut(seats: Array(places.prefix(stage + 1)), boundaries: boundaries)
      }
      waited +=
        fold.chunks > 1 ? seat.firstChunkTime(a, end) : seat.time(a, end, held: held)
      if stage + 1 < places.count { waited += sends[place][places[stage + 1]][end] }
    }
    return nil
  }

  /// All orders of up to three pools; of more, those that keep the given one but for one pool moved to the
  /// front or the back.
  static func orders(of count: Int) -> [[Int]] {
    guard count <= 3 else {
      let all = Array(0..<count)
      return [all] + all.map { moved in [moved] + all.filter { $0 != moved } }
        + all.map { moved in all.filter { $0 != moved } + [moved] }
    }
    guard count > 1 else { return [[0]] }
    return orders(of: count - 1).flatMap { order in
      (0...order.count).map { place in
        var next = order
        next.insert(count - 1, at: place)
        return next
      }
    }
  }
}
