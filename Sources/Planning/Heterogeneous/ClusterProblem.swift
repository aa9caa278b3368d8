import Costing
import Hardware
import Quantities
import Workload

/// A job on a cluster of one or several pools.
package struct ClusterProblem: Sendable {
  package let graph: LayerGraph
  package let cluster: Cluster
  package let job: TrainingJob
  package let parameters: CostParameters
  package let memoryHeadroomFraction: Double
  /// The job on each pool alone.
  package let pools: [PlanningProblem]

  package init(
    graph: LayerGraph, cluster: Cluster, job: TrainingJob, parameters: CostParameters,
    memoryHeadroomFraction: Double
  ) {
    self.graph = graph
    self.cluster = cluster
    self.job = job
    self.parameters = parameters
    self.memoryHeadroomFraction = memoryHeadroomFraction
    pools = cluster.pools.map {
      PlanningProblem(
        graph: graph, pool: $0, job: job, parameters: parameters,
        memoryHeadroomFraction: memoryHeadroomFraction)
    }
  }

  /// The same job on another cluster.
  package func on(_ cluster: Cluster) -> ClusterProblem {
    ClusterProblem(
      graph: graph, cluster: cluster, job: job, parameters: parameters,
      memoryHeadroomFraction: memoryHeadroomFraction)
  }

  /// What one GPU sends to one of another pool: the network between them at the efficiency of the
  /// worse side.
  ///
  /// - Precondition: the cluster has several pools.
  func link(from a: Int, to b: Int) -> (bandwidth: Bandwidth, latency: Seconds) {
    guard let level = cluster.interPool else {
      preconditionFailure("pools are joined by a network")
    }
    let part = min(pools[a].costs.chip.network, pools[b].costs.chip.network)
    return (
      level.bandwidth * part, max(level.latency, parameters.software.networkLatency)
    )
  }

  /// A pool seen from a group of GPUs that begins in it and goes on in others: of its own network
  /// only the part that `gpus` of it make up, and beyond that the network between the pools.
  func pool(_ index: Int, reachingBeyond gpus: Int) -> PlanningProblem {
    var pool = cluster.pools[index]
    guard let level = cluster.interPool else {
      preconditionFailure("pools are joined by a network")
    }
    let outer = pool.levels.first { $0.span >= gpus } ?? pool.levels.last!
    pool.levels = pool.levels.filter { $0.span < gpus }
    if gpus > (pool.levels.last?.span ?? 0), gpus > 1 || pool.levels.isEmpty {
      var home = outer
      home.span = gpus
      pool.levels.append(home)
    }
    var beyond = level
    beyond.span = cluster.gpus
    pool.levels.append(beyond)
    return PlanningProblem(
      graph: graph, pool: pool, job: job, parameters: parameters,
      memoryHeadroomFraction: memoryHeadroomFraction)
  }
}
