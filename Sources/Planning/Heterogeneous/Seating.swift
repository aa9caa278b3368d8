import Hardware

extension MixedStrategy {
  /// The GPUs of each stage, replica by replica: on every pool the stages follow one another from
  /// its first node on, so that neighbours in the pipeline that share a pool are neighbours on it. Where
  /// ranks are in another order, all stages lie on one pool.
  ///
  /// Complexity: O(GPUs).
  package func devices(on cluster: Cluster) -> [[DeviceGroup]] {
    if base.rankOrder != .tensorContextDataPipeline {
      return DevicePlacement(base.mesh, on: cluster.pools[lanes[0].seats[0].pool]).stages
    }
    var next = [Int](repeating: 0, count: cluster.pools.count)
    return (0..<stages).map { stage in
      var groups: [DeviceGroup] = []
      for lane in lanes {
        let seat = lane.seats[stage]
        let pool = cluster.pools[seat.pool]
        let first = next[seat.pool]
        next[seat.pool] += gpus(seat)
        for gpu in first..<next[seat.pool] {
          let (node, local) = (pool.nodeNames[gpu / pool.gpusPerNode], gpu % pool.gpusPerNode)
          if groups.last?.node == node {
            groups[groups.count - 1].gpus.append(local)
          } else {
            groups.append(DeviceGroup(node: node, gpus: [local]))
          }
        }
      }
      return groups
    }
  }

  /// Whether every pool has the GPUs that the strategy takes of it.
  package func fits(on cluster: Cluster) -> Bool {
    cluster.pools.indices.allSatisfy { gpus(onPool: $0) <= cluster.pools[$0].gpus }
  }
}
