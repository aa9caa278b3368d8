import Costing
import Hardware
import Planning
import Quantities
import Workload

/// A training step that was run and timed.
package struct MeasuredStep: Sendable {
  package var graph: LayerGraph
  package var pool: Pool
  package var job: TrainingJob
  package var strategy: ParallelStrategy
  /// Where the pipeline was cut; `nil` where that is not known.
  package var split: PipelineSplit?
  package var seconds: Seconds
  /// How much the run counts.
  package var weight: Double

  package init(
    graph: LayerGraph, pool: Pool, job: TrainingJob, strategy: ParallelStrategy,
    split: PipelineSplit? = nil, seconds: Seconds, weight: Double = 1
  ) {
    self.graph = graph
    self.pool = pool
    self.job = job
    self.strategy = strategy
    self.split = split
    self.seconds = seconds
    self.weight = weight
  }

  package var stack: SoftwareStack {
    SoftwareStack(job, strategy.layerParallelism, hasExperts: graph.hasExperts)
  }

  package func problem(_ parameters: CostParameters) -> PlanningProblem {
    PlanningProblem(
      graph: graph, pool: pool, job: job, parameters: parameters,
      memoryHeadroomFraction: SearchConstraints().memoryHeadroomFraction)
  }

  /// The plan that is predicted for it.
  package func plan(_ parameters: CostParameters, split: PipelineSplit? = nil) -> Plan {
    Planner(problem(parameters)).simulate(strategy, split: split ?? self.split)
  }
}
