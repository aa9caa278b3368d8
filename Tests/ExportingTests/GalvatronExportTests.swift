import Galvatron
import Importing
import JSON
import Planning
import Scheduling
import Testing

@testable import Exporting

@Suite struct GalvatronExportTests {
  private func plan(_ export: Export, _ job: PlannedJob, layers: Int) throws -> LayerwisePlan {
    let document = try JSONDocument(parsing: Array(export.files[0].text.utf8))
    let file = try document.root.read(as: .strategyFile).get()
    let log = JSONFaultLog(for: document)
    let plan = file.plan(
      layers: layers, gpus: job.strategy.gpus, schedule: .gpipe, sharding: .ddp, log)
    return try #require(plan, "\(log.faults?.description ?? "")")
  }

  /// What is written is what the runtime's rules allow, and reads back as the plan.
  @Test(arguments: 0..<200)
  func roundTrips(seed: Int) throws {
    let job = PlannedJob.random(seed: seed)
    let strategy = job.strategy
    guard let export = try? job.export(to: .galvatron) else {
      // Refused for what has no form, and for nothing else.
      let hasForm =
        strategy.virtualStages == 1 && strategy.context == 1 && strategy.expert == 1
        && strategy.recompute != .selective && strategy.zeroStage != .optimizer
        && [.gpipe, .oneForwardOneBackward].contains(strategy.schedule) && strategy.pipeline == 1
      #expect(!hasForm)
      return
    }
    guard strategy.microBatches >= strategy.pipeline else {
      #expect(export.warnings.contains { $0.field == "/plan/strategy/micro_batches" })
      return
    }
    let layers = job.graph.nodes.count {
      job.graph.kinds[$0.kind].kind == .transformerBlock
    }
    let plan = try plan(export, job, layers: layers)
    #expect(plan.stages == strategy.pipeline)
    #expect(plan.microBatches == strategy.microBatches)
    #expect(plan.layers.allSatisfy { $0.degree == strategy.tensor && !$0.usesUlysses })
    #expect(
      plan.layers.allSatisfy { $0.shardsWeights == (strategy.zeroStage == .weights) }
        || strategy.data == 1)
    #expect(plan.schedule == (strategy.schedule == .gpipe ? .gpipe : .pipedreamFlush))
    #expect(plan.embedding.degree == strategy.tensor)
  }

  @Test func saysWhatHasNoForm() throws {
    var fields: Set<String> = []
    for seed in 0..<200 {
      do {
        _ = try PlannedJob.random(seed: seed).export(to: .galvatron)
      } catch {
        fields.formUnion(error.reasons.map(\.field))
      }
    }
    #expect(
      fields.isSuperset(of: [
        "/plan/strategy/virtual_stages", "/plan/strategy/context_parallel",
        "/plan/strategy/recompute", "/plan/strategy/zero_stage",
      ]), "\(fields)")
  }
}
