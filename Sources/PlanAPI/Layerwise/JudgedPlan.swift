import Costing
import Galvatron
import Hardware
import JSON
import Planning
import Quantities

/// A plan layer by layer with all that is said of it.
struct JudgedPlan {
  let plan: LayerwisePlan
  let judge: Judge
  let job: JobRequest
  let budget: MemoryBudget
  let verdict: Verdict
  let played: PlayedEstimate
  let parts: StepParts

  init(_ plan: LayerwisePlan, _ judge: Judge, _ request: LayerwiseRequest) {
    self.plan = plan
    self.judge = judge
    job = request.job
    budget = request.budget
    verdict = judge.verdict(plan)
    played = judge.played(plan)
    parts = judge.parts(plan, verdict)
  }

  var fits: Bool { verdict.stageMemory.allSatisfy { $0 <= budget.usable } }

  /// What most layers have, for the fields that hold one strategy.
  var commonStrategy: LayerStrategy {
    var counts: [LayerStrategy: Int] = [:]
    for layer in plan.layers { counts[layer, default: 0] += 1 }
    let most = counts.values.max() ?? 0
    return plan.layers.first { counts[$0] == most } ?? LayerStrategy()
  }

  /// Nodes of the layer graph: the first stage holds the embedding, the last the norm and the head.
  var nodeRanges: [ClosedRange<Int>] {
    plan.stageRanges.enumerated().map { stage, range in
      let first = stage == 0 ? 0 : range.lowerBound + 1
      let last =
        stage == plan.stages - 1 ? job.graph.nodes.count - 1 : range.upperBound
      return first...last
    }
  }

  /// Stage `i` runs on the ranks that follow those of the stages before.
  func devices(stage: Int) -> [DeviceGroup] {
    var groups: [DeviceGroup] = []
    for rank in (stage * judge.stageGPUs)..<((stage + 1) * judge.stageGPUs) {
      let (node, gpu) = (
        job.pool.nodeNames[rank / job.pool.gpusPerNode], rank % job.pool.gpusPerNode
      )
      if groups.last?.node == node {
        groups[groups.count - 1].gpus.append(gpu)
      } else {
        groups.append(DeviceGroup(node: node, gpus: [gpu]))
      }
    }
    return groups
  }
}
