import Costing
import Quantities

/// How many layers of one kind a stage gets through in a time, memory counted: those for which there is
/// no room are recomputed.
struct BlockRates: Hashable {
  /// Both passes of a layer, and what recomputing it adds.
  let seconds: Double
  let again: Double
  /// Bytes of a layer's states; of its activations of one micro-batch, and what of them recomputing
  /// saves.
  let states: Double
  let activations: Double
  let saved: Double
  /// Bytes for all that, and where some layer is recomputed, and so is all there while it runs.
  let room: Double
  let recomputingRoom: Double

  init(_ cost: LayerCost, states: Double, room: Double, recompute: RecomputePolicy) {
    let passes = cost.ownPasses
    let dropped = (cost.activations - cost.selectiveActivations).value
    let isSelective = recompute == .selective
    seconds = (isSelective ? passes + cost.ownRecompute(.selective) : passes).value
    activations = (isSelective ? cost.selectiveActivations : cost.activations).value
    let saved =
      recompute == .full && cost.canRecompute
      ? max(0, (cost.activations - cost.fullActivations).value) : 0
    again = cost.ownRecompute(.full).value
    self.saved = saved
    self.states = states
    self.room = room - cost.transient.value - (isSelective ? dropped : 0)
    recomputingRoom = self.room - saved
  }

  /// Of so many layers at a time.
  func times(_ layers: Int) -> BlockRates { layers == 1 ? self : BlockRates(self, Double(layers)) }

  private init(_ one: BlockRates, _ layers: Double) {
    seconds = one.seconds * layers
    again = one.again * layers
    states = one.states * layers
    activations = one.activations * layers
    saved = one.saved * layers
    room = one.room
    recomputingRoom = one.recomputingRoom
  }

  /// Of a pool's layer under a split, whose replicas and ZeRO stage are a stage's.
  init(
    _ problem: PlanningProblem, _ cost: LayerCost, _ parallelism: LayerParallelism,
    recompute: RecomputePolicy
  ) {
    self.init(
      cost, states: Self.states(problem, cost, parallelism), room: problem.room(parallelism).value,
      recompute: recompute)
  }

  /// The least bytes of a layer's states, and the most room: no sharding of states gets through more.
  static func leastMemory(
    _ problem: PlanningProblem, _ cost: LayerCost, _ parallelism: LayerParallelism,
    zeros: [ZeroStage]
  ) -> (states: Double, room: Double) {
    var parallelism = parallelism
    var (least, room) = (Double.infinity, 0.0)
    for zero in zeros {
      parallelism.zeroStage = zero
      least = min(least, states(problem, cost, parallelism))
      room = max(room, problem.room(parallelism).value)
    }
    return (least, room)
  }

  /// Bytes of one layer.
  private static func states(
    _ problem: PlanningProblem, _ cost: LayerCost, _ parallelism: LayerParallelism
  ) -> Double {
    let states = problem.costs.states(parallelism)
    return cost.parameters * states.perParameter
      + cost.expertParameters * states.perExpertParameter
  }

  /// Whole layers of a stage that holds `held` micro-batches, at most: layers to recompute are taken as
  /// divisible.
  ///
  /// Of n layers, x recomputed, n·(states + held·activations) − x·held·saved fit, and take
  /// n·seconds + x·again. With several chunks, a layer is held as often as the chunks are on average,
  /// and one that is recomputed as often as the first at most.
  func layers(within time: Double, held: HeldBatches) -> Int {
    let flying = held.mean
    let each = states + flying * activations
    var most = min(time / seconds, room / each)
    if saved > 0, most * seconds < time {
      let spared = Double(held.first) * saved
      let some = (time + again * recomputingRoom / spared) / (seconds + again * each / spared)
      most = max(most, min(some, recomputingRoom / (each - flying * saved)))
    }
    // A hair more, so that n layers fit into n times one layer's time.
    return Int(max(0, min(1e6, most * (1 + 1e-9))))
  }

  /// The most micro-batches beside which a stage gets through so many layers in a time, by the same
  /// inequalities; rounding may make it one too few or too many.
  func mostHeld(layers: Int, within time: Double) -> Int {
    let n = Double(layers)
    func most(_ room: Double, each: Double) -> Double {
      if room < 0 { return 0 }
      return each > 0 ? room / each : .infinity
    }
    var held = n * seconds <= time ? most(room - n * states, each: n * activations) : 0
    if saved > 0 {
      let space = recomputingRoom - n * states
      let inTime = most(again * space, each: n * again * activations - (time - n * seconds) * saved)
      held = max(held, min(inTime, most(space, each: n * (activations - saved))))
    }
    return Int(min(1e9, held))
  }
}

extension BlockRates {
  /// Layers that so many stages together get through in a time, counted up to `enough`.
  ///
  /// A stage gets through no more than the one after it, which holds no more: those that get through
  /// as many are counted at once. Complexity: O(what the last stage gets through), with several chunks
  /// times O(log stages).
  ///
  /// - Parameters:
  ///   - most: Of one stage.
  ///   - held: Micro-batches that the `k`-th stage from the end holds at least; never falls with `k`.
  func layers(
    within time: Double, most: Int = .max, stages: Int, enough: Int, held: (Int) -> HeldBatches
  ) -> Int {
    var (sum, place) = (0, 1)
    while place <= stages, sum < enough {
      let flying = held(place)
      let layers = min(most, layers(within: time, held: flying))
      if layers == 0 { break }
      var last = stages
      if flying.chunks > 1 {
        last = self.last(place...stages, layers: layers, within: time, held)
      } else {
        let most = mostHeld(layers: layers, within: time)
        // Where more stages are passed over than hold no more than that, they count for too much.
        if held(stages).first > most { last = min(stages, max(place, most)) }
      }
      sum += layers * (last + 1 - place)
      place = last + 1
    }
    return sum
  }

  /// The last of some stages that get through as many layers as the first of them. Where first chunks are held
  /// more often, more seems to be won by recomputing them: what that allows beyond the first stage's
  /// layers is not possible.
  private func last(
    _ stages: ClosedRange<Int>, layers: Int, within time: Double, _ held: (Int) -> HeldBatches
  ) -> Int {
    func isAlike(_ stage: Int) -> Bool { self.layers(within: time, held: held(stage)) >= layers }
    if isAlike(stages.upperBound) { return stages.upperBound }
    var (low, high) = (stages.lowerBound, stages.upperBound)
    while low + 1 < high {
      let middle = (low + high) / 2
      if isAlike(middle) { low = middle } else { high = middle }
    }
    return low
  }
}
