import Costing
import Planning
import Quantities
import Workload
import Testing

@testable import Reporting

@Suite struct LayerCutTests {
  /// Six layers in a row, and an edge from the second over the next two.
  private let graph = LayerGraph(
    name: "skip",
    kinds: [Layer(kind: .embedding, operators: []), Layer(kind: .transformerBlock, operators: [])],
    nodes: (0..<6).map { LayerGraph.Node(name: "n\($0)", kind: $0 == 0 ? 0 : 1) },
    edges: [
      LayerGraph.Edge(source: 0, target: 1, elementsPerToken: 10),
      LayerGraph.Edge(source: 1, target: 2, elementsPerToken: 10),
      LayerGraph.Edge(source: 1, target: 4, elementsPerToken: 0, bytesPerSequence: 7),
      LayerGraph.Edge(source: 2, target: 3, elementsPerToken: 10),
      LayerGraph.Edge(source: 3, target: 4, elementsPerToken: 10),
      LayerGraph.Edge(source: 4, target: 5, elementsPerToken: 30),
    ], hiddenSize: 10, vocabularySize: 100)

  private func stage(_ id: Int, _ ranges: [ClosedRange<Int>]) -> StagePlan {
    StagePlan(
      id: id, layerRanges: ranges, parameters: 1, recomputedLayers: 0, devices: [],
      forward: .zero, backward: .zero, memory: StageMemory(), memoryLimit: .gibi(1))
  }

  @Test func everyCrossingEdgeCounts() {
    let stages = [stage(0, [0...1, 3...4]), stage(1, [2...2, 5...5])]
    let parts = graph.parts(
      of: stages, tensors: TensorScale(microBatchSize: 3, sequenceLength: 4, precision: .bf16))
    #expect(parts.map(\.stage) == [0, 1, 0, 1])
    #expect(parts.map(\.chunk) == [0, 0, 1, 1])
    #expect(parts.map(\.tensors) == [2, 2, 1, 0])
    let row = 10.0 * 12 * 2
    #expect(parts.map(\.crossing.value) == [row + 21, row + 21, 3 * row, 0])
  }

  @Test func runsOfOneKind() {
    let runs = graph.runs(0...3)
    #expect(runs.map(\.count) == [1, 3])
    #expect(runs.map(\.kind) == [.embedding, .transformerBlock])
  }
}
