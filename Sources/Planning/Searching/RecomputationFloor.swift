import Costing
import Quantities
import Scheduling

/// What stages must run again at least so that what they hold fits.
///
/// Stage `i` holds its states Sᵢ, and hᵢ micro-batches' activations aᵢ as far as they are kept:
/// Sᵢ + hᵢ·aᵢ ≤ room.
///
/// - *Wherever the pipeline is cut.* States and activations may lie on whichever stages suit them. Then
///   most is kept where the states fill the stages that hold most micro-batches, and the others keep
///   room/hᵢ: a linear program, solved by going through the stages from the last, which holds fewest,
///   until p·room − ΣSᵢ is used up.
/// - *One stage of an evenly cut pipeline.* How many layers its chunks hold is known. The first ones are
///   recomputed, which are held most often.
///
/// What is not kept is recomputed by whole layers, each of which saves and takes as the best does. The
/// dearest layer needs what it takes while it runs; and, once one is recomputed, what that brings back.
///
/// A class, as it is asked for each schedule, and copying it would take longer than most answers.
final class RecomputationFloor {
  private let slice: StrategySlice
  private let policy: RecomputePolicy
  private let perParameter: Double
  private let perExpertParameter: Double
  /// Bytes of a GPU for states and activations.
  private let room: Double
  private let harmonic: HarmonicNumbers
  private let isFull: Bool
  /// Of a block: states, and what one micro-batch keeps.
  private let blockStates: Double
  private let blockKept: Double
  /// Bytes of all layers: states, and what one micro-batch keeps.
  private let wholeStates: Double
  private let wholeKept: Double

  init(
    _ space: StrategySpace, _ slice: StrategySlice, _ parallelism: LayerParallelism,
    _ policy: RecomputePolicy
  ) {
    self.slice = slice
    self.policy = policy
    harmonic = space.harmonic
    let states = space.problem.costs.states(parallelism)
    // Sums are formed in another order than where plans are predicted.
    room = space.problem.room(parallelism).value * (1 + 1e-9)
    isFull = policy == .full
    perParameter = states.perParameter
    perExpertParameter = states.perExpertParameter
    blockStates =
      slice.block.parameters * perParameter + slice.block.expertParameters * perExpertParameter
    blockKept = slice.block.kept(policy)
    let whole = slice.whole
    wholeStates =
      whole.parameters * perParameter + whole.expertParameters * perExpertParameter
    wholeKept = whole.kept(policy)
  }

  /// Of all stages, for one micro-batch; infinite where they cannot fit.
  ///
  /// Complexity: O(1).
  func seconds(_ pipeline: ChunkedPipeline) -> Double {
    let whole = slice.whole
    // Mostly all fits even if every stage holds as many micro-batches as the fullest does.
    let free = Double(pipeline.stages) * room - wholeStates - whole.transient
    if free >= wholeKept * most(pipeline) * (1 + 1e-9) { return 0 }
    guard unkept(whole.transient, pipeline) > 0 else { return 0 }
    guard isFull else { return .infinity }
    let saved = unkept(max(whole.transient, slice.rerun.transient), pipeline)
    guard saved <= whole.activations - slice.fullActivations else { return .infinity }
    return slice.rerun.seconds(saving: saved)
  }

  /// Bytes of one micro-batch that no way to lay out states and activations keeps, where some stage
  /// needs so many bytes for a while.
  private func unkept(_ transient: Double, _ pipeline: ChunkedPipeline) -> Double {
    let free = Double(pipeline.stages) * room - wholeStates - transient
    guard free > 0 else { return free < 0 ? .infinity : wholeKept }
    // So many of the last stages keep nothing but activations, and one more keeps a part of room.
    let stages = min(pipeline.stages, Int(free / room))
    let (before, after) = (
      inverseHeld(stages, pipeline), inverseHeld(min(pipeline.stages, stages + 1), pipeline)
    )
    let kept = room * before + (free - Double(stages) * room) * (after - before)
    return max(0, wholeKept - kept)
  }

  /// Micro-batches that the fullest stage holds.
  private func most(_ pipeline: ChunkedPipeline) -> Double {
    let m = pipeline.microBatches
    switch pipeline.schedule {
    case .gpipe: return Double(m)
    case .zeroBubble, .oneForwardOneBackward, .interleaved:
      return Double(min(m, pipeline.stages))
    }
  }

  /// Σ 1/hᵢ over so many of the last stages. Interleaved 1F1B holds no chunk less often than 1F1B does.
  private func inverseHeld(_ count: Int, _ pipeline: ChunkedPipeline) -> Double {
    let m = pipeline.microBatches
    switch pipeline.schedule {
    case .gpipe: return Double(count) / Double(m)
    case .zeroBubble: return Double(count) / Double(min(m, pipeline.stages))
    case .oneForwardOneBackward, .interleaved:
      return count <= m ? harmonic[count] : harmonic[m] + Double(count - m) / Double(m)
    }
  }

  /// Of one stage of an evenly cut pipeline, for one micro-batch; infinite where it cannot fit.
  ///
  /// Complexity: O(1) where all fits, else O(chunks).
  func seconds(_ stage: EvenStage, _ pipeline: ChunkedPipeline) -> Double {
    let others = stage.others
    let blocks = Double(stage.blocks(pipeline.chunks))
    let end = pipeline.held(stage.end, ofStage: stage.index)
    let kept =
      blockKept
      * (Double(stage.each) * pipeline.held(ofStage: stage.index) - Double(stage.lacking) * end)
      + others.kept(policy) * end
    let states =
      blockStates * blocks + others.parameters * perParameter
      + others.expertParameters * perExpertParameter
    let held = states + kept - room
    guard held + max(slice.block.transient, others.transient) > 0 else { return 0 }
    guard isFull else { return .infinity }
    var excess = held + max(slice.rerun.transient, others.transient)
    var saved = 0.0
    for chunk in 0..<pipeline.chunks where excess > 0 {
      let own = Double(stage.blocks(inChunk: chunk)) * slice.rerun.saving
      let times = pipeline.held(chunk, ofStage: stage.index)
      let here = min(own, excess / times)
      saved += here
      excess = here < own ? 0 : excess - here * times
    }
    return excess > 0 ? .infinity : slice.rerun.seconds(saving: saved)
  }
}

/// A schedule with the stages, chunks and micro-batches that it runs.
struct ChunkedPipeline {
  var schedule: PipelineSchedule
  var stages: Int
  /// Of a stage.
  var chunks: Int
  var microBatches: Int

  /// Micro-batches of a chunk.
  func held(_ chunk: Int, ofStage stage: Int) -> Double {
    Double(
      schedule.heldMicroBatches(
        ofChunk: chunk, atStage: stage, stages: stages, chunksPerStage: chunks,
        microBatches: microBatches))
  }

  /// Of all chunks of a stage.
  func held(ofStage stage: Int) -> Double {
    Double(
      schedule.inFlightMicroBatches(
        atStage: stage, stages: stages, chunksPerStage: chunks, microBatches: microBatches))
  }
}

/// A stage whose chunks hold equally many blocks, but for one at an end of the model that is short of
/// some and holds other layers.
struct EvenStage {
  var index: Int
  /// Blocks of a chunk.
  var each: Int
  /// The chunk at the end.
  var end = 0
  /// Blocks that it is short of.
  var lacking = 0
  var others = LayerSum()

  func blocks(inChunk chunk: Int) -> Int { chunk == end ? each - lacking : each }

  func blocks(_ chunks: Int) -> Int { chunks * each - lacking }
}
