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

/// The GPUs of clusters by number, in the order of `Device`: names are compared and hashed once a node.
struct DeviceNumbers {
  /// Of nodes, sorted.
  let names: [String]
  private let placeOf: [String: Int]
  /// Numbers that a node has: as many as the one with the most GPUs needs.
  private let perNode: Int

  init(_ clusters: [Cluster]) {
    let pools = clusters.flatMap(\.pools)
    names = Set(pools.flatMap(\.nodeNames)).sorted()
    placeOf = Dictionary(uniqueKeysWithValues: zip(names, names.indices))
    perNode = pools.reduce(0) { max($0, $1.gpusPerNode) }
  }

  var count: Int { names.count * perNode }

  func first(ofNode name: String) -> Int { placeOf[name]! * perNode }

  func node(of number: Int) -> Int { number / perNode }

  /// Of all GPUs of a node.
  func numbers(ofNode node: Int) -> Range<Int> { (node * perNode)..<((node + 1) * perNode) }

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

  /// By device, where it is in its stage; nil where it has none.
  private let places: [Place?]

  /// Layers next to each other that a stage has.
  struct Stage {
    /// Of the plan's stages.
    var index: Int
    var nodes: Range<Int>
    var tensor: Int
    /// Data and context ranks.
    var replicas: Int
    /// By replica, then tensor rank.
    var devices: [Int]

    func device(tensor rank: Int, replica: Int) -> Int { devices[replica * tensor + rank] }
  }

  private struct Place {
    var stage: Int32
    /// Among the stage's devices.
    var index: Int32
  }

  enum State: CaseIterable { case weights, optimizer }

  /// - Parameter numbers: Of the plan's devices, and others.
  init(_ plan: Plan, _ numbers: DeviceNumbers) {
    strategy = plan.strategy
    self.numbers = numbers
    var stages: [Stage] = []
    var places = [Place?](repeating: nil, count: numbers.count)
    for (index, stage) in plan.stages.enumerated() {
      let share = plan.seatedStages[index].share
      let devices = stage.devices.flatMap { group in
        let first = numbers.first(ofNode: group.node)
        return group.gpus.map { first + $0 }
      }
      for (place, device) in devices.enumerated() {
        places[device] = Place(stage: Int32(index), index: Int32(place))
      }
      for range in stage.layerRanges {
        stages.append(
          Stage(
            index: index, nodes: range.lowerBound..<(range.upperBound + 1), tensor: share.tensor,
            replicas: share.data * plan.strategy.context, devices: devices))
      }
    }
    self.places = places
    self.stages = stages.sorted { $0.nodes.lowerBound < $1.nodes.lowerBound }
  }

  func isSharded(_ state: State) -> Bool {
    strategy.zeroStage >= (state == .weights ? .weights : .optimizer)
  }

  /// A GPU that has a tensor rank of a stage: one itself, else the first of its node.
  /// Complexity: O(GPUs of a node).
  func holder(ofTensor rank: Int, _ stage: Stage, near device: Int) -> Int? {
    if place(of: device, in: stage, tensor: rank) != nil { return device }
    var first: (place: Int, device: Int)?
    for near in numbers.numbers(ofNode: numbers.node(of: device)) {
      guard let place = place(of: near, in: stage, tensor: rank) else { continue }
      if let known = first, known.place < place { continue }
      first = (place, near)
    }
    return first?.device
  }

  private func place(of device: Int, in stage: Stage, tensor rank: Int) -> Int? {
    guard let place = places[device], place.stage == stage.index,
      Int(place.index) % stage.tensor == rank
    else { return nil }
    return Int(place.index)
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
