import Quantities

extension Pool {
  /// The pool without some of its nodes; nil if none is left. Groups of nodes below one switch may
  /// lose members: levels keep their spans, so that what is left of a group counts as no nearer than
  /// it is.
  package func keeping(where isKept: (String) -> Bool) -> Pool? {
    var pool = self
    pool.nodeNames = nodeNames.filter(isKept)
    guard !pool.nodeNames.isEmpty else { return nil }
    guard pool.nodes < nodes, var outermost = levels.last else { return pool }
    outermost.span = pool.gpus
    pool.levels = levels.dropLast().filter { $0.span < pool.gpus }
    if (pool.levels.last?.span ?? 0) < pool.gpus {
      // A node alone ends with its own network.
      let ends = levels.first { $0.span >= pool.gpus } ?? outermost
      outermost = pool.nodes == 1 ? ends : outermost
      outermost.span = pool.gpus
      pool.levels.append(outermost)
    }
    return pool
  }

  /// Whether nodes of both are alike but for how fast they are.
  package func isOfOneKind(with other: Pool) -> Bool {
    accelerator.id == other.accelerator.id && gpusPerNode == other.gpusPerNode
      && memory == other.memory
  }

  /// The same GPUs, all of them slower by a factor in computing and in memory traffic.
  package func slowed(to speed: Double) -> Pool {
    var pool = self
    pool.accelerator.peaks = accelerator.peaks.mapValues { ComputeRate($0.value * speed) }
    pool.accelerator.memoryBandwidth = accelerator.memoryBandwidth * speed
    return pool
  }
}
