/// What Galvatron's profilers measured, file by file, as far as the files are there.
package struct MeasuredProfiles: Hashable, Sendable {
  /// `computation_profiling_*.json`.
  package var computation: ComputationProfile?
  /// `memory_profiling_*.json`.
  package var memory: MemoryProfile?
  /// `allreduce_bandwidth_*.json`: bus bandwidth in MB/ms by group size, over neighbouring and over
  /// distant ranks.
  package var allReduceBandwidth: GroupBandwidth?
  /// `p2p_bandwidth_*.json`: MB/ms by the number of pipeline stages.
  package var stageBandwidth: [Int: Double]?
  /// `sp_time_*.json`.
  package var messageTimes: MessageProfile?
  /// `overlap_coefficient.json`.
  package var overlapSlowdown: Double?

  package init() {}

  package struct GroupBandwidth: Hashable, Sendable {
    package var consecutive: [Int: Double]
    package var strided: [Int: Double]

    package init(consecutive: [Int: Double] = [:], strided: [Int: Double] = [:]) {
      self.consecutive = consecutive
      self.strided = strided
    }
  }

  package struct MessageProfile: Hashable, Sendable {
    package var allReduce: [Int: MessageTimes]
    package var allToAll: [Int: MessageTimes]

    package init(allReduce: [Int: MessageTimes], allToAll: [Int: MessageTimes]) {
      self.allReduce = allReduce
      self.allToAll = allToAll
    }
  }
}

/// Forward times of a sample, in milliseconds.
package struct ComputationProfile: Hashable, Sendable {
  package struct Row: Hashable, Sendable {
    /// Samples and tokens; missing in the oldest files.
    package var batch: Int?
    package var sequenceLength: Int?
    package var milliseconds: Double

    package init(batch: Int?, sequenceLength: Int?, milliseconds: Double) {
      self.batch = batch
      self.sequenceLength = sequenceLength
      self.milliseconds = milliseconds
    }
  }

  /// In the file's order, which matters where the first is taken.
  package var layer: [Row]
  /// Of the embedding and the head.
  package var ends: [Row]

  package init(layer: [Row], ends: [Row]) {
    self.layer = layer
    self.ends = ends
  }
}

/// Memory in MB (2^20 bytes), by sequence length.
package struct MemoryProfile: Hashable, Sendable {
  package struct LayerMemory: Hashable, Sendable {
    /// Weights in 32 bits.
    package var parameters: Double
    /// Of one sample, by degree.
    package var activations: [Int: Double]
    /// Of one sample, where the layer recomputes.
    package var recomputed: Double

    package init(parameters: Double, activations: [Int: Double], recomputed: Double) {
      self.parameters = parameters
      self.activations = activations
      self.recomputed = recomputed
    }
  }

  package struct Table: Hashable, Sendable {
    package var layer: [Int: LayerMemory]
    package var onlyStage: [Int: MeasuredJob.EndMemory]
    package var firstStage: [Int: MeasuredJob.EndMemory]
    package var lastStage: [Int: MeasuredJob.EndMemory]

    package init(
      layer: [Int: LayerMemory] = [:], onlyStage: [Int: MeasuredJob.EndMemory] = [:],
      firstStage: [Int: MeasuredJob.EndMemory] = [:],
      lastStage: [Int: MeasuredJob.EndMemory] = [:]
    ) {
      self.layer = layer
      self.onlyStage = onlyStage
      self.firstStage = firstStage
      self.lastStage = lastStage
    }

    package var isEmpty: Bool { layer.isEmpty }
  }

  /// Under a sequence length of 0: files that name none.
  package static let unnamedLength = 0

  /// With and without sequence parallelism (keys that end in `_sp` and those that do not).
  package var sequenceParallel: Table
  package var plain: Table

  package init(sequenceParallel: Table = Table(), plain: Table = Table()) {
    self.sequenceParallel = sequenceParallel
    self.plain = plain
  }
}
