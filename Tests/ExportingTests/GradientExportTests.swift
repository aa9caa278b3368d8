import Costing
import JSON
import Planning
import Testing

@testable import Exporting

/// Plans of sharded weights scatter the gradients of bf16 jobs in 16 bits, unless the request says 32:
/// each launcher is told so, or the reader is told that it does otherwise.
@Suite struct GradientExportTests {
  private static func job(_ zero: ZeroStage, gradientBytes: Double?) throws -> PlannedJob {
    var job = PlannedJob.made(
      Decoder(layers: 8).model, ParallelStrategy(data: 8, microBatches: 2, zeroStage: zero))
    job.job.gradientBytesOverride = gradientBytes
    return job
  }

  @Test(arguments: [
    (ZeroStage.weights, nil, "bf16"), (.weights, 4, "fp32"), (.optimizer, nil, "fp32"),
    (.optimizer, 2.0, "bf16"),
  ])
  func deepSpeedIsTold(zero: ZeroStage, bytes: Double?, type: String) throws {
    let export = try Self.job(zero, gradientBytes: bytes).export(to: .deepspeed)
    let document = try JSONDocument(parsing: export.files[0].text).root
    #expect(document["communication_data_type"]?.string == type)
  }

  @Test(arguments: [
    (ExportTarget.torchtitan(.moduleNames), nil, true), (.torchtitan(.moduleNames), 4.0, false),
    (.accelerate, nil, false), (.accelerate, 4, true), (.megatron, nil, true),
    (.megatron, 4, false),
  ])
  func readersAreTold(target: ExportTarget, bytes: Double?, isOther: Bool) throws {
    let export = try Self.job(.weights, gradientBytes: bytes).export(to: target)
    let isSaid = export.warnings.contains { $0.field == "/training/gradient_precision" }
    #expect(isSaid == isOther)
  }
}
