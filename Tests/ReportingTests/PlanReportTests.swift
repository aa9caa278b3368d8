import Planning
import Quantities
import Testing

@testable import Reporting

@Suite struct PlanReportTests {
  private let sample = SamplePlan(
    stages: 4, microBatches: 8, schedule: .oneForwardOneBackward, recompute: 0.003)
  private let proof = OptimalityProof(
    lowerBound: .milli(250), gapFraction: 0, strategiesConsidered: 1_240, strategiesPruned: 118_000)

  private func lines(_ text: String) -> [String] {
    text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  private func report(_ outcome: PlanningOutcome, style: TerminalStyle = .plain) -> String {
    PlanReport(modelName: "gpt-1.5b", clusterName: "2x8xh100-sxm5-80gb", style: style)
      .text(outcome)
  }

  @Test func firstLinesSayWhatMatters() {
    let text = report(.found(PlanningResult(best: sample.plan, proof: proof)))
    #expect(
      lines(text).prefix(5) == [
        "gpt-1.5b on 2x8xh100-sxm5-80gb: 261 ms a step, 125,644 tokens/s, 43.1 % MFU",
        "4 pipeline x 2 tensor x 2 data = 16 GPUs; 1F1B, 8 micro-batches of 2, ZeRO-1, "
          + "full recomputation of 24 layers",
        "Fits: at most 52.9 GiB of 62.9 GiB a GPU at stage 0",
        "Time goes to compute 59.5 %, pipeline bubble 23.0 %, recompute 9.2 %, data parallel 4.2 %",
        "Optimal under the cost model: 1,240 strategies worked out, 118,000 excluded by bounds",
      ])
  }

