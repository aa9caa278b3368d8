import Planning
import Workload

/// What each virtual stage of a transformer holds, in the words of the launchers: the embedding,
/// decoder layers by number, the final norm, the head.
struct StageContents: Hashable, Sendable {
  struct Part: Hashable, Sendable {
    var hasEmbedding: Bool
    var layers: Range<Int>
    var hasNorm: Bool
    var hasHead: Bool

    /// The layer that it starts with; where it has none, the one that would come next.
    var firstLayer: Int

    var isEmpty: Bool { !hasEmbedding && layers.isEmpty && !hasHead }
  }

  /// In the order in which a micro-batch passes them.
  var parts: [Part]
  var layers: Int
  var pipeline: Int
  var modelHasNorm: Bool

  /// nil where the graph is not a chain of an embedding, blocks, a norm perhaps, and a head.
  init?(_ plan: Plan, _ graph: LayerGraph) {
    let kinds = graph.nodes.map { graph.kinds[$0.kind].kind }
    let layers = kinds.count { $0 == .transformerBlock }
    let hasNorm = kinds.contains(.finalNorm)
    let expected: [Layer.Kind] =
      [.embedding] + Array(repeating: .transformerBlock, count: layers)
      + (hasNorm ? [.finalNorm] : []) + [.head]
    guard graph.isChain, kinds == expected else { return nil }
    let split = plan.split
    self.layers = layers
    pipeline = plan.stages.count
    modelHasNorm = hasNorm
    parts = (0..<split.virtualStages).map { index in
      let nodes = split.nodes(ofVirtualStage: index)
      let held = nodes.clamped(to: 1..<(layers + 1))
      return Part(
        hasEmbedding: nodes.contains(0),
        layers: held.isEmpty ? 0..<0 : (held.lowerBound - 1)..<(held.upperBound - 1),
        hasNorm: hasNorm && nodes.contains(layers + 1),
        hasHead: nodes.contains(kinds.count - 1),
        firstLayer: min(max(nodes.lowerBound - 1, 0), layers))
    }
  }

  /// Parts with the final norm beside the head, where every launcher keeps it.
  var partsWithNormAtHead: [Part] {
    parts.map { part in
      var part = part
      part.hasNorm = part.hasHead && modelHasNorm
      return part
    }
  }

  /// Parts of which nothing would be left if the norm moved to the head.
  var emptyParts: [Int] { parts.indices.filter { parts[$0].isEmpty } }

  /// Every stage holds as many layers; the embedding is with the first ones and the head with the
  /// last: the split that launchers choose by themselves.
  var isEven: Bool {
    layers > 0 && parts.allSatisfy { $0.layers.count * parts.count == layers }
  }

  /// The stage and the chunk within it.
  func stage(ofPart index: Int) -> Int { index % pipeline }

  /// Layers of each chunk of a stage.
  func chunkSizes(ofStage stage: Int) -> [Int] {
    stride(from: stage, to: parts.count, by: pipeline).map { parts[$0].layers.count }
  }
}

extension PlannedJob {
  /// The stages as launchers see them; notes why there are none, or what the move of the final norm
  /// to the head changes.
  func stageContents(_ notes: inout ExportNotes) -> StageContents? {
    guard let contents = StageContents(plan, graph) else {
      notes.refuse(
        Field.model,
        "a graph of your own has no embedding, decoder layers and head that the launcher knows")
      return nil
    }
    for index in contents.emptyParts {
      notes.refuse(
        Field.stage(contents.stage(ofPart: index), "layer_range"),
        "holds only the final norm, which runs with the head: the stage would be empty, and "
          + "a pipeline with an empty stage waits forever")
    }
    if let index = contents.parts.firstIndex(where: { $0.hasNorm && !$0.hasHead }) {
      notes.warn(
        Field.stage(contents.stage(ofPart: index), "layer_range"),
        "the final norm runs with the head, on the last stage")
    }
    return contents
  }
}
