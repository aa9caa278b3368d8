import JSON
import Workload

/// Reads a number of layers as a plain GPT of hidden size 1024: routes are tested apart from the
/// formats that models come in.
struct PlainModelRule: JSONRule {
  var expectation: String { "a number of layers" }

  func read(_ value: JSONValue, _ log: JSONFaultLog) -> LayerGraph? {
    guard let layers = value.integer, (1...200).contains(layers) else { return refuse(value, log) }
    return plainModel(layers: layers)
  }
}

func plainModel(layers: Int) -> LayerGraph {
  let (hidden, heads, vocabulary) = (1024, 16, 50_304)
  let embedding = Layer(
    kind: .embedding,
    operators: [
      Operator(
        "embedding", .lookup(width: hidden), sharding: .rows, parameters: vocabulary * hidden,
        savedElements: 0)
    ])
  let shape = Operator.Attention(
    heads: heads, keyValueHeads: heads, keyDimension: hidden / heads, valueDimension: hidden / heads
  )
  func product(_ name: String, _ inputs: Int, _ outputs: Int, _ sharding: Operator.Sharding)
    -> Operator
  {
    Operator(
      name, .matrixProduct(inputs: inputs, outputs: outputs), sharding: sharding,
      parameters: inputs * outputs, savedElements: Double(inputs))
  }
  let block = Layer(
    kind: .transformerBlock,
    operators: [
      product("query_key_value", hidden, 3 * hidden, .columns),
      Operator(
        "attention", .attention(shape), sharding: .tensor, savedElements: Double(3 * hidden)),
      product("projection", hidden, hidden, .rows),
      product("up", hidden, 4 * hidden, .columns),
      product("down", 4 * hidden, hidden, .rows),
    ])
  let head = Layer(
    kind: .head,
    operators: [
      product("head", hidden, vocabulary, .columns),
      Operator("loss", .crossEntropy(classes: vocabulary), sharding: .tensor),
    ])
  let names = ["embedding"] + (0..<layers).map { "block_\($0)" } + ["head"]
  return LayerGraph(
    name: "plain-\(layers)", kinds: [embedding, block, head],
    nodes: names.enumerated().map { index, name in
      LayerGraph.Node(name: name, kind: index == 0 ? 0 : index <= layers ? 1 : 2)
    },
    edges: (0...layers).map {
      LayerGraph.Edge(source: $0, target: $0 + 1, elementsPerToken: Double(hidden))
    },
    hiddenSize: hidden, vocabularySize: vocabulary, maximumSequenceLength: 4096)
}
