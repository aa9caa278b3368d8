import Costing
import Hardware
import Quantities

/// One GPU of a cluster.
package struct Device: Hashable, Sendable, Comparable {
  package var node: String
  package var gpu: Int

  package init(node: String, gpu: Int) {
    self.node = node
    self.gpu = gpu
  }

  package static func < (a: Device, b: Device) -> Bool { (a.node, a.gpu) < (b.node, b.gpu) }
}

/// The GPUs of plans by number, in the order of `Device`: names are compared and hashed once a node.
struct DeviceNumbers {
  /// Of nodes, sorted.
  let names: [String]
  private let placeOf: [String: Int]
  /// Numbers that a node has: as many as the one with the most GPUs needs.
  private let perNode: Int

  init(_ plans: [Plan]) {
    var names: Set<String> = []
    var last = 0
    for stage in plans.lazy.flatMap(\.stages) {
      for group in stage.devices {
        names.insert(group.node)
        last = max(last, group.gpus.max() ?? 0)
      }
    }
    self.names = names.sorted()
    placeOf = Dictionary(uniqueKeysWithValues: zip(self.names, self.names.indices))
    perNode = last + 1
  }

  var count: Int { names.count * perNode }

  func first(ofNode name: String) -> Int { placeOf[name]! * perNode }

  func node(of number: Int) -> Int { number / perNode }

  subscript(number: Int) -> Device {
    Device(node: names[node(of: number)], gpu: number % perNode)
  }
}

/// Which part of every layer's states each GPU holds under a plan.
///
/// A layer's states are the interval 0 ..< 1. The tensor-parallel rank `t` of T has
/// t/T ..< (t + 1)/T of the weights, on every replica; of optimizer states the same, or where they are
/// sharded (ZeRO-1 and above) only its own n-th of that interval, for n data and context ranks; with
/// ZeRO-3 so of the weights. Experts count as any other weights: spread or not, as many bytes move.
struct StateShards {
  let strategy: ParallelStrategy
  let stages: [Stage]
  let numbers: DeviceNumbers

  struct Stage {
    var nodes: Range<Int>
    var tensor: Int
    /// Data and context ranks.
    var replicas: Int
    /// By replica, then tensor rank.
    var devices: [Int]
    /// The tensor rank and replica of a device.
    var places: [Int: (tensor: Int, replica: Int)]
    var replicasByNode: [Int: [Int]]
  }

  enum State: CaseIterable { case weights, optimizer }

  /// - Parameter numbers: Of the plan's devices, and others.
  init(_ plan: Plan, _ numbers: DeviceNumbers) {
    strategy = plan.strategy
    self.numbers = numbers
    var stages: [Stage] = []
    for (index, stage) in plan.stages.enumerated() {
      let share = plan.seatedStages[index].share
      let devices = stage.devices.flatMap { group in
        let first = numbers.first(ofNode: group.node)
        return group.gpus.map { first + $0 }
      }
      for range in stage.layerRanges {
        stages.append(
          Stage(
            nodes: range.lowerBound..<(range.upperBound + 1), tensor: share.tensor,
            replicas: share.data * plan.strategy.context, devices: devices, numbers))
      }
    }
    self.stages = stages.sorted { $0.nodes.lowerBound < $1.nodes.lowerBound }
  }

  func isSharded(_ state: State) -> Bool {
    strategy.zeroStage >= (state == .weights ? .weights : .optimizer)
  }

  /// The interval of a GPU's states.
  func interval(_ state: State, _ stage: Stage, tensor: Int, replica: Int) -> Interval {
    let (t, n) = (Double(stage.tensor), Double(stage.replicas))
    guard isSharded(state) else {
      return Interval(Double(tensor) / t, Double(tensor + 1) / t)
    }
    let part = Double(tensor * stage.replicas + replica)
    return Interval(part / (t * n), (part + 1) / (t * n))
  }
}

extension StateShards.Stage {
  init(
    nodes: Range<Int>, tensor: Int, replicas: Int, devices: [Int], _ numbers: DeviceNumbers
  ) {
    self.nodes = nodes
    self.tensor = tensor
    self.replicas = replicas
    self.devices = devices
    places = [:]
    replicasByNode = [:]
    for (index, device) in devices.enumerated() {
      let (replica, rank) = (index / tensor, index % tensor)
      places[device] = (rank, replica)
      let node = numbers.node(of: device)
      if replicasByNode[node]?.last != replica { replicasByNode[node, default: []].append(replica) }
    }
  }

  func device(tensor rank: Int, replica: Int) -> Int { devices[replica * tensor + rank] }
}

/// A part of a layer's states.
struct Interval: Hashable {
  var lower: Double
  var upper: Double

  init(_ lower: Double, _ upper: Double) {
    self.lower = lower
    self.upper = upper
  }

  var length: Double { max(0, upper - lower) }

  func clamped(to other: Interval) -> Interval {
    Interval(max(lower, other.lower), min(upper, other.upper))
  }
}
