import JSON
import Planning
import Quantities

/// What can be wrong with a plan that the sender chose.
extension Sentence {
  static func stageCount(_ count: Int, pipeline: Int) -> String {
    "the strategy's pipeline_parallel is \(pipeline), but this says \(stages(count))"
  }

  static let noLayerRange = "missing: expected layer_range, or layer_ranges with one range a chunk"
  static let twoLayerRanges = "expected layer_range or layer_ranges, found both"

  static func reversedRange(_ first: Int, _ last: Int) -> String {
    "the first layer, \(first), comes after the last, \(last)"
  }

  static func tooManyGPUs(replica: Int, data: Int, gpus: Int) -> String {
    "pipeline_parallel · tensor_parallel · context_parallel · data_parallel = \(replica) · \(data) "
      + "is more than the cluster's \(gpus) GPUs"
  }

  static func replicaDoesNotDivide(replica: Int, gpus: Int) -> String {
    "pipeline_parallel · tensor_parallel · context_parallel = \(replica) does not divide the "
      + "cluster's \(gpus) GPUs; give data_parallel to use only some of them"
  }

  static func batchOverReplicas(_ batch: Int, data: Int) -> String {
    "the global batch of \(batch) does not divide over \(data) data-parallel replicas"
  }

  static func shareOverMicroBatches(_ share: Int, _ given: Int) -> String {
    "\(given) does not divide the \(share) sequences that each replica sees in a step"
  }

  static func microBatches(_ given: Int, _ strategy: ParallelStrategy, _ batch: Int) -> String {
    "a global batch of \(batch) over \(strategy.data) replicas in micro-batches of "
      + "\(strategy.microBatchSize) makes \(strategy.microBatches) micro-batches, not \(given)"
  }

  static func chunkCount(_ count: Int, expected: Int) -> String {
    "expected \(expected) layer range\(expected == 1 ? "" : "s"), one a model chunk, found \(count)"
  }

  static func rangeOutOfPlace(_ range: ClosedRange<Int>, expected: Int, layers: Int) -> String {
    range.lowerBound == expected
      ? "ends at layer \(range.upperBound), but the model's last layer is \(layers - 1)"
      : "expected to start at layer \(expected), which follows the stage before, found "
        + "\(range.lowerBound)"
  }

  static func layersLeft(from first: Int, layers: Int) -> String {
    "the stages end before layer \(first), but the model's last layer is \(layers - 1)"
  }

  static let layersOfSomeStages = "missing: either every stage names its layers or none does"

