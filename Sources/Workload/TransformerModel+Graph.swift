extension TransformerModel {
  /// The model as a chain: embedding, blocks, final norm (if there is one), head.
  ///
  /// Every edge carries the hidden state, `hiddenSize` elements a token. Complexity: O(blocks).
  package func graph() -> LayerGraph {
    var kinds: [Layer] = [embeddingLayer]
    var nodes = [LayerGraph.Node(name: "embedding", kind: 0)]
    var kindOfBlock: [TransformerBlock: Int] = [:]
    for run in runs {
      let kind = kindOfBlock[run.block] ?? kinds.count
      if kind == kinds.count {
        kindOfBlock[run.block] = kind
        kinds.append(run.block.layer(hiddenSize: hiddenSize))
      }
      for _ in 0..<run.count {
        nodes.append(.init(name: "transformer_\(nodes.count - 1)", kind: kind))
      }
    }
    for (layer, name) in [(finalNormLayer, "final_norm"), (headLayer, "output_head")] {
      guard let layer else { continue }
      nodes.append(.init(name: name, kind: kinds.count))
      kinds.append(layer)
    }
    let edges = nodes.indices.dropLast().map {
      LayerGraph.Edge(source: $0, target: $0 + 1, elementsPerToken: Double(hiddenSize))
    }
    return LayerGraph(
      name: name, kinds: kinds, nodes: nodes, edges: edges, hiddenSize: hiddenSize,
      vocabularySize: vocabularySize, maximumSequenceLength: maximumSequenceLength,
      tiesEmbeddings: head.isTied)
  }

  /// All layers but the blocks.
  var edgeLayers: [Layer] { [embeddingLayer] + (finalNormLayer.map { [$0] } ?? []) + [headLayer] }

  private var tableWidth: Int { embedding.width ?? hiddenSize }

  /// The vocabulary's table is split by rows over the tensor group, which adds up the partial
  /// look-ups; positions are looked up by every rank.
  private var embeddingLayer: Layer {
    var list = [
      Operator(
        "token_embedding", .lookup(width: tableWidth), sharding: .rows,
        parameters: vocabularySize * tableWidth)
    ]
    if let width = embedding.width {
      list.append(
        Operator(
          "embedding_projection", .matrixProduct(inputs: width, outputs: hiddenSize),
          sharding: .sequence, parameters: width * hiddenSize, savedElements: Double(width)))
    }
    if let positions = embedding.positions {
      list.append(
        Operator(
          "position_embedding", .lookup(width: hiddenSize), sharding: .sequence,
          parameters: positions * hiddenSize))
      list.append(
        Operator(
          "position_sum", .elementwise(elements: Double(3 * hiddenSize)), sharding: .sequence))
    }
    if let norm = embedding.norm {
      list.append(norm.step("embedding_norm", width: hiddenSize))
    }
    list[list.count - 1].figures.dropoutElements = Double(hiddenSize)
    return Layer(kind: .embedding, operators: list)
  }

  private var finalNormLayer: Layer? {
    finalNorm.map {
      Layer(kind: .finalNorm, operators: [$0.step("final_norm", width: hiddenSize)])
    }
  }

  /// The logits are not among what is kept: they live from the head's forward pass to its backward
  /// pass, which follows at once on the last stage, and are the cost model's to count.
  private var headLayer: Layer {
    var list: [Operator] = []
    if let width = embedding.width {
      list.append(
        Operator(
          "head_projection", .matrixProduct(inputs: hiddenSize, outputs: width),
          sharding: .sequence, parameters: hiddenSize * width, savedElements: Double(hiddenSize)))
    }
    list.append(
      Operator(
        "output_head", .matrixProduct(inputs: tableWidth, outputs: vocabularySize),
        sharding: .columns,
        parameters: (head.isTied ? 0 : tableWidth * vocabularySize)
          + (head.hasBias ? vocabularySize : 0),
        savedElements: Double(tableWidth)))
    list.append(
      Operator("cross_entropy", .crossEntropy(classes: vocabularySize), sharding: .tensor))
    return Layer(kind: .head, operators: list)
  }
}
