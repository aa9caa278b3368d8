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
    devices(ofStage: stage, wholeNode: Array(0..<pool.gpusPerNode))
  }

  /// - Parameter wholeNode: every GPU of a node, one array for all groups that are a whole node.
  private func devices(ofStage stage: Int, wholeNode: [Int]) -> [DeviceGroup] {
    var groups: [DeviceGroup] = []
    let perNode = pool.gpusPerNode
    var lastNode = -1
    // Replicas next to each other are one run of GPUs.
    let areNeighbours = mesh.stride(.data) == mesh.tensor * mesh.context
    let (runs, length) = (
      areNeighbours ? 1 : mesh.data, mesh.ranks / mesh.pipeline / (areNeighbours ? 1 : mesh.data)
    )
    groups.reserveCapacity(runs * ((length - 1) / perNode + 1))
    for run in 0..<runs {
      let start = firstGPU + mesh.rank(data: run, pipeline: stage)
      let end = start + length
      for node in start / perNode...(end - 1) / perNode {
        let first = node * perNode
        let own = max(start - first, 0)..<min(end - first, perNode)
        if node == lastNode {
          groups[groups.count - 1].gpus += own
        } else {
          lastNode = node
          groups.append(
            DeviceGroup(
              node: pool.nodeNames[node],
              gpus: own.count == perNode ? wholeNode : Array(own)))
        }
      }
    }
    return groups
  }

  /// The GPUs of all stages, in order.
  package var stages: [[DeviceGroup]] {
    let wholeNode = Array(0..<pool.gpusPerNode)
    return (0..<mesh.pipeline).map { devices(ofStage: $0, wholeNode: wholeNode) }
  }
}
