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
    let whole = Array(0..<pool.gpusPerNode)
    // Of the last group's node.
    var start = -1
    // Replicas next to each other are one run of GPUs.
    let areNeighbours = mesh.stride(.data) == mesh.tensor * mesh.context
    let (runs, length) = (
      areNeighbours ? 1 : mesh.data, mesh.ranks / mesh.pipeline / (areNeighbours ? 1 : mesh.data)
    )
    for run in 0..<runs {
      var gpu = firstGPU + mesh.rank(data: run, pipeline: stage)
      let end = gpu + length
      while gpu < end {
        let first = gpu / pool.gpusPerNode * pool.gpusPerNode
        let own = (gpu - first)..<min(end - first, pool.gpusPerNode)
        if first == start {
          groups[groups.count - 1].gpus += own
        } else {
          start = first
          groups.append(
            DeviceGroup(
              node: pool.nodeNames[first / pool.gpusPerNode],
              gpus: own.count == whole.count ? whole : Array(own)))
        }
        gpu = first + own.upperBound
      }
    }
    return groups
  }

  /// The GPUs of all stages, in order.
  package var stages: [[DeviceGroup]] { (0..<mesh.pipeline).map(devices(ofStage:)) }
}
