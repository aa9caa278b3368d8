/// What stands in for measurements that profiles lack. Units as in `MeasuredJob`.
package protocol ProfileEstimates: Sendable {
  /// Forward of one layer, or of the embedding and the head, on one GPU.
  func forward(sequenceLength: Int) -> TimeLaw
  func endForward(sequenceLength: Int) -> TimeLaw
  func layerMemory(degrees: [Int], sequenceParallel: Bool) -> MemoryProfile.LayerMemory
  /// Of the embedding and the head on one stage, and on two.
  func endMemory(
    degrees: [Int], sequenceParallel: Bool
  ) -> (only: MeasuredJob.EndMemory, first: MeasuredJob.EndMemory, last: MeasuredJob.EndMemory)
  /// Bus bandwidth of an all-reduce, over neighbouring or distant ranks.
  func bandwidth(group: Int, isStrided: Bool) -> Double
  func bandwidth(stages: Int) -> Double
  func allReduce(group: Int) -> MessageTimes
  func allToAll(group: Int) -> MessageTimes
}
