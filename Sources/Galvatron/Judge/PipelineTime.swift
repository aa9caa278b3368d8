/// The time of one step by Galvatron's formula, from each stage's time for a micro-batch.
package enum PipelineTime {
  /// T = max(A, B) + tail, with c the times of a micro-batch and C of them in p stages:
  ///
  ///     A = c_0 + … + c_(p−1) + (C − 1)·c_(p−1)
  ///     B = max(k·c_0, c_1 + … + c_(p−1)) + (C + 1 − p)·c_0,   k = min(p − 1, C − 1)
  ///     tail = max(0, max over i of s_i − (c_0 + … + c_i))
  ///
  /// where s are the times of the stages' layers with gradients reduced. (B is written with its
  /// forward third and backward two thirds there, which share their maximum.) Only the first and the
  /// last stage's times count C-fold: a slow stage between them goes unseen.
  package static func seconds(
    withoutSync c: [Double], withSync s: [Double], microBatches: Int
  ) -> Double {
    throughput(c, microBatches: microBatches) + tail(c, s)
  }

  /// max(A, B).
  package static func throughput(_ c: [Double], microBatches: Int) -> Double {
    let stages = c.count
    var rest = 0.0
    for stage in 1..<max(1, stages) { rest += c[stage] }
    let last = c[stages - 1]
    let a = c[0] + rest + last * Double(microBatches - 1)
    let k = Double(min(stages - 1, microBatches - 1))
    let b =
      max(k * c[0] / 3, rest / 3) + max(2 * k * c[0] / 3, 2 * rest / 3)
      + c[0] * Double(max(0, microBatches + 1 - stages))
    return max(a, b)
  }

  package static func tail(_ c: [Double], _ s: [Double]) -> Double {
    var tail = 0.0
    var before = 0.0
    for (compute, synced) in zip(c, s) {
      before += compute
      tail = max(tail, synced - before)
    }
    return tail
  }
}
