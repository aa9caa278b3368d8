import Costing
import Hardware
import Planning
import Quantities
import Workload

/// A time that was measured, and how the cost model predicts it.
package struct Observation: Sendable {
  package var measured: Seconds
  /// How much it counts.
  package var weight: Double
  package var architecture: Accelerator.Architecture
  package var stack: SoftwareStack
  package var predicted: @Sendable (CostParameters) -> Seconds
}

/// One pass of one layer over one micro-batch, timed on one GPU.
package struct MeasuredLayer: Sendable {
  package enum Pass: String, Hashable, Sendable, CaseIterable { case forward, backward }

  package var graph: LayerGraph
  package var pool: Pool
  package var job: TrainingJob
  package var strategy: ParallelStrategy
  /// Of the layer graph.
  package var node: Int
  package var pass: Pass
  package var seconds: Seconds
  package var weight: Double

  package init(
    graph: LayerGraph, pool: Pool, job: TrainingJob, strategy: ParallelStrategy, node: Int,
    pass: Pass, seconds: Seconds, weight: Double = 1
  ) {
    self.graph = graph
    self.pool = pool
    self.job = job
    self.strategy = strategy
    self.node = node
    self.pass = pass
    self.seconds = seconds
    self.weight = weight
  }

  package var observation: Observation {
    let parallelism = strategy.layerParallelism
    let layer = graph.layer(node)
    return Observation(
      measured: seconds, weight: weight, architecture: pool.accelerator.architecture,
      stack: SoftwareStack(job, parallelism, hasExperts: graph.hasExperts)
    ) { [graph, node, pool, job, strategy, pass] parameters in
      var single = graph
      (single.kinds, single.nodes, single.edges) = (
        [layer], [LayerGraph.Node(name: graph.nodes[node].name, kind: 0)], []
      )
      let costs = CostModel(graph: single, pool: pool, job: job, parameters: parameters)
      let cost = costs.layerCosts(parallelism)[0]
      switch pass {
      case .forward: return cost.forward.total
      case .backward: return cost.backward(strategy.recompute).total
      }
    }
  }
}

extension MeasuredStep {
  /// With the stages cut as is best for `parameters`, where the run does not say where they were.
  package func observation(cutFor parameters: CostParameters) -> Observation {
    let cut = split ?? plan(parameters).split
    return Observation(
      measured: seconds, weight: weight, architecture: pool.accelerator.architecture, stack: stack
    ) { parameters in
      plan(parameters, split: cut).prediction.step
    }
  }
}
