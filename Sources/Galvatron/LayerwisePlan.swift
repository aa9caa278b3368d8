/// A plan in which every layer has a strategy of its own: what a strategy file of Galvatron says.
package struct LayerwisePlan: Hashable, Sendable {
  /// Layers of each pipeline stage (`pp_division`).
  package var stageLayers: [Int]
  /// By layer, the embedding and the head not counted.
  package var layers: [LayerStrategy]
  /// Of the embedding and the head.
  package var embedding: LayerStrategy
  /// Sequences of one step.
  package var globalBatchSize: Int
  /// Micro-batches of one step (`chunks`).
  package var microBatches: Int
  package var schedule: LayerwiseSchedule
  package var defaultSharding: DefaultSharding

  /// - Precondition: the stages hold every layer.
  package init(
    stageLayers: [Int], layers: [LayerStrategy], embedding: LayerStrategy, globalBatchSize: Int,
    microBatches: Int, schedule: LayerwiseSchedule = .pipedreamFlush,
    defaultSharding: DefaultSharding = .zero2
  ) {
    precondition(stageLayers.reduce(0, +) == layers.count, "the stages hold every layer")
    self.stageLayers = stageLayers
    self.layers = layers
    self.embedding = embedding
    self.globalBatchSize = globalBatchSize
    self.microBatches = microBatches
    self.schedule = schedule
    self.defaultSharding = defaultSharding
  }

  package var stages: Int { stageLayers.count }

  /// The layers of each stage.
  package var stageRanges: [Range<Int>] {
    var start = 0
    return stageLayers.map { count in
      defer { start += count }
      return start..<(start + count)
    }
  }

  /// As many layers for every stage; what is left over goes to the last.
  package static func evenDivision(layers: Int, stages: Int) -> [Int] {
    let share = layers / stages
    return Array(repeating: share, count: stages - 1) + [layers - share * (stages - 1)]
  }
}
