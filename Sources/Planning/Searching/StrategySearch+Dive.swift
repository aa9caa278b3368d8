import Costing
import Quantities
import Scheduling

/// How a search that is stopped before it has any plan comes to a first one.
extension StrategySearch {
  /// A number of stages and replicas.
  private struct Shape {
    var slice: Int
    var pipeline: Int
    var data: Int
    /// Stages at most with as many replicas.
    var deepest: Int
    var bound: Double
  }

  /// Tries, of each way to split a layer with the smallest micro-batches, the best shape that seems to have
  /// room, and deeper ones: those with the least bounds first.
  ///
  /// Complexity: O(splits · replicas) and O(1) cuts.
  mutating func dive() {
    var shapes: [Shape] = []
    for (split, most) in splits {
      guard let size = space.microBatchSizes(split).first else { continue }
      let slice = addSlice(split, size, most)
      if let shape = roomyShape(slice, most) { shapes.append(shape) }
    }
    shapes.sort { ($0.bound, $0.slice) < ($1.bound, $1.slice) }
    var left = Self.divingEffort
    for shape in shapes {
      var fewest = shape.pipeline
      while let pipeline = pipelineChoices.last(where: { $0 >= fewest && $0 <= shape.deepest }) {
        guard left > 0, found.isEmpty else { return }
        left -= 1
        if let node = likeliest(shape.slice, pipeline: pipeline, data: shape.data) {
          evaluate(node, cutoff: .infinity)
        }
        fewest = 2 * pipeline
      }
    }
  }

  /// Strategies that a dive cuts at most.
  private static let divingEffort = 8

  /// Of the shapes of a slice with the fewest stages that seem to have room beside so many replicas, the one
  /// with the least bound.
  private func roomyShape(_ index: Int, _ replicaStages: Int) -> Shape? {
    let slice = slices[index]
    var best: Shape?
    for data in dataChoices where data <= replicaStages {
      guard let microBatches = space.microBatches(slice.parallelism, data: data),
        let zero = space.zeroChoices(slice.parallelism, data: data).max(),
        let pipeline = fewestStages(
          slice, zero, data: data, microBatches: microBatches, most: replicaStages / data)
      else { continue }
      let seconds =
        Double(microBatches)
        * max(slice.work / Double(pipeline), fullestBlocks[pipeline] * slice.block.passes)
      let bound = scale.score(
        seconds, gpus: slice.parallelism.tensor * slice.parallelism.context * pipeline * data,
        replicas: slice.parallelism.context * data)
      if bound < best?.bound ?? .infinity {
        best = Shape(
          slice: index, pipeline: pipeline, data: data, deepest: replicaStages / data,
          bound: bound)
      }
    }
    return best
  }

  /// Of those with which stages seem to have room.
  private func fewestStages(
    _ slice: StrategySlice, _ zero: ZeroStage, data: Int, microBatches: Int, most: Int
  ) -> Int? {
    let states = states(of: slice, zero, data: data)
    return pipelineChoices.last {
      $0 <= most && hasRoom(slice, states, pipeline: $0, microBatches: microBatches)
    }
  }

  /// Whether a stage with its whole part of the blocks seems to have room for its states, and for all
  /// micro-batches that 1F1B holds at the first stage, all layers recomputed.
  private func hasRoom(
    _ slice: StrategySlice, _ states: Double, pipeline: Int, microBatches: Int
  ) -> Bool {
    let room = (problem.memoryLimit - problem.runtimeMemory).value
    let blocks = max(1, fullestBlocks[min(1, fullestBlocks.count - 1)])
    let held = Double(min(pipeline, microBatches)) * slice.activations(.full)
    return (states + held) * fullestBlocks[pipeline] / blocks <= room
  }

  /// Bytes of all of a slice's.
  private func states(of slice: StrategySlice, _ zero: ZeroStage, data: Int) -> Double {
    var split = slice.parallelism
    split.data = data
    split.zeroStage = zero
    let states = problem.costs.states(split)
    return slice.parameters * states.perParameter
      + slice.expertParameters * states.perExpertParameter
  }

  /// The strategy of a shape with the least bound whose stages seem to have room: under 1F1B, which holds fewest
  /// micro-batches, if that may be.
  private mutating func likeliest(_ index: Int, pipeline: Int, data: Int) -> Node? {
    let slice = slice(index, data: data)
    guard var bounds = bounds(of: slice, index, pipeline: pipeline, data: data),
      let microBatches = space.microBatches(slice.parallelism, data: data)
    else { return nil }
    var best: ShapeBounds.Strategy?
    func rank(_ strategy: ShapeBounds.Strategy) -> (Int, Double) {
      (strategy.schedule == .oneForwardOneBackward ? 0 : 1, strategy.seconds)
    }
    _ = bounds.forEachStrategy(below: .infinity) { strategy in
      guard best.map({ rank(strategy) < rank($0) }) ?? true,
        hasRoom(
          slice, states(of: slice, strategy.zero, data: data), pipeline: pipeline,
          microBatches: microBatches)
      else { return }
      best = strategy
    }
    return best.map {
      Node(
        level: .strategy, zero: $0.zero, recompute: $0.recompute, schedule: $0.schedule,
        rankOrder: bounds.rankOrders.usual, index: Int32(index), pipeline: Int32(pipeline),
        data: Int32(data), chunks: Int32($0.chunks))
    }
  }
}
