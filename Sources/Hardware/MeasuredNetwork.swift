import Quantities

/// What groups of a pool's GPUs reached when somebody measured them, each size by itself: closer than
/// levels, of which each has one bandwidth.
package struct MeasuredNetwork: Hashable, Sendable {
  /// GPUs of the pool that was measured.
  package let gpus: Int
  package let gpusPerNode: Int
  /// Bus bandwidth of rings by their size (nccl-tests' `busbw`: V·(g − 1)/g bytes a pass take that
  /// many over it), over neighbouring ranks and over such as are as far apart as they can be.
  package var consecutive: [Int: Bandwidth]
  package var strided: [Int: Bandwidth]
  /// From each GPU to its counterpart in the next pipeline stage, by how many stages there are.
  package var sends: [Int: Bandwidth]

  package init(
    gpus: Int, gpusPerNode: Int, consecutive: [Int: Bandwidth] = [:],
    strided: [Int: Bandwidth] = [:], sends: [Int: Bandwidth] = [:]
  ) {
    self.gpus = gpus
    self.gpusPerNode = gpusPerNode
    self.consecutive = consecutive
    self.strided = strided
    self.sends = sends
  }

  /// Of a ring over `size` ranks at a distance of `stride`.
  ///
  /// Measured were the distances 1 and gpus / size. A ring at another distance has the bandwidth of
  /// one that lies alike: inside a node that of neighbours, beyond it that of the ring with as many
  /// members on a node, whose links it shares in the same way. `nil` where none was measured.
  package func ring(size: Int, stride: Int) -> Bandwidth? {
    if stride == 1 { return consecutive[size] }
    if size * stride == gpus { return strided[size] }
    return ring(size: size, onNode: min(size, max(1, gpusPerNode / stride)))
  }

  /// Of a ring over `size` ranks, `onNode` of them on each node.
  package func ring(size: Int, onNode: Int) -> Bandwidth? {
    onNode == size ? consecutive[size] : strided[gpus / gpusPerNode * onNode]
  }
}

extension Pool {
  /// What groups of the pool's GPUs reached, if that was measured on as many of them as it has now and
  /// its network ends with it.
  package var measuredNetwork: MeasuredNetwork? {
    measurements.flatMap { $0.gpus == gpus && levels.last?.span == gpus ? $0 : nil }
  }

  /// The pool with what was measured of it: levels have the bandwidth of the largest measured group
  /// of neighbours that they join, per GPU, and groups that were measured have their own.
  ///
  /// Complexity: O(levels · groups).
  package func measured(_ network: MeasuredNetwork) -> Pool {
    var pool = self
    pool.measurements = network
    var inner = 1
    for index in levels.indices {
      let span = levels[index].span
      let joined = network.consecutive.keys.filter { $0 > inner && $0 <= span }.max()
      if let joined, let reached = network.consecutive[joined] {
        // All GPUs of an inner block share what it sends.
        pool.levels[index].bandwidth = reached / Double(inner)
        pool.levels[index].peerBandwidth = nil
        pool.levels[index].isMeasured = true
      }
      inner = span
    }
    if nodes > 1, let outermost = pool.levels.last, outermost.isMeasured {
      pool.uplink.bandwidth = outermost.bandwidth
      pool.uplink.isMeasured = true
    }
    return pool
  }
}
