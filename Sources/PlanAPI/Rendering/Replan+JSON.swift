import Hardware
import JSON
import Planning
import Quantities

extension JSONWriter {
  /// The way to go on, and what it was weighed against.
  mutating func replan(
    _ ways: Replanner.Ways, _ request: ReplanRequest, _ cluster: Cluster,
    _ catalogue: AcceleratorCatalogue, warnings: [String]
  ) {
    object { w in
      guard let best = ways.options.first else {
        w.member("status", ways.isUndecided ? "unknown" : "infeasible")
        w.member("model_name", request.job.graph.name)
        w.name("cluster")
        w.pools(of: cluster, catalogue)
        w.stragglers(request.stragglers)
        w.member("warnings", warnings)
        return
      }
      w.member("status", best.kind == .stay ? "stay" : "move")
      w.member("model_name", request.job.graph.name)
      w.name("plan")
      w.plan(best.plan.plan, of: request.job)
      w.name("cluster")
      w.pools(of: cluster, catalogue)
      w.stragglers(request.stragglers)
      w.member("horizon_steps", request.terms.steps)
      w.move(best.migration)
      w.array("options", ways.options) { w, option in
        w.object { w in
          w.member("kind", option.kind.rawValue)
          w.member("step_seconds", option.plan.plan.prediction.step.value)
          w.member("move_seconds", option.migration.time.value)
          w.member("move_bytes", option.migration.bytes.value.rounded())
          w.member("total_seconds", option.total.value)
        }
      }
      w.member("warnings", warnings)
    }
  }

  private mutating func stragglers(_ stragglers: [Straggler]) {
    array("stragglers", stragglers) { w, straggler in
      w.object { w in
        w.member("stage_id", straggler.stage)
        w.member("slowdown", straggler.slowdown)
        w.member("nodes", straggler.nodes)
      }
    }
  }

  private mutating func move(_ migration: Migration) {
    object("move") { w in
      w.member("bytes", migration.bytes.value.rounded())
      w.member("checkpoint_bytes", migration.fromCheckpoint.value.rounded())
      w.member("seconds", migration.time.value)
      w.array("transfers", migration.transfers) { w, transfer in
        w.object { w in
          w.gpu("from", transfer.from)
          w.gpu("to", transfer.to)
          w.name("layer_range")
          w.array([transfer.layers.lowerBound, transfer.layers.upperBound]) { $0.value($1) }
          w.member("weight_bytes", transfer.weights.value.rounded())
          w.member("optimizer_bytes", transfer.optimizer.value.rounded())
        }
      }
    }
  }

  private mutating func gpu(_ name: StaticString, _ device: Device) {
    object(name) { w in
      w.member("node", device.node)
      w.member("gpu", device.gpu)
    }
  }
}
