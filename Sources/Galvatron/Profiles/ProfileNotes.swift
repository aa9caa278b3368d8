/// A profile file.
package enum ProfileFile: String, Hashable, Sendable {
  case computation, memory
  case allReduceBandwidth = "allreduce_bandwidth"
  case stageBandwidth = "p2p_bandwidth"
  case messageTimes = "sp_time"
  case overlap
}

/// Why a profile is not one of the job.
package enum ProfileFault: Hashable, Sendable {
  /// Measured in groups of a size that does not divide the cluster.
  case otherGroups(ProfileFile, group: Int, gpus: Int)
  /// The group of all GPUs was not measured.
  case noWholeGroup(gpus: Int)
  /// No tables for layers with, or without, sequence parallelism.
  case noMemoryTables(sequenceParallel: Bool)

  package var file: ProfileFile {
    switch self {
    case .otherGroups(let file, _, _): file
    case .noWholeGroup: .allReduceBandwidth
    case .noMemoryTables: .memory
    }
  }
}

/// What does not go together but can be planned with, and what was filled in for what a profile lacks.
package enum ProfileGap: Hashable, Sendable {
  case noFile(ProfileFile)
  /// A layer's parameters are others than the model's.
  case otherParameters(measured: Int, model: Int)
  /// Times of the embedding and the head.
  case noEndTimes
  /// The first row was measured at another sequence length, and taken as Galvatron takes it.
  case firstRowOfLength(Int)
  /// Times were scaled from another sequence length by the analytic model.
  case timesScaled(from: Int)
  /// A line through fewer batch sizes than Galvatron asks for.
  case fewBatchSizes(Int)
  /// Sizes were scaled in proportion from another sequence length.
  case memoryScaled(from: Int)
  /// Sizes of these degrees were taken as half of the next lower one's.
  case degreesHalved([Int])
  /// Analytic bandwidths, or times, of groups of these sizes.
  case groups(ProfileFile, [Int])
}
