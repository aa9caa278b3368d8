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
  private let numbers: DeviceNumbers
  /// By node.
  private let isLost: [Bool]
  /// Bytes of weights and optimizer states of the layers before each.
  private let weightBytes: [Double]
  private let optimizerBytes: [Double]

  /// - Parameter problem: On the cluster as it is now.
  init(_ problem: ClusterProblem, from old: Plan, to new: Plan, lostNodes: Set<String>) {
    self.problem = problem
    numbers = DeviceNumbers([old, new])
    self.old = StateShards(old, numbers)
    self.new = StateShards(new, numbers)
    isLost = numbers.names.map(lostNodes.contains)
    let job = problem.job
    var parameters = [0.0]
    for node in problem.graph.nodes.indices {
      parameters.append(parameters[node] + Double(problem.graph.layer(node).parameters))
    }
    weightBytes = parameters.map { $0 * job.precision.weightBytes }
    optimizerBytes = parameters.map { $0 * job.optimizerBytes }
  }

  /// A transfer under way to being known, by numbers.
  private struct Draft {
    var from: Int
    var to: Int
    var layers: Range<Int>
    var weights = 0.0
    var optimizer = 0.0
    var bytes: Double { weights + optimizer }
  }

  /// What comes to one GPU for one run of layers.
  private struct Arrivals {
    var drafts: [Draft] = []
    var fromCheckpoint = 0.0
    /// Of senders, once they are too many to go through.
    private var places: [Int: Int] = [:]
    private static let few = 8

    mutating func add(_ bytes: Double, of state: StateShards.State, from: Int, _ empty: Draft) {
      let known =
        drafts.count <= Self.few ? drafts.firstIndex { $0.from == from } : places[from]
      let place = known ?? drafts.count
      if known == nil {
        drafts.append(empty)
        if drafts.count > Self.few {
          for place in places.count..<drafts.count { places[drafts[place].from] = place }
        }
      }
      switch state {
      case .weights: drafts[place].weights += bytes
      case .optimizer: drafts[place].optimizer += bytes
      }
    }
  }

  /// Every GPU keeps what it has and fetches the rest from a GPU that has it: one of its node where
  /// there is one, else those of the replicas in turn.
  ///
  /// Layers that lie in one stage of either plan move alike, so that runs of them are one transfer.
  /// Complexity: O(GPUs · runs a stage · holders that overlap).
  func migration(checkpointRate: Bandwidth?) -> Migration {
    var drafts: [Draft] = []
    var fromCheckpoint = 0.0
    for stage in new.stages {
      for source in old.stages where source.nodes.overlaps(stage.nodes) {
        let run = source.nodes.clamped(to: stage.nodes)
        for (index, device) in stage.devices.enumerated() {
          let (replica, rank) = (index / stage.tensor, index % stage.tensor)
          var arrivals = Arrivals()
          for state in StateShards.State.allCases {
            let needed = new.interval(state, stage, tensor: rank, replica: replica)
            fetch(state, needed, for: device, replica, run, source, &arrivals)
          }
          drafts += arrivals.drafts
          fromCheckpoint += arrivals.fromCheckpoint
        }
      }
    }
    drafts.sort {
      ($0.from, $0.to, $0.layers.lowerBound) < ($1.from, $1.to, $1.layers.lowerBound)
    }
    var migration = Migration()
    migration.transfers = drafts.map {
      Migration.Transfer(
        from: numbers[$0.from], to: numbers[$0.to],
        layers: $0.layers.lowerBound...($0.layers.upperBound - 1), weights: ByteCount($0.weights),
        optimizer: ByteCount($0.optimizer))
    }
    migration.fromCheckpoint = ByteCount(fromCheckpoint)
    migration.time = time(drafts, migration.fromCheckpoint, checkpointRate)
    return migration
  }

  private func fetch(
    _ state: StateShards.State, _ needed: Interval, for device: Int, _ replica: Int,
    _ run: Range<Int>, _ source: StateShards.Stage, _ arrivals: inout Arrivals
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
        arrivals.fromCheckpoint += wanted
        continue
      }
      if holder == device { continue }
      arrivals.add(
        wanted, of: state, from: holder, Draft(from: holder, to: device, layers: run))
    }
  }

  /// A GPU that is left and holds a part: the device itself, one of its node, or any.
  private func holder(
    of part: Int, _ state: StateShards.State, _ source: StateShards.Stage, for device: Int,
    _ replica: Int
  ) -> Int? {
    if old.isSharded(state) {
      let only = source.device(tensor: part / source.replicas, replica: part % source.replicas)
      return isLost[numbers.node(of: only)] ? nil : only
    }
    let node = numbers.node(of: device)
    if !isLost[node] {
      if let own = source.places[device], own.tensor == part { return device }
      for near in source.replicasByNode[node] ?? [] {
        let holder = source.device(tensor: part, replica: near)
        if numbers.node(of: holder) == node { return holder }
      }
    }
    for turn in 0..<source.replicas {
      let holder = source.device(tensor: part, replica: (replica + turn) % source.replicas)
      if !isLost[numbers.node(of: holder)] { return holder }
    }
    return nil
  }

  /// All GPUs send and receive at once, each within a node over its scale-up link and else over its
  /// network port; the busiest decides. The checkpoint is read meanwhile.
  private func time(
    _ drafts: [Draft], _ fromCheckpoint: ByteCount, _ checkpointRate: Bandwidth?
  ) -> Seconds {
    var pools: [String: Int] = [:]
    for (index, pool) in problem.cluster.pools.enumerated() {
      for node in pool.nodeNames { pools[node] = index }
    }
    let poolOfNode = numbers.names.map { pools[$0] }
    var sent = [Double](repeating: 0, count: numbers.count)
    var received = sent
    for draft in drafts {
      let nodes = (numbers.node(of: draft.from), numbers.node(of: draft.to))
      guard let from = poolOfNode[nodes.0], let to = poolOfNode[nodes.1] else {
        preconditionFailure("only GPUs of the cluster hold and need states")
      }
      let seconds = draft.bytes / rate(from, to, isWithinNode: nodes.0 == nodes.1).value
      sent[draft.from] += seconds
      received[draft.to] += seconds
    }
    let slowest = zip(sent, received).reduce(0.0) { max($0, $1.0, $1.1) }
    let reading = checkpointRate.map { (fromCheckpoint / $0).value } ?? 0
    return Seconds(max(slowest, reading))
  }

  private func rate(_ from: Int, _ to: Int, isWithinNode: Bool) -> Bandwidth {
    let (levels, chip) = (problem.cluster.pools[from].levels, problem.pools[from].costs.chip)
    if isWithinNode { return levels[0].bandwidth(atEfficiency: chip.scaleUp) }
    if from == to { return levels.last!.bandwidth(atEfficiency: chip.network) }
    return problem.link(from: from, to: to).bandwidth
  }
}
