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
    seconds = (isSelective ? passes + cost.selectiveRecompute.total : passes).value
    activations = (isSelective ? cost.selectiveActivations : cost.activations).value
    let saved =
      recompute == .full && cost.canRecompute
      ? max(0, (cost.activations - cost.fullActivations).value) : 0
    again = cost.fullRecompute.total.value
    self.saved = saved
    self.states = states
    self.room = room - cost.transient.value - (isSelective ? dropped : 0)
    recomputingRoom = self.room - saved
  }

  /// Whole layers of a stage that holds `held` micro-batches, at most: layers to recompute are taken as
  /// divisible.
  ///
  /// Of n layers, x recomputed, n·(states + held·activations) − x·held·saved fit, and take
  /// n·seconds + x·again.
  func layers(within time: Double, held: Int) -> Int {
    let flying = Double(held)
    let each = states + flying * activations
    var most = min(time / seconds, room / each)
    if saved > 0, most * seconds < time {
      let spared = flying * saved
      let some = (time + again * recomputingRoom / spared) / (seconds + again * each / spared)
      most = max(most, min(some, recomputingRoom / (each - spared)))
    }
    // A hair more, so that n layers fit into n times one layer's time.
    return Int(max(0, min(1e6, most * (1 + 1e-9))))
  }
}
