import Quantities
import Testing
import Workload

/// Narayanan et al. 2021, "Efficient Large-Scale Language Model Training on GPU Clusters Using
/// Megatron-LM" (arXiv 2104.04473): table 1 (hidden size, layers, heads, billions of parameters as
/// printed) and equations 2 and 3; vocabulary 51,200, sequence 2,048.
private let table1: [(hidden: Int, layers: Int, heads: Int, billions: Double)] = [
  (2304, 24, 24, 1.7), (3072, 30, 32, 3.6), (4096, 36, 32, 7.5), (6144, 40, 48, 18.4),
  (8192, 48, 64, 39.1), (10240, 60, 80, 76.1), (12288, 80, 96, 145.6), (16384, 96, 128, 310.1),
  (20480, 105, 128, 529.6), (25600, 128, 160, 1008.0),
]

@Suite struct FLOPsTests {
  @Test(arguments: table1)
  func forwardAndBackwardAreNarayanansFormula(
    row: (hidden: Int, layers: Int, heads: Int, billions: Double)
  ) {
    let graph = model(row).graph()
    let (B, s, V) = (4.0, 2048.0, 51200.0)
    let (h, L) = (Double(row.hidden), Double(row.layers))
    let head = graph.layer(graph.nodes.count - 1)
      .forwardFLOPs(tokens: B * s, sequenceLength: 2048)
    let all = graph.totals(tokens: B * s, sequenceLength: 2048, precision: .bf16).forwardFLOPs
    let formula = 72 * B * s * L * h * h * (1 + s / (6 * h) + V / (12 * L * h))
    #expect(abs(3 * all.value / formula - 1) < 1e-12)
    // Equation 3: with full recomputation the blocks run forward once more, the head does not.
    let recomputing = 96 * B * s * L * h * h * (1 + s / (6 * h) + V / (16 * L * h))
    #expect(abs((3 * head.value + 4 * (all - head).value) / recomputing - 1) < 1e-12)
  }

  /// Equation 2, P = 12·L·h²·(1 + 13/(12h) + (V + s)/(12·L·h)), leaves out the final norm's 2h.
  @Test(arguments: table1)
  func parametersAreEquation2AndThePrintedBillions(
    row: (hidden: Int, layers: Int, heads: Int, billions: Double)
  ) {
    let (h, L) = (row.hidden, row.layers)
    let counted = model(row).graph().parameters
    #expect(counted == 12 * L * h * h + 13 * L * h + (51200 + 2048) * h + 2 * h)
    #expect(abs(Double(counted) / 1e9 - row.billions) <= 0.1)
  }

  private func model(
    _ row: (hidden: Int, layers: Int, heads: Int, billions: Double)
  ) -> TransformerModel {
    gpt(
      hidden: row.hidden, layers: row.layers, heads: row.heads, vocabulary: 51200, positions: 2048)
  }

  @Test func aWindowBoundsTheKeys() {
    func flops(_ window: Int?, _ length: Int) -> Double {
      let op = Operator(
        "a",
        .attention(
          .init(heads: 4, keyValueHeads: 2, keyDimension: 192, valueDimension: 128, window: window)
        ), sharding: .tensor)
      return op.forwardFLOPs(tokens: 10, sequenceLength: length).value
    }
    #expect(flops(nil, 4096) == 10 * 2 * 4 * 320 * 4096)
    #expect(flops(1024, 4096) == 10 * 2 * 4 * 320 * 1024)
    #expect(flops(1024, 512) == flops(nil, 512))
  }

  @Test func onlyActiveExpertsCompute() {
    let op = Operator(
      "e", .expertProduct(inputs: 10, outputs: 20, experts: 8, active: 2), sharding: .experts)
    #expect(op.forwardFLOPs(tokens: 3, sequenceLength: 1).value == 3 * 2 * 2 * 200)
  }

  /// 12·h² + … of the products, whatever the mixer: parameters of a dense block's products, twice.
  @Test func aBlockWithoutAttentionCostsTwoFLOPsAParameter() {
    let block = llamaBlock(heads: 32, keyValueHeads: 8, headDimension: 128, width: 14336)
    let layer = block.layer(hiddenSize: 4096)
    let norms = 2 * 4096
    let attention = 2.0 * 32 * 256 * 8192
    #expect(
      layer.forwardFLOPs(tokens: 1, sequenceLength: 8192).value
        == 2 * Double(layer.parameters - norms) + attention)
  }
}
