import Analyzing
import JSON
import Quantities
import Workload

extension JSONWriter {
  /// The graph in NetworkX's node-link form, which `networkx.node_link_graph(_, edges="edges")`
  /// loads, and `model` takes back as `{"graph": …}`.
  ///
  /// What a graph is given by stands as it is taken back, for one sequence: `forward_flops`,
  /// `activation_bytes` and an edge's `bytes`. Totals, `forward_gflops`, `output_bytes` and
  /// `communication_mb` are of one micro-batch.
  mutating func layerGraph(_ request: LayersRequest) {
    let figures = request.figures
    let names = figures.graph.nodes.map(\.name)
    object { w in
      w.member("directed", true)
      w.member("multigraph", false)
      w.object("graph") { w in
        w.member("name", figures.graph.name)
        w.totals(figures)
        w.member("sequence_length", figures.sequenceLength)
        w.member("micro_batch_size", figures.microBatchSize)
        w.member("precision", figures.precision.rawValue)
        w.member("weights", request.counting.rawValue)
      }
      w.array("nodes", figures.graph.nodes.indices) { $0.node($1, names[$1], figures) }
      w.array("edges", figures.graph.edges) { w, edge in
        let size = { (sequences: Int) in
          figures.graph.bytes(
            of: edge, sequences: Double(sequences), sequenceLength: figures.sequenceLength,
            figures.precision)
        }
        w.object { w in
          w.member("source", names[edge.source])
          w.member("target", names[edge.target])
          w.member("bytes", size(1).value)
          w.member("communication_mb", size(figures.microBatchSize).mebibytes)
        }
      }
      w.totals(figures)
    }
  }

  /// What is said of a whole model.
  mutating func totals(_ figures: LayerFigures) {
    let totals = figures.graph.totals(
      tokens: Double(figures.microBatchSize) * Double(figures.sequenceLength),
      sequenceLength: figures.sequenceLength, precision: figures.precision)
    member("model_name", figures.graph.name)
    member("total_layers", figures.layers)
    member("total_parameters", totals.parameters)
    member("active_parameters", totals.activeParameters)
    member("total_memory_mb", totals.weightBytes.mebibytes)
    member("total_forward_gflops", totals.forwardFLOPs.value / 1e9)
  }

  private mutating func node(_ index: Int, _ name: String, _ figures: LayerFigures) {
    let layer = figures.graph.layer(index)
    let length = figures.sequenceLength
    object { w in
      w.member("id", name)
      w.member("index", index)
      w.member("kind", layer.kind.rawValue)
      w.member("parameters", figures.parameters[index])
      w.member("active_parameters", layer.activeParameters)
      w.member("weight_bytes", figures.weightBytes[index].value)
      w.member("memory_mb", figures.weightBytes[index].mebibytes)
      w.member(
        "forward_flops",
        layer.forwardFLOPs(tokens: Double(length), sequenceLength: length).value)
      w.member("forward_gflops", figures.forwardFLOPs[index].value / 1e9)
      w.member(
        "activation_bytes",
        layer.savedBytes(
          tokens: Double(length), sequenceLength: length, precision: figures.precision
        ).value)
      w.member(
        "output_bytes",
        figures.graph.outputBytes(
          ofNode: index, sequences: Double(figures.microBatchSize), sequenceLength: length,
          precision: figures.precision
        ).value)
      for op in layer.operators {
        guard case .opaque(let given) = op.work else { continue }
        if let seconds = given.forwardSeconds { w.member("forward_seconds", seconds) }
        if let seconds = given.backwardSeconds { w.member("backward_seconds", seconds) }
      }
    }
  }
}
