/// Work of all layers on unequal pools, by one measure.
///
/// What one pool does faster than another is not the same for all layers: each may run those that suit it. So
/// times of all layers together are no measure of how much of the model a stage covers. Let a layer of kind k
/// count as σ = min over pools of its time by that of the most common kind there. A stage that takes T for its
/// layers then covers T / w of that measure at most, where w is the time of the most common kind on its pool: of
/// every kind it runs no more in the time. All layers together count as Σ σ, so that the stage covers
/// T / (w · Σ σ) of the model.
enum EvenWork {
  /// Seconds of all layers as one stage, by pool.
  ///
  /// - Parameters:
  ///   - passes: By pool and kind, seconds of all layers of the kind.
  ///   - common: The most common kind.
  /// Complexity: O(pools · kinds).
  static func seconds(_ passes: [[Double]], common: Int) -> [Double] {
    seconds(pools: passes.count, kinds: passes.first?.count ?? 0, common: common) { passes[$0][$1] }
  }

  fileprivate static func seconds(
    pools: Int, kinds: Int, common: Int, _ time: (_ pool: Int, _ kind: Int) -> Double
  ) -> [Double] {
    var all = 0.0
    for kind in 0..<kinds {
      var least = Double.infinity
      for pool in 0..<pools { least = min(least, time(pool, kind) / time(pool, common)) }
      all += least
    }
    return (0..<pools).map { time($0, common) * all }
  }
}

extension [SeatRates] {
  /// Seconds of all layers as one stage on each, for one micro-batch, nothing recomputed.
  var evenWork: [Double] {
    guard let first else { return [] }
    return EvenWork.seconds(pools: count, kinds: first.passes.count, common: first.common) {
      self[$0].passes[$1]
    }
  }
}
