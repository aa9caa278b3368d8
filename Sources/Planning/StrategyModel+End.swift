import Costing
import Quantities
import Workload

extension StrategyModel {
  /// Parameters of a stage on one GPU, dense and of experts, before ZeRO.
  package func stageParameters(
    _ chunks: some Collection<Range<Int>>
  ) -> (dense: Double, expert: Double) {
    var dense = tiedParameters(chunks)
    var expert = 0.0
    for nodes in chunks {
      let (before, after) = (table.sums[nodes.lowerBound], table.sums[nodes.upperBound])
      dense += after.parameters - before.parameters
      expert += after.expertParameters - before.expertParameters
    }
    return (dense, expert)
  }

  /// What a stage's gradient reduction adds after its last micro-batch, and its optimizer step.
  package func stepEnd(
    _ chunks: some Collection<Range<Int>>, forward: Seconds, backward: Seconds
  ) -> (reduction: Seconds, optimizer: Seconds) {
    stepEnd(chunks, stageParameters(chunks), forward: forward, backward: backward)
  }

  /// - Parameter parameters: of the stage, `stageParameters(chunks)`.
  func stepEnd(
    _ chunks: some Collection<Range<Int>>, _ parameters: (dense: Double, expert: Double),
    forward: Seconds, backward: Seconds
  ) -> (reduction: Seconds, optimizer: Seconds) {
    let (dense, expert) = parameters
    let tiedBytes = tiedGradientBytes(chunks)
    func reduction(_ end: StepEnd) -> Seconds {
      end.exposedReduction(
        parameters: dense, expertParameters: expert, tiedBytes: tiedBytes,
        forward: forward, backward: backward, microBatches: strategy.microBatches)
    }
    let own = reduction(end)
    let least = other.map { min(own, reduction($0.end)) } ?? own
    return (least, end.optimizerTime(parameters: dense, expertParameters: expert))
  }

  /// Gradients of a tied table that this stage exchanges with the stage of the other copy.
  private func tiedGradientBytes(_ chunks: some Collection<Range<Int>>) -> ByteCount {
    guard let tie = problem.tie else { return .zero }
    let hasHead = chunks.contains { $0.contains(tie.head) }
    let hasEmbedding = chunks.contains { $0.contains(tie.embedding) }
    guard hasHead != hasEmbedding else { return .zero }
    let parameters = table.costs[problem.graph.nodes[tie.embedding].kind].parameters
    return ByteCount(parameters * problem.job.gradientBytes)
  }
}
