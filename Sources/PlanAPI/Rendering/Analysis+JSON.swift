import Analyzing
import JSON
import Quantities
import Reporting
import Workload

extension JSONWriter {
  /// What was found out about a model.
  mutating func analysis(_ analysis: ModelAnalysis) {
    let figures = analysis.figures
    object { w in
      w.totals(figures)
      w.member("sequence_length", figures.sequenceLength)
      w.member("micro_batch_size", figures.microBatchSize)
      w.member("precision", figures.precision.rawValue)
      w.object("distributions") { w in
        for quantity in LayerQuantity.allCases {
          w.name(quantity.wireName)
          w.distribution(analysis.distribution(of: quantity), quantity)
        }
        w.array("by_kind", analysis.shares) { $0.share($1) }
      }
      w.object("bottlenecks") { w in
        w.name("max_memory_layer")
        w.layer(analysis.largestLayer(by: .memory), figures)
        w.name("max_compute_layer")
        w.layer(analysis.largestLayer(by: .compute), figures)
        w.name("max_parameter_layer")
        w.layer(analysis.largestLayer(by: .parameters), figures)
      }
      w.array("partitions", analysis.partitions) { $0.partition($1) }
      let recommended = analysis.recommended
      w.member("recommended_stages", recommended?.stages.count ?? 1)
      w.member("recommended_strategy", recommended?.strategy.rawValue ?? "uniform")
      w.member("recommendation", AnalysisReport(analysis).recommendation)
    }
  }

  private mutating func distribution(_ spread: Distribution, _ quantity: LayerQuantity) {
    let unit = quantity.wireUnit
    object { w in
      w.member("total", spread.total / unit)
      w.member("mean", spread.mean / unit)
      w.member("standard_deviation", spread.standardDeviation / unit)
      w.member("coefficient_of_variation", spread.coefficientOfVariation)
      w.member("min", spread.minimum / unit)
      w.member("median", spread.median / unit)
      w.member("max", spread.maximum / unit)
    }
  }

  private mutating func share(_ share: KindShare) {
    object { w in
      w.member("kind", share.kind.rawValue)
      w.member("layers", share.layers)
      w.member("parameters", share.parameters)
      w.member("memory_mb", share.memory.mebibytes)
      w.member("forward_gflops", share.forwardFLOPs.value / 1e9)
    }
  }

  private mutating func layer(_ index: Int, _ figures: LayerFigures) {
    object { w in
      w.member("layer", index)
      w.member("name", figures.graph.nodes[index].name)
      w.member("kind", figures.graph.layer(index).kind.rawValue)
      w.member("parameters", figures.parameters[index])
      w.member("memory_mb", figures.weightBytes[index].mebibytes)
      w.member("forward_gflops", figures.forwardFLOPs[index].value / 1e9)
    }
  }

  private mutating func partition(_ partition: Partition) {
    object { w in
      w.member("stages", partition.stages.count)
      w.member("strategy", partition.strategy.rawValue)
      w.member("balance_score", partition.balanceScore)
      w.member("max_memory_mb", partition.maximumMemory.mebibytes)
      w.member("communication_mb", partition.communication.mebibytes)
      w.member("compute_evenness", partition.computeEvenness)
      w.member("memory_evenness", partition.memoryEvenness)
      w.array("stage_list", partition.stages.enumerated()) { w, item in
        let (id, stage) = item
        w.object { w in
          w.member("stage_id", id)
          w.member("layer_range", [stage.layers.lowerBound, stage.layers.upperBound - 1])
          w.member("memory_mb", stage.memory.mebibytes)
          w.member("parameters", stage.parameters)
          w.member("forward_gflops", stage.forwardFLOPs.value / 1e9)
        }
      }
    }
  }
}

extension LayerQuantity {
  fileprivate var wireName: StaticString {
    switch self {
    case .parameters: "parameters"
    case .memory: "memory_mb"
    case .compute: "forward_gflops"
    }
  }

  fileprivate var wireUnit: Double {
    switch self {
    case .parameters: 1
    case .memory: 0x1p20
    case .compute: 1e9
    }
  }
}
