/// Where the ranks of a mesh sit: consecutive ranks on consecutive GPUs of a pool, from a first one
/// on.
package struct DevicePlacement: Hashable, Sendable {
  package var mesh: DeviceMesh
  package var pool: Pool
  /// The GPU of rank 0, counted through the pool's nodes.
  package var firstGPU: Int

  package init(_ mesh: DeviceMesh, on pool: Pool, firstGPU: Int = 0) {
    precondition(
      firstGPU >= 0 && firstGPU + mesh.ranks <= pool.gpus, "the mesh has more ranks than GPUs")
    self.mesh = mesh
    self.pool = pool
    self.firstGPU = firstGPU
  }

  package func device(ofRank rank: Int) -> (node: String, gpu: Int) {
    let gpu = firstGPU + rank
    return (pool.nodeNames[gpu / pool.gpusPerNode], gpu % pool.gpusPerNode)
  }

  /// The GPUs of a pipeline stage, node by node in rank order. Complexity: O(GPUs of the stage).
  package func devices(ofStage stage: Int) -> [DeviceGroup] {
    var groups: [DeviceGroup] = []
    var node = -1
    let perReplica = mesh.tensor * mesh.context
    for replica in 0..<mesh.data {
      let first = firstGPU + mesh.rank(data: replica, pipeline: stage)
      for gpu in first..<(first + perReplica) {
        if gpu / pool.gpusPerNode != node {
          node = gpu / pool.gpusPerNode
          groups.append(DeviceGroup(node: pool.nodeNames[node], gpus: []))
        }
        groups[groups.count - 1].gpus.append(gpu % pool.gpusPerNode)
      }
    }
    return groups
  }

  /// The GPUs of all stages, in order.
  package var stages: [[DeviceGroup]] { (0..<mesh.pipeline).map(devices(ofStage:)) }
}
