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

  /// Of all transfers.
  package var bytes = ByteCount.zero

  package static let none = Migration()
}

/// Intersects what GPUs hold under one plan with what they need under others.
struct MigrationPlan {
  /// On the cluster as it is now.
  let problem: ClusterProblem
  let old: StateShards
  private let numbers: DeviceNumbers
  /// By node.
  private let isLost: [Bool]
  /// By node; nil where the cluster no longer has it.
  private let poolOfNode: [Int?]
  /// Bytes of weights and optimizer states of the layers before each.
  private let weightBytes: [Double]
  private let optimizerBytes: [Double]

  /// - Parameter before: The problem on the cluster of the old plan.
  init(
    _ problem: ClusterProblem, before: ClusterProblem, from old: Plan, lostNodes: Set<String>
  ) {
    self.problem = problem
    numbers = DeviceNumbers([before.cluster, problem.cluster])
    self.old = StateShards(old, numbers)
    isLost = numbers.names.map(lostNodes.contains)
    var pools = [Int?](repeating: nil, count: numbers.names.count)
    for (index, pool) in problem.cluster.pools.enumerated() {
      for name in pool.nodeNames { pools[numbers.node(of: numbers.first(ofNode: name))] = index }
    }
    poolOfNode = pools
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

  /// What comes to GPU after GPU, for run after run of layers.
  private struct Arrivals {
    var drafts: [Draft] = []
    var fromCheckpoint = 0.0
    /// Of the first draft for the GPU and run at hand.
    private var first = 0
    /// Of senders to it, once they are too many to go through.
    private var places: [Int: Int] = [:]
    private static let few = 8

    /// Goes on to another GPU or run.
    mutating func begin() {
      first = drafts.count
      if !places.isEmpty { places = [:] }
    }

    mutating func add(_ bytes: Double, of state: StateShards.State, _ empty: Draft) {
      let place = place(ofSender: empty.from) ?? drafts.count
      if place == drafts.count {
        drafts.append(empty)
        if drafts.count - first > Self.few {
          for place in (first + places.count)..<drafts.count { places[drafts[place].from] = place }
        }
      }
      switch state {
      case .weights: drafts[place].weights += bytes
      case .optimizer: drafts[place].optimizer += bytes
      }
    }

    private func place(ofSender from: Int) -> Int? {
      drafts.count - first <= Self.few
        ? drafts[first...].firstIndex { $0.from == from } : places[from]
    }
  }

  /// Every GPU keeps what it has and fetches the rest from a GPU that has it: one of its node where
  /// there is one, else those of the replicas in turn.
  ///
  /// Layers that lie in one stage of either plan move alike, so that runs of them are one transfer.
  /// Complexity: O(GPUs · runs a stage · holders that overlap).
  func migration(to plan: Plan, checkpointRate: Bandwidth?) -> Migration {
    let new = StateShards(plan, numbers)
    var arrivals = Arrivals()
    for stage in new.stages {
      for source in old.stages where source.nodes.overlaps(stage.nodes) {
        let run = source.nodes.clamped(to: stage.nodes)
        for (index, device) in stage.devices.enumerated() {
          let (replica, rank) = (index / stage.tensor, index % stage.tensor)
          arrivals.begin()
          for state in StateShards.State.allCases {
            let needed = new.interval(state, stage, tensor: rank, replica: replica)
            fetch(state, needed, for: device, replica, run, source, &arrivals)
          }
        }
      }
    }
    let drafts = inOrder(arrivals.drafts)
    var migration = Migration()
    migration.transfers = drafts.map {
      Migration.Transfer(
        from: numbers[$0.from], to: numbers[$0.to],
        layers: $0.layers.lowerBound...($0.layers.upperBound - 1), weights: ByteCount($0.weights),
        optimizer: ByteCount($0.optimizer))
    }
    migration.bytes = migration.transfers.reduce(.zero) { $0 + $1.bytes }
    migration.fromCheckpoint = ByteCount(arrivals.fromCheckpoint)
    migration.time = time(drafts, migration.fromCheckpoint, checkpointRate)
    return migration
  }

  /// By sender, receiver and layers, in which order they already are. Complexity: O(drafts + GPUs).
  private func inOrder(_ drafts: [Draft]) -> [Draft] {
    counted(counted(drafts, by: { $0.to }), by: { $0.from })
  }

  /// Those of each GPU after those of the one before, else in the order that they have.
  private func counted(_ drafts: [Draft], by device: (Draft) -> Int) -> [Draft] {
    var places = [Int](repeating: 0, count: numbers.count + 1)
    for draft in drafts { places[device(draft) + 1] += 1 }
    for number in 0..<numbers.count { places[number + 1] += places[number] }
    var ordered = drafts
    for draft in drafts {
      ordered[places[device(draft)]] = draft
      places[device(draft)] += 1
    }
    return ordered
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
      arrivals.add(wanted, of: state, Draft(from: holder, to: device, layers: run))
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
    if !isLost[numbers.node(of: device)],
      let near = old.holder(ofTensor: part, source, near: device)
    {
      return near
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
