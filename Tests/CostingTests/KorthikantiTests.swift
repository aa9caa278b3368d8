import Costing
import Quantities
import Testing

/// Activations of one transformer layer and one micro-batch: Korthikanti et al. 2022 (arXiv
/// 2205.05198), table 2, with dropout and scores written out, in bytes.
@Suite struct KorthikantiTests {
  /// GPT-3 175B's shape: s = 2048, b = 1, h = 12288, a = 96, t = 8.
  private static let (s, b, h, a, t) = (2048.0, 1.0, 12288.0, 96.0, 8.0)

  private static func block(tensor: Int, sequenceParallel: Bool) -> LayerCost {
    let job = TrainingJob(
      globalBatchSize: 8, sequenceLength: 2048, precision: .fp16, usesDropout: true)
    return costs(gpt(layers: 2, hidden: 12288, heads: 96), on: pool("a100-sxm4-80gb"), job)
      .block(LayerParallelism(tensor: tensor, sequenceParallel: sequenceParallel))
  }

  private static func isClose(_ found: ByteCount, _ expected: Double) -> Bool {
    abs(found.value / expected - 1) < 1e-9
  }

  @Test func withoutParallelism() {
    let cost = Self.block(tensor: 1, sequenceParallel: false)
    let (s, b, h, a) = (Self.s, Self.b, Self.h, Self.a)
    #expect(Self.isClose(cost.activations, s * b * h * (34 + 5 * a * s / h)))
    #expect(Self.isClose(cost.selectiveActivations, 34 * s * b * h))
    #expect(Self.isClose(cost.fullActivations, 2 * s * b * h))
  }

  @Test func tensorParallel() {
    let cost = Self.block(tensor: 8, sequenceParallel: false)
    let (s, b, h, a, t) = (Self.s, Self.b, Self.h, Self.a, Self.t)
    #expect(Self.isClose(cost.activations, s * b * h * (10 + 24 / t + 5 * a * s / (h * t))))
    #expect(Self.isClose(cost.selectiveActivations, s * b * h * (10 + 24 / t)))
  }

  @Test func tensorAndSequenceParallel() {
    let cost = Self.block(tensor: 8, sequenceParallel: true)
    let (s, b, h, a, t) = (Self.s, Self.b, Self.h, Self.a, Self.t)
    #expect(Self.isClose(cost.activations, s * b * h / t * (34 + 5 * a * s / h)))
    #expect(Self.isClose(cost.selectiveActivations, 34 * s * b * h / t))
  }
}
