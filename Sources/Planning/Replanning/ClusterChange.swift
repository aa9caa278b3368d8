import Hardware
import Quantities

/// What became of a cluster since a plan was made for it.
package struct ClusterChange: Hashable, Sendable {
  package var lostNodes: Set<String>
  package var gained: [Pool]
  /// Nodes that compute at a part of their type's speed.
  package var speeds: [String: Double]

  package init(
    lostNodes: Set<String> = [], gained: [Pool] = [], speeds: [String: Double] = [:]
  ) {
    self.lostNodes = lostNodes
    self.gained = gained
    self.speeds = speeds
  }

  /// Speeds closer than this count as one: measurements scatter, and every speed is a pool.
  private static let speedSteps = 20.0

  /// The cluster as it is now; nil if nothing is left. Nodes of one type and one speed are a pool.
  package func applied(to cluster: Cluster) -> Cluster? {
    var pools: [Pool] = []
    for pool in cluster.pools {
      var bySpeed: [Double: Set<String>] = [:]
      for node in pool.nodeNames where !lostNodes.contains(node) {
        let speed = ((speeds[node] ?? 1) * Self.speedSteps).rounded() / Self.speedSteps
        bySpeed[max(speed, 1 / Self.speedSteps), default: []].insert(node)
      }
      for (speed, nodes) in bySpeed.sorted(by: { $0.key > $1.key }) {
        guard var part = pool.keeping(where: { nodes.contains($0) }) else { continue }
        if speed < 1 {
          part = part.slowed(to: speed)
          part.name += "-at-\(Int((speed * 100).rounded()))-percent"
        }
        pools.append(part)
      }
    }
    pools += gained
    guard !pools.isEmpty, var joined = try? Cluster.joining(pools) else { return nil }
    if joined.interPool != nil, let network = cluster.interPool {
      joined.interPool?.bandwidth = network.bandwidth
      joined.interPool?.latency = network.latency
    }
    joined.notes = cluster.notes
    return joined.merged
  }
}

/// A stage that takes longer than its model and its GPUs explain.
package struct Straggler: Hashable, Sendable {
  package var stage: Int
  /// How many times slower than the stages are in general, against their predictions.
  package var slowdown: Double
  package var nodes: [String]
}

extension Plan {
  /// Stages of which measured times stand out from what was predicted.
  ///
  /// A model may be off for all stages alike; that is no straggler. Each stage's time over its
  /// prediction is held against the median of all, and what exceeds it by more than `tolerance` is
  /// put down to its nodes.
  ///
  /// - Parameter measured: Seconds of one micro-batch, forward and backward, by stage.
  package func stragglers(measured: [Int: Seconds], tolerance: Double = 0.1) -> [Straggler] {
    let ratios = measured.sorted { $0.key < $1.key }.map { stage, time in
      (stage, time / (stages[stage].forward + stages[stage].backward))
    }
    guard !ratios.isEmpty else { return [] }
    let sorted = ratios.map(\.1).sorted()
    // One stage alone is held against its prediction.
    let median = sorted.count == 1 ? 1 : sorted[(sorted.count - 1) / 2]
    return ratios.compactMap { stage, ratio in
      let slowdown = ratio / median
      guard slowdown > 1 + tolerance else { return nil }
      return Straggler(
        stage: stage, slowdown: slowdown, nodes: stages[stage].devices.map(\.node).uniqued)
    }
  }
}

extension [String] {
  /// In order, each once.
  var uniqued: [String] {
    var seen: Set<String> = []
    return filter { seen.insert($0).inserted }
  }
}