  static func unknownLayer(_ name: String, known: [String]) -> String {
    let near = NearestNames.to(name, among: known)
    return near.isEmpty
      ? "the model has no such layer"
      : "the model has no such layer; did you mean \"\(near.joined(separator: "\" or \""))\"?"
  }

  static func layerTwice(_ name: String) -> String {
    "the layer \"\(excerpt(name))\" is on a stage already"
  }

  static func layerCount(_ count: Int, inRanges held: Int) -> String {
    "names \(count) layers, but the stage's ranges hold \(held)"
  }

  static func layerLeftOut(_ name: String) -> String {
    "no stage names the layer \"\(excerpt(name))\""
  }

  static func layerBeforeItsSource(_ name: String, source: String) -> String {
    "\"\(excerpt(name))\" comes before \"\(excerpt(source))\", which feeds it"
  }

  static func tooManyRecomputed(_ count: Int, held: Int) -> String {
    "\(count) layers cannot be recomputed in a stage that holds \(held)"
  }

  static let recomputesWithoutPolicy =
    "layers are recomputed, but the strategy's recompute is \"none\""

  static func selectiveOfSomeLayers(_ count: Int, blocks: Int) -> String {
    "recompute \"selective\" is of all \(blocks) blocks that the stage holds, not of \(count): leave this out, "
      + "recompute whole layers with \"full\", or say \"none\""
  }

  static let devicesForSomeStages =
    "missing: either every stage names its devices or none does"

  static func deviceCount(_ count: Int, needed: Int) -> String {
    "tensor_parallel · data_parallel · context_parallel = \(needed) GPUs are needed, found \(count)"
  }

  static func unknownNode(_ name: String, known: [String]) -> String {
    let near = NearestNames.to(name, among: known)
    return near.isEmpty
      ? "the cluster has no such node"
      : "the cluster has no such node; did you mean \"\(near.joined(separator: "\" or \""))\"?"
  }

  static func noSuchGPU(_ gpu: Int, node: String, count: Int) -> String {
    "node \(node) has GPUs 0 to \(count - 1), not \(gpu)"
  }

  static func gpuTwice(_ gpu: Int, node: String) -> String {
    "GPU \(gpu) of node \(node) is named twice"
  }

  static let splitAndStages = "expected split or stages, found both"

  static let uniformOfBranches =
    "the model's layers branch, and launchers cut no such model by themselves: give stages, or leave "
    + "split out"

  static func fewBlocks(_ blocks: Int, chunks: Int) -> String {
    "the model has \(blocks) layers between embedding and head for pipeline_parallel · virtual_stages = "
      + "\(chunks) chunks, each of which needs one: give stages, or leave split out"
  }

  /// A warning.
  static func unevenBlocks(_ blocks: Int, chunks: Int) -> String {
    "\(blocks) layers do not divide evenly among \(chunks) model chunks: the first \(blocks % chunks) hold "
      + "one more, as in DeepSpeed; Megatron-LM refuses such a split unless it is told the stages."
  }

  static let stagesNeeded =
    "missing: on GPUs of several types a plan names its stages with their devices"
  static let devicesNeeded =
    "missing: where stages or GPUs differ, the devices tell which runs where"
  static let noSuchDevice = "the cluster has no such GPU"

  static func shareCount(_ found: Int, replicas: Int) -> String {
    "expected a number of micro-batches for each of the \(replicas) replicas, found \(found)"
  }

  static func replicaOnTwoTypes(_ replica: Int) -> String {
    "the GPUs of replica \(replica) are of two types; those of a replica of a stage are of one, be it at different speeds"
  }

  static let unlikeFirstStage =
    "its replicas fall into other groups (neighbours with one share on one pool) than those of the "
    + "first stage, so that no micro-batch has one way through the pipeline"

  static func unevenBatch(_ batch: Int, microBatches: Int) -> String {
    "the replicas' \(microBatches) micro-batches do not divide the global batch of \(batch) evenly, "
      + "or a replica has none"
  }

  static func microBatchSize(_ given: Int, shares: Int, _ batch: Int, _ size: Int) -> String {
    "\(shares) micro-batches, as many as the first stage's replicas run together, make a global batch of "
      + "\(batch) in micro-batches of \(size) sequences, not \(given)"
  }

  static func ofNoStage(_ given: Int) -> String {
    "\(given) holds for no stage: each says its own"
  }

  static func shareNotInGroups(_ microBatches: Int, stages: Int) -> String {
    "an interleaved pipeline of \(stages) stages runs micro-batches \(stages) at a time: a replica's "
      + "\(microBatches) are no multiple of that"
  }

  static let unequalSharesWithSharding =
    "of 2 and 3 exchange shards with every micro-batch, so that all replicas need equally many"

  static let rankOrderOfUnlikeStages =
    "puts stages next to each other: all stages of a replica must be alike and on equal GPUs"

  static func duplicateNode(_ name: String) -> String {
    "a node \"\(excerpt(name))\" is there already; nodes that join "
      + "have names of their own: pools with node_names"
  }

  static func noSuchStage(_ stage: Int, stages: Int) -> String {
    "the plan has stages 0 to \(stages - 1), not \(stage)"
  }

  static let stageTakesNoTime =
    "both passes together take less than a nanosecond: leave out stages that were not measured"

  static let nothingLeft = "no node is left of the cluster"

  static func checkpointNeeded(_ size: ByteCount) -> String {
    "\(gibibytes(size)) of states are on no GPU any more and come from the last checkpoint; how long "
      + "reading them takes is not counted without checkpoint_gbytes_per_second."
  }

  static let nothingFits = "No plan with the degrees of this one fits what is left; give search."

  static let onlyAdapted =
    "Weighed were plans with the degrees and micro-batches of this one alone; with \"search\": {} all "
    + "others are too, of which some may be much faster."

  static let nothingSearchedFits =
    "No plan that search allows fits what is left; /partition of this cluster says what would help."

  static let stoppedBeforeAnyFits =
    "No plan that fits what is left was found until deadline_ms, and none was ruled out."

  private static func stages(_ count: Int) -> String {
    count == 1 ? "1 stage" : "\(count) stages"
  }
}
