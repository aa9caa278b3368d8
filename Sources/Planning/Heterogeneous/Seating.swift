import Hardware

extension MixedStrategy {
  /// The GPUs of each stage, replica by replica: on every pool the stages follow one another from
  /// its first node on, so that neighbours in the pipeline that share a pool are neighbours on it; or
  /// lane by lane, each of which then lies on one pool, as another order of ranks has it.
  ///
  /// Complexity: O(GPUs).
  package func devices(on cluster: Cluster) -> [[DeviceGroup]] {
    var next = [Int](repeating: 0, count: cluster.pools.count)
    if base.rankOrder != .tensorContextDataPipeline {
      return lanes.reduce(into: Array(repeating: [], count: stages)) { devices, lane in
        let seat = lane.seats[0]
        let mesh = DeviceMesh(
          tensor: seat.tensor, context: base.context, data: seat.data, pipeline: stages,
          order: base.rankOrder)
        let placement = DevicePlacement(
          mesh, on: cluster.pools[seat.pool], firstGPU: next[seat.pool])
        next[seat.pool] += mesh.ranks
        for stage in devices.indices { devices[stage] += placement.devices(ofStage: stage) }
      }
    }
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
