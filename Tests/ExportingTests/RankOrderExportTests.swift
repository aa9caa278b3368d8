import Planning
import Testing

@testable import Exporting

@Suite struct RankOrderExportTests {
  private func job(_ order: String) throws -> PlannedJob {
    .made(
      Decoder(layers: 8).model,
      ParallelStrategy(
        pipeline: 4, tensor: 2, data: 4, microBatches: 8, sequenceParallel: true,
        rankOrder: try #require(.init(rawValue: order))), pool: .example(nodes: 4))
  }

  @Test func megatronIsToldTheOrder() throws {
    let flag = "--use-tp-pp-dp-mapping"
    #expect(try job("tp-cp-pp-dp").export(to: .megatron).arguments.contains(flag))
    #expect(try !job("tp-cp-dp-pp").export(to: .megatron).arguments.contains(flag))
    let bridge = try job("tp-cp-pp-dp").export(to: .megatronBridge)
    #expect(bridge.arguments.contains("dist.use_tp_pp_dp_mapping=true"))
    #expect(try job("tp-cp-pp-dp").export(to: .slurm).arguments.contains(flag))
  }

  /// Every node then runs one replica's stages, and is one node to the launcher.
  @Test(arguments: ["tp-cp-dp-pp", "tp-cp-pp-dp"])
  func ranksAreThoseOfThePlan(order: String) throws {
    var notes = ExportNotes()
    let layout = try #require(try job(order).rankLayout(&notes))
    #expect(layout.nodes == 4 && layout.processesPerNode == 8)
    #expect(layout.nodeNames == ["node-0", "node-1", "node-2", "node-3"])
    #expect(notes.warnings.isEmpty)
  }

  @Test(arguments: [
    ExportTarget.torchtitan(.moduleNames), .deepspeed, .nanotron, .accelerate, .galvatron,
  ])
  func othersRefuseWhatTheyCannotSay(target: ExportTarget) throws {
    #expect {
      try job("tp-cp-pp-dp").export(to: target)
    } throws: { error in
      (error as? ExportRefusal)?.reasons.contains { $0.field == "/plan/strategy/rank_order" }
        ?? false
    }
  }
}
