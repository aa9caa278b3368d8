import Costing
import Hardware
import Quantities

/// A whole training at a plan's pace: what it takes when nothing fails and nothing else is done.
package struct TrainingRun: Hashable, Sendable {
  /// The last one may see fewer sequences.
  package let steps: Int
  package let duration: Seconds
  package let gpuHours: Double
  /// In the caller's currency; `nil` where a GPU of the plan has no price.
  package let cost: Double?

  /// `nil` where the job does not say how many tokens it trains on, or the plan does not fit.
  ///
  /// Complexity: O(nodes of the cluster + groups of devices of the plan).
  package init?(of plan: Plan, _ job: TrainingJob, on cluster: Cluster) {
    guard let tokens = job.totalTokens, plan.fits else { return nil }
    let perStep = job.globalBatchSize * job.sequenceLength
    steps = (tokens - 1) / perStep + 1
    duration = plan.prediction.step * Double(steps)
    let hours = duration.value / 3600
    gpuHours = hours * Double(plan.prediction.gpus)
    cost = Self.hourlyPrice(of: plan, on: cluster).map { $0 * hours }
  }

  private static func hourlyPrice(of plan: Plan, on cluster: Cluster) -> Double? {
    var prices: [String: Double] = [:]
    for pool in cluster.pools {
      guard let price = pool.pricePerGPUHour else { continue }
      for node in pool.nodeNames { prices[node] = price }
    }
    guard !prices.isEmpty else { return nil }
    var sum = 0.0
    for group in plan.stages.lazy.flatMap(\.devices) {
      guard let price = prices[group.node] else { return nil }
      sum += price * Double(group.gpus.count)
    }
    return sum
  }
}
