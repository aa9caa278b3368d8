import Costing
import Hardware
import Quantities
import Workload

@testable import Planning

/// A small generator with a seed, so that a failing case can be run again.
struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  init(seed: Int) { state = UInt64(seed) }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

extension Pool {
  static func example(
    _ accelerator: String = "a100-sxm4-80gb", nodes: Int, gpusPerNode: Int = 8,
    memory: ByteCount? = nil
  ) -> Pool {
    guard let chip = AcceleratorCatalogue.standard.accelerator(named: accelerator),
      let pool = try? Pool.make(
        accelerator: chip, gpusPerNode: gpusPerNode, nodes: nodes, memory: memory)
    else { preconditionFailure("\(accelerator) is in the catalogue") }
    return pool
  }
}

/// A dense decoder, written down by hand.
struct DecoderExample {
  var name: String
  var layers: Int
  var hidden: Int
  var heads: Int
  var keyValueHeads: Int
  var feedForward: Int
  var vocabulary: Int
  var isGated = false
  var tiesEmbeddings = false

  static let gpt1B5 = DecoderExample(
    name: "gpt-1.5b", layers: 48, hidden: 1600, heads: 32, keyValueHeads: 32, feedForward: 6400,
    vocabulary: 50257, tiesEmbeddings: true)
  static let llama70B = DecoderExample(
    name: "llama-3-70b", layers: 80, hidden: 8192, heads: 64, keyValueHeads: 8,
    feedForward: 28672, vocabulary: 128256, isGated: true)
  static let gpt175B = DecoderExample(
    name: "gpt-3-175b", layers: 96, hidden: 12288, heads: 96, keyValueHeads: 96,
    feedForward: 49152, vocabulary: 51200, tiesEmbeddings: true)
  static let gpt1T = DecoderExample(
    name: "gpt-1t", layers: 128, hidden: 25600, heads: 160, keyValueHeads: 160,
    feedForward: 102_400, vocabulary: 51200, tiesEmbeddings: true)
  static let small = DecoderExample(
    name: "small", layers: 6, hidden: 512, heads: 8, keyValueHeads: 8, feedForward: 2048,
    vocabulary: 8000)

  var graph: LayerGraph {
    let kinds = [embedding, block, norm, head]
    var nodes = [LayerGraph.Node(name: "embedding", kind: 0)]
    nodes += (0..<layers).map { LayerGraph.Node(name: "block_\($0)", kind: 1) }
    nodes += [.init(name: "final_norm", kind: 2), .init(name: "head", kind: 3)]
    return LayerGraph(
      name: name, kinds: kinds, nodes: nodes,
      edges: (0..<(nodes.count - 1)).map {
        .init(source: $0, target: $0 + 1, elementsPerToken: Double(hidden))
      },
      hiddenSize: hidden, vocabularySize: vocabulary, tiesEmbeddings: tiesEmbeddings)
  }

  private var embedding: Layer {
    Layer(
      kind: .embedding,
      operators: [
        Operator(
          "table", .lookup(width: hidden), sharding: .rows, parameters: vocabulary * hidden)
      ])
  }

  private var norm: Layer {
    Layer(kind: .finalNorm, operators: [normOperator])
  }

  private var normOperator: Operator {
    Operator(
      "norm", .elementwise(elements: Double(2 * hidden)), sharding: .sequence,
      parameters: 2 * hidden, savedElements: Double(hidden))
  }

  private var head: Layer {
    Layer(
      kind: .head,
      operators: [
        Operator(
          "logits", .matrixProduct(inputs: hidden, outputs: vocabulary), sharding: .columns,
          parameters: tiesEmbeddings ? 0 : vocabulary * hidden, savedElements: Double(hidden)),
        Operator("loss", .crossEntropy(classes: vocabulary), sharding: .tensor),
      ])
  }

  private var block: Layer {
    let width = hidden / heads
    let projected = (heads + 2 * keyValueHeads) * width
    let inner = isGated ? 2 * feedForward : feedForward
    func product(_ name: String, _ inputs: Int, _ outputs: Int, _ sharding: Operator.Sharding)
      -> Operator
    {
      Operator(
        name, .matrixProduct(inputs: inputs, outputs: outputs), sharding: sharding,
        parameters: inputs * outputs, savedElements: Double(inputs))
    }
    return Layer(
      kind: .transformerBlock,
      operators: [
        normOperator,
        product("qkv", hidden, projected, .columns),
        Operator(
          "attention",
          .attention(
            .init(
              heads: heads, keyValueHeads: keyValueHeads, keyDimension: width,
              valueDimension: width)),
          sharding: .tensor, savedElements: Double(projected)),
        product("projection", hidden, hidden, .rows),
        Operator(
          "residual", .elementwise(elements: Double(3 * hidden)), sharding: .sequence),
        normOperator,
        product("up", hidden, inner, .columns),
        Operator(
          "activation", .elementwise(elements: Double(inner + feedForward)), sharding: .tensor,
          savedElements: Double(inner)),
        product("down", feedForward, hidden, .rows),
        Operator(
          "residual", .elementwise(elements: Double(3 * hidden)), sharding: .sequence),
      ])
  }

  func problem(
    on pool: Pool, batch: Int, sequence: Int, precision: Precision = .bf16,
    memoryHeadroomFraction: Double = 0.05
  ) -> PlanningProblem {
    PlanningProblem(
      graph: graph, pool: pool,
      job: TrainingJob(
        globalBatchSize: batch, sequenceLength: sequence, precision: precision),
      parameters: .published, memoryHeadroomFraction: memoryHeadroomFraction)
  }
}
