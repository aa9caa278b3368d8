import Costing
import Hardware
import Quantities
import Workload

/// A GPT of equal blocks, as Megatron-LM builds it.
func gpt(layers: Int, hidden: Int, heads: Int, vocabulary: Int = 51200) -> LayerGraph {
  let block = TransformerBlock(
    mixer: .attention(
      AttentionMixer(
        heads: heads, keyValueHeads: heads, headDimension: hidden / heads, hasInputBias: true,
        hasOutputBias: true, isRotary: false)),
    feedForward: .dense(DenseFeedForward(width: 4 * hidden, isGated: false, hasBias: true)),
    norm: .layer)
  return TransformerModel(
    name: "gpt", hiddenSize: hidden, vocabularySize: vocabulary,
    runs: [TransformerModel.Run(block, count: layers)], finalNorm: .layer,
    head: .init(isTied: true)
  ).graph()
}

func pool(_ id: String, nodes: Int = 1) -> Pool {
  guard let accelerator = AcceleratorCatalogue.standard.accelerator(named: id),
    let pool = try? Pool.make(accelerator: accelerator, nodes: nodes)
  else { preconditionFailure("the catalogue has \(id)") }
  return pool
}

func costs(
  _ graph: LayerGraph, on pool: Pool, _ job: TrainingJob,
  parameters: CostParameters = .published
) -> CostModel {
  CostModel(graph: graph, pool: pool, job: job, parameters: parameters)
}

extension CostModel {
  /// Of a transformer block.
  func block(_ parallelism: LayerParallelism) -> LayerCost {
    guard let kind = graph.kinds.firstIndex(where: { $0.kind == .transformerBlock }) else {
      preconditionFailure("the model has blocks")
    }
    return layerCosts(parallelism)[kind]
  }
}
