import Costing
import Hardware
import Quantities
import Workload

/// What must move from GPU to GPU before a job can go on under another plan.
package struct Migration: Hashable, Sendable {
  /// States of a run of layers that one GPU sends to another.
  package struct Transfer: Hashable, Sendable {
    package var from: Device
    package var to: Device
    package var layers: ClosedRange<Int>
    package var weights: ByteCount
    package var optimizer: ByteCount
    package var bytes: ByteCount { weights + optimizer }
  }

  package var transfers: [Transfer] = []
  /// What no GPU that is left holds: it comes from the last checkpoint.
  package var fromCheckpoint = ByteCount.zero
  /// How long moving takes when all GPUs send and receive at once.
  package var time = Seconds.zero

  package var bytes: ByteCount { transfers.reduce(.zero) { $0 + $1.bytes } }

  package static let none = Migration()
}

/// Intersects what GPUs hold under one plan with what they need under another.
struct MigrationPlan {
  let problem: ClusterProblem
  let old: StateShards
  let new: StateShards
  let lostNodes: Set<String>
  /// Bytes of weights and optimizer states of the layers before each.
  private let weightBytes: [Double]
  private let optimizerBytes: [Double]

  /// - Parameter problem: On the cluster as it is now.
  init(_ problem: ClusterProblem, from old: Plan, to new: Plan, lostNodes: Set<String>) {
    self.problem = problem
    self.old = StateShards(old)
    self.new = StateShards(new)
    self.lostNodes = lostNodes
    let job = problem.job
    var parameters = [0.0]
    for node in problem.graph.nodes.indices {
      parameters.append(parameters[node] + Double(problem.graph.layer(node).parameters))
    }
    weightBytes = parameters.map { $0 * job.precision.weightBytes }
    optimizerBytes = parameters.map { $0 * job.optimizerBytes }
  }

  private struct Route: Hashable {
    var from: Device
    var to: Device
    var first: Int
  }

  /// Every GPU keeps what it has and fetches the rest from a GPU that has it: one of its node where
  /// there is one, else those of the replicas in turn.
  ///
  /// Layers that lie in one stage of either plan move alike, so that runs of them are one transfer.
  /// Complexity: O(GPUs · runs a stage · holders that overlap).
  func migration(checkpointRate: Bandwidth?) -> Migration {
    var migration = Migration()
    var places: [Route: Int] = [:]
    for stage in new.stages {
      for source in old.stages where source.nodes.overlaps(stage.nodes) {
        let run = source.nodes.clamped(to: stage.nodes)
        for (index, device) in stage.devices.enumerated() {
          let (replica, rank) = (index / stage.tensor, index % stage.tensor)
          for state in StateShards.State.allCases {
            let needed = new.interval(state, stage, tensor: rank, replica: replica)
            fetch(state, needed, for: device, replica, run, source, &migration, &places)
          }
        }
      }
    }
    migration.transfers.sort {
      ($0.from, $0.to, $0.layers.lowerBound) < ($1.from, $1.to, $1.layers.lowerBound)
    }
    migration.time = time(migration, checkpointRate)
    return migration
  }

  private func fetch(
    _ state: StateShards.State, _ needed: Interval, for device: Device, _ replica: Int,
    _ run: Range<Int>, _ source: StateShards.Stage, _ migration: inout Migration,
    _ places: inout [Route: Int]
  ) {
    let sums = state == .weights ? weightBytes : optimizerBytes
    let bytes = sums[run.upperBound] - sums[run.lowerBound]
    guard bytes > 0 else { return }
    let parts = source.tensor * (old.isSharded(state) ? source.replicas : 1)
    // A hair inside, so that a bound that two parts share belongs to one.
    let hair = 1e-9
    let first = max(0, Int((needed.lower + hair) * Double(parts)))
    let last = min(parts - 1, Int((needed.upper - hair) * Double(parts)))
    guard first <= last else { return }
    for part in first...last {
      let held = Interval(Double(part) / Double(parts), Double(part + 1) / Double(parts))
      let wanted = held.clamped(to: needed).length * bytes
      guard wanted > 0 else { continue }
      guard let holder = holder(of: part, state, source, for: device, replica) else {
        migration.fromCheckpoint += ByteCount(wanted)
        continue
      }
      if holder == device { continue }
      let route = Route(from: holder, to: device, first: run.lowerBound)
      let place = places[route] ?? migration.transfers.count
      if place == migration.transfers.count {
        places[route] = place
        migration.transfers.append(
          Migration.Transfer(
            from: holder, to: device, layers: run.lowerBound...(run.upperBound - 1),
            weights: .zero, optimizer: .zero))
      }
      switch state {
      case .weights: migration.transfers[place].weights += ByteCount(wanted)
      case .optimizer: migration.transfers[place].optimizer += ByteCount(wanted)
      }
    }
  }

  /// A GPU that is left and holds a part: the device itself, one of its node, or any.
  private func holder(
    of part: Int, _ state: StateShards.State, _ source: StateShards.Stage, for device: Device,
    _ replica: Int
  ) -> Device? {
    if old.isSharded(state) {
      let only = source.device(tensor: part / source.replicas, replica: part % source.replicas)
      return lostNodes.contains(only.node) ? nil : only
    }
    if !lostNodes.contains(device.node) {
      if let own = source.places[device], own.tensor == part { return device }
      for near in source.replicasByNode[device.node] ?? [] {
        let holder = source.device(tensor: part, replica: near)
        if holder.node == device.node { return holder }
      }
    }
    for turn in 0..<source.replicas {
      let holder = source.device(tensor: part, replica: (replica + turn) % source.replicas)
      if !lostNodes.contains(holder.node) { return holder }
    }
    return nil
  }

  /// All GPUs send and receive at once, each within a node over its scale-up link and else over its
  /// network port; the busiest decides. The checkpoint is read meanwhile.
  private func time(_ migration: Migration, _ checkpointRate: Bandwidth?) -> Seconds {
    var poolOfNode: [String: Int] = [:]
    for (index, pool) in problem.cluster.pools.enumerated() {
      for node in pool.nodeNames { poolOfNode[node] = index }
    }
    var busy: [Device: (sent: Double, received: Double)] = [:]
    for transfer in migration.transfers {
      guard let from = poolOfNode[transfer.from.node], let to = poolOfNode[transfer.to.node] else {
        preconditionFailure("only GPUs of the cluster hold and need states")
      }
      let rate: Bandwidth
      if transfer.from.node == transfer.to.node {
        rate = problem.cluster.pools[from].levels[0].bandwidth(
          atEfficiency: problem.pools[from].costs.chip.scaleUp)
      } else if from == to {
        rate = problem.cluster.pools[from].levels.last!.bandwidth(
          atEfficiency: problem.pools[from].costs.chip.network)
      } else {
        rate = problem.link(from: from, to: to).bandwidth
      }
      let seconds = (transfer.bytes / rate).value
      busy[transfer.from, default: (0, 0)].sent += seconds
      busy[transfer.to, default: (0, 0)].received += seconds
    }
    let slowest = busy.values.reduce(0.0) { max($0, $1.sent, $1.received) }
    let reading = checkpointRate.map { (migration.fromCheckpoint / $0).value } ?? 0
    return Seconds(max(slowest, reading))
  }
}
