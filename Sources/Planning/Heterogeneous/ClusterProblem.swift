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
  /// Of layers on one type of GPU, where there are any.
  package let measurements: TypedMeasurements?
  /// What a GPU may hold, where that is not what its memory and the headroom say.
  private var memory = Memory.own

  private enum Memory {
    case own
    /// No more than so much, be it larger.
    case atMost(ByteCount)
    case unlimited
  }

  /// The job on each pool alone.
  package private(set) var pools: [PlanningProblem] = []

  package init(
    graph: LayerGraph, cluster: Cluster, job: TrainingJob, parameters: CostParameters,
    memoryHeadroomFraction: Double, measurements: TypedMeasurements? = nil
  ) {
    self.graph = graph
    self.cluster = cluster
    self.job = job
    self.parameters = parameters
    self.memoryHeadroomFraction = memoryHeadroomFraction
    self.measurements = measurements
    pools = cluster.pools.map { alone(on: $0) }
  }

  /// The same job on another cluster.
  package func on(_ cluster: Cluster) -> ClusterProblem {
    ClusterProblem(
      graph: graph, cluster: cluster, job: job, parameters: parameters,
      memoryHeadroomFraction: memoryHeadroomFraction, measurements: measurements)
  }

  /// The same on GPUs of which none may hold more.
  func limited(to memory: ByteCount) -> ClusterProblem {
    with(.atMost(memory))
  }

  /// The same on GPUs that hold whatever is asked of them.
  var ignoringMemory: ClusterProblem { with(.unlimited) }

  private func with(_ memory: Memory) -> ClusterProblem {
    var other = self
    other.memory = memory
    other.pools = pools.map { other.limited($0) }
    return other
  }

  private func limited(_ alone: PlanningProblem) -> PlanningProblem {
    switch memory {
    case .own: alone
    case .atMost(let memory): alone.limited(to: min(alone.memoryLimit, memory))
    case .unlimited: alone.limited(to: ByteCount(.infinity))
    }
  }

  /// A plan with its devices, held against what the GPUs may hold.
  func placed(_ plan: MixedPlan) -> MixedPlan {
    if case .own = memory { return plan.placed(on: cluster) }
    return MixedPlan(on(cluster), plan.strategy, plan.split)
  }

  /// The job on one pool, and on nothing else.
  func alone(on pool: Pool) -> PlanningProblem {
    limited(
      PlanningProblem(
        graph: graph, pool: pool, job: job, parameters: parameters,
        memoryHeadroomFraction: memoryHeadroomFraction,
        measurements: measurements?.layers(on: pool.accelerator)))
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
      level.bandwidth(atEfficiency: part), max(level.latency, parameters.software.networkLatency)
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
    return alone(on: pool)
  }
}

/// What layers cost on one type of GPU.
package struct TypedMeasurements: Sendable {
  package let accelerator: Accelerator
  package let layers: any LayerMeasurements

  package init(_ layers: any LayerMeasurements, of accelerator: Accelerator) {
    self.layers = layers
    self.accelerator = accelerator
  }

  /// The same for GPUs of the type that have become slow; `nil` for those of another type.
  func layers(on other: Accelerator) -> (any LayerMeasurements)? {
    guard other.id == accelerator.id else { return nil }
    let speed = other.memoryBandwidth / accelerator.memoryBandwidth
    return speed == 1 ? layers : layers.slowed(to: speed)
  }
}