  @Test func openProofSaysHowFar() {
    var open = proof
    open.gapFraction = 0.042
    let text = report(.found(PlanningResult(best: sample.plan, proof: open)))
    #expect(
      lines(text)[4]
        == "Within 4.2 % of the best possible, which takes at least 250 ms: 1,240 strategies worked "
        + "out, 118,000 excluded by bounds")
    open.gapFraction = 1e-5
    let close = report(.found(PlanningResult(best: sample.plan, proof: open)))
    #expect(close.contains("Within 0.1 % of the best possible"))
  }

  /// Where plans use other numbers of GPUs, alternatives tell how many.
  @Test func alternativesTellGPUs() {
    var other = sample.plan
    other.prediction.gpus = 1234
    let same = report(
      .found(PlanningResult(best: sample.plan, alternatives: [sample.plan], proof: proof)))
    let different = report(
      .found(PlanningResult(best: sample.plan, alternatives: [other], proof: proof)))
    #expect(!same.contains("peak memory   GPUs") && different.contains("peak memory   GPUs"))
    #expect(different.contains("  1,234  "))
  }

  /// Ranges of a plan with an order of its own do not say which layers they are.
  @Test func namesLayersOfGraphsThatBranch() {
    var plan = sample.plan
    let count = plan.stages.map { $0.layerRanges.map(\.upperBound).max()! }.max()! + 1
    plan.order = [1, 2, 0] + Array(3..<count)
    let names = (0..<count).map { "l\($0)" }
    let text = PlanReport(modelName: "m", clusterName: "c", layerNames: names).text(plan)
    let last = plan.stages[0].layerRanges[0].upperBound
    #expect(
      text.contains("\nLayers of the stages\n")
        && text.contains("\n      0  l1 … l2, l0, l3 … l\(last)\n"), "\(text)")
    #expect(!report(.found(PlanningResult(best: plan, proof: proof))).contains("Layers of the"))
  }

  @Test func partialProofSaysSo() {
    var partial = proof
    partial.isPartial = true
    let text = report(.found(PlanningResult(best: sample.plan, proof: partial)))
    #expect(
      lines(text)[4]
        == "Best of all that the bound covers, as a warning says: 1,240 strategies worked out, "
        + "118,000 excluded by bounds")
  }

  @Test func saysWhatWouldHelp() {
    let levers = [
      Lever(change: .globalBatch, step: .milli(400), gain: 0.234, detail: ""),
      Lever(change: .matrixPeak, step: .milli(250), gain: 0.04, detail: ""),
      Lever(change: .networkBandwidth, step: .milli(260), gain: 0.002, detail: ""),
    ]
    let explanation = Explanation(boundBy: .tensorParallel, detail: "", levers: levers)
    let text = report(
      .found(PlanningResult(best: sample.plan, proof: proof, explanation: explanation)))
    #expect(
      lines(text)[5]
        == "Bound by tensor parallel; most would help: twice the global batch (-23.4 %), "
        + "twice the peak compute rate (-4.0 %)")
    let idle = Explanation(boundBy: .bubble, detail: "", levers: [])
    #expect(
      report(.found(PlanningResult(best: sample.plan, proof: proof, explanation: idle)))
        .contains("\nBound by the pipeline bubble\n"))
  }

  @Test func stagesAreListed() {
    let text = report(.found(PlanningResult(best: sample.plan, proof: proof)))
    let all = lines(text)
    #expect(all.contains("      2  13–19        409 M  6.00 ms   11.0 ms           6  node-1: 0–3"))
    #expect(
      all.contains(
        "      3  6.10 GiB   6.10 GiB   18.3 GiB     5.00 GiB   5.20 GiB  40.7 GiB  75.6 GiB  53.8 %"
      ))
    #expect(all.contains("  compute           155 ms  59.5 %  ████████████████████████"))
    #expect(all.contains("  step              261 ms"))
  }

  @Test func alternativesAndWarningsOnlyWhereThereAreSome() {
    let bare = report(.found(PlanningResult(best: sample.plan, proof: proof)))
    #expect(!bare.contains("Alternatives") && !bare.contains("Warnings"))
    let slower = SamplePlan(stages: 8, microBatches: 16, schedule: .zeroBubble).plan
    let full = report(
      .found(
        PlanningResult(
          best: sample.plan, alternatives: [slower], proof: proof,
          warnings: ["the network was assumed"])))
    #expect(full.contains("+47.9 %"))
    #expect(full.contains(" 8       2     2        16 of 2  zero-bubble (ZB-H1)     1  none"))
    #expect(!full.contains("context"), "nobody uses it")
    #expect(full.hasSuffix("Warnings\n  - the network was assumed\n"))
  }

  /// Stages that differ say how.
  @Test func unequalStages() {
    var plan = sample.plan
    plan.stages[1].share = StageShare(tensor: 1, data: 4, microBatches: [5, 5, 3, 3])
    let text = PlanReport(modelName: "m", clusterName: "c").text(plan)
    #expect(text.contains("11.0 ms           6       2  8 + 8          node-0: 0–3"))
    #expect(text.contains("11.0 ms           6       1  5 + 5 + 3 + 3  node-0: 4–7"))
    #expect(plan.degrees.contains(" x 1–2 tensor x 2–4 data = "))
    #expect(plan.degrees.hasSuffix(" = \(plan.prediction.gpus) GPUs"))
    #expect(plan.manner.contains(" 3–8 micro-batches of "))
    plan.stages[1].share = StageShare(tensor: 1, data: 6, microBatches: [4, 4, 4, 4, 2, 2])
    let many = PlanReport(modelName: "m", clusterName: "c").text(plan)
    #expect(many.contains("  4 x 4 + 2 x 2  node-0: 4–7"))
  }

  /// A strategy may allow to recompute layers and recompute none.
  @Test func recomputationIsWhatIsRecomputed() {
    var plan = sample.plan
    #expect(plan.manner.hasSuffix("ZeRO-1, full recomputation of 24 layers"))
    for stage in plan.stages.indices { plan.stages[stage].recomputedLayers = stage == 0 ? 1 : 0 }
    #expect(plan.manner.hasSuffix("full recomputation of 1 layer"))
    plan.stages[0].recomputedLayers = 0
    #expect(plan.manner.hasSuffix("no recomputation"))
    plan.strategy.recompute = .selective
    #expect(plan.manner.hasSuffix("selective recomputation"))
  }

  /// A larger GPU may hold more than the fullest.
  @Test func theFullestNeedNotHoldMost() {
    var plan = sample.plan
    plan.stages[3].memoryLimit = plan.stages[3].memory.total * 1.01
    let text = PlanReport(modelName: "m", clusterName: "c").text(plan)
    #expect(text.contains("Fits: the fullest 40.7 GiB of 41.1 GiB a GPU at stage 3"))
  }

  @Test func planThatDoesNotFit() {
    let over = SamplePlan(
      stages: 4, microBatches: 8, schedule: .oneForwardOneBackward, excess: 3.2)
    let text = PlanReport(modelName: "m", clusterName: "c").text(over.plan)
    #expect(
      lines(text)[2].hasPrefix("Does not fit: 52.9 GiB of 49.7 GiB a GPU at stage 0, 3.20 GiB"))
    #expect(text.contains("106.4 % over"))
  }

  @Test func reasonsForNoPlan() {
    let nearest = SamplePlan(stages: 4, microBatches: 8, schedule: .gpipe, excess: 4).plan
    let memory = report(
      .infeasible(
        Infeasibility(
          reason: .memory(nearest: nearest, stage: 0, excess: .gibi(4)),
          remedies: ["16 more GPUs"])))
    #expect(lines(memory)[0] == "No plan for gpt-1.5b on 2x8xh100-sxm5-80gb")
    #expect(lines(memory)[1].hasSuffix("needs 4.00 GiB too much at stage 0:"))
    #expect(memory.hasSuffix("What would help\n  - 16 more GPUs\n"))
    let none = report(.infeasible(Infeasibility(reason: .noStrategy(["7 heads over 2 GPUs"]))))
    #expect(none.hasSuffix("satisfies every rule:\n  - 7 heads over 2 GPUs\n"))
  }

  /// Colour adds nothing that the words do not say.
  @Test func coloursOnlyDecorate() {
    let outcome = PlanningOutcome.found(PlanningResult(best: sample.plan, proof: proof))
    let coloured = report(outcome, style: .ansi)
    #expect(coloured.contains("\u{1B}[1m"))
    #expect(coloured.replacing(/\u{1B}\[[0-9;]*m/, with: "") == report(outcome))
  }

  @Test func noLineEndsInBlanks() {
    let text = report(.found(PlanningResult(best: sample.plan, proof: proof)))
    #expect(lines(text).allSatisfy { $0.last != " " })
  }
}
