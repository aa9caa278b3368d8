import JSON
import Testing
import Validating

@Suite struct MeasuredRunTests {
  private static let row = #"""
    {"id": "a-1", "source": {"name": "A paper"}, "tier": "core",
     "model": {"name": "GPT", "layers": 4, "hidden": 1024, "heads": 16, "vocab": 51200, "seq_len": 2048},
     "hardware": {"gpu": "A100-SXM-80GB", "gpus": 16, "gpus_per_node": 8, "inter_bw": "8x200 Gb/s HDR per node"},
     "strategy": {"tp": 2, "pp": 2, "dp": 4, "vpp": 2, "micro_batch": 1, "global_batch": 32,
       "zero_stage_or_fsdp": "ZeRO-1", "recompute": null, "precision": "mxfp8"},
     "measured": {"step_time_s": 1.5, "peak_mem_gib": 20}}
    """#

  private static func run(_ text: String) throws -> MeasuredRun {
    try MeasuredRun(Array(text.utf8))
  }

  @Test func wordsARowAsARequest() throws {
    let run = try Self.run(Self.row)
    guard case .body(let body) = run.request else {
      Issue.record("the row can be asked")
      return
    }
    #expect(run.stepSeconds == 1.5)
    #expect(run.peakMemoryGiB == 20)
    #expect(body["model"]?["transformer"]?["ffn_hidden_size"]?.integer == 4096)
    let pool = body["cluster"]?["pools"]?[0]
    #expect(pool?["gpu"]?.string == "a100-sxm4-80gb")
    #expect(pool?["nodes"]?.integer == 2)
    let node = pool?["inter_node"]?["bandwidth_gbits_per_second_per_node"]?.integer
    #expect(node == 1600)
    #expect(body["training"]?["precision"]?.string == "fp8")
    let strategy = body["plan"]?["strategy"]
    #expect(strategy?["schedule"]?.string == "interleaved")
    #expect(strategy?["zero_stage"]?.integer == 1)
    // What the source does not say is left to the service.
    #expect(strategy?["recompute"] == nil)
    #expect(strategy?["sequence_parallel"] == nil)
  }

  /// Layers that two stages of two chunks divide are; one stage has nothing to cut.
  @Test(arguments: [
    ("\"layers\": 4", "uniform"), ("\"layers\": 5", nil), ("\"layers\": 6", nil),
    ("\"layers\": 8", "uniform"),
  ])
  func isCutUniformlyWhereLayersDivide(layers: String, expected: String?) throws {
    let run = try Self.run(Self.row.replacing("\"layers\": 4", with: layers))
    guard case .body(let body) = run.request else {
      Issue.record("the row can be asked")
      return
    }
    #expect(body["plan"]?["split"]?.string == expected)
    let flat = try Self.run(Self.row.replacing("\"pp\": 2", with: "\"pp\": 1"))
    if case .body(let body) = flat.request { #expect(body["plan"]?["split"] == nil) }
  }

  @Test(arguments: [
    ("\"A100-SXM-80GB\"", "\"TPUv4\"", "GPU not in the catalogue"),
    ("\"tp\": 2", "\"tp\": null", "split unknown"),
    ("\"layers\": 4", "\"layers\": null", "shape, batch or GPU count unknown"),
    ("\"mxfp8\"", "\"nvfp4\"", "fp4"),
  ])
  func saysWhyARowCannotBeAsked(part: String, change: String, reason: String) throws {
    let run = try Self.run(Self.row.replacing(part, with: change))
    guard case .none(let because) = run.request else {
      Issue.record("the row cannot be asked")
      return
    }
    #expect(because == reason)
  }
}
