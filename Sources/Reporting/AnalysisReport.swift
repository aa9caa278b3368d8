import Analyzing
import Quantities
import Workload

/// What was found out about a model, as text for people. MB are 2^20 bytes.
package struct AnalysisReport {
  private let analysis: ModelAnalysis
  private let style: TerminalStyle
  private var figures: LayerFigures { analysis.figures }

  package init(_ analysis: ModelAnalysis, style: TerminalStyle = .plain) {
    self.analysis = analysis
    self.style = style
  }

  /// Ends with a line break.
  package var text: String {
    var lines = head
    lines += section("Partitions", partitions)
    if let recommended = analysis.recommended {
      lines += section("Stages of the recommended partition", stages(recommended))
    }
    lines += section("Layers by kind", kinds)
    lines += section("Distribution over layers", distributions)
    lines += section("How to read this", notes)
    return lines.map { $0 + "\n" }.joined()
  }

  private func section(_ title: String, _ lines: [String]) -> [String] {
    lines.isEmpty ? [] : ["", style.strong(title)] + lines
  }

  // MARK: The first lines

  private var head: [String] {
    let totals = analysis.totals
    let active =
      totals.activeParameters < totals.parameters
      ? ", \(HumanNumber.amount(Double(totals.activeParameters))) of them active" : ""
    return [
      style.strong(
        "\(figures.graph.name): \(HumanNumber.count(figures.layers)) layers, "
          + "\(HumanNumber.count(totals.parameters)) parameters\(active)"),
      "Weights take \(mebibytes(totals.weightBytes)) MB in \(figures.precision.rawValue); "
        + "a micro-batch of \(figures.microBatchSize) x "
        + "\(HumanNumber.count(figures.sequenceLength)) tokens takes "
        + "\(gigaflops(totals.forwardFLOPs)) GFLOPs forward",
      style.good("Recommended") + ": " + split,
    ] + (merits.isEmpty ? [] : ["  " + merits]) + [
      "Largest layers: by memory \(name(.memory)), by compute \(name(.compute)), "
        + "by parameters \(name(.parameters))"
    ]
  }

  /// The partition to take and why, in one sentence.
  package var recommendation: String {
    analysis.recommended == nil ? split : "\(split): \(merits)"
  }

  private var split: String {
    guard let best = analysis.recommended else { return "one stage; no split was possible" }
    let words = best.stages.count == 1 ? "1 stage" : "\(best.stages.count) stages"
    return "\(words), \(best.strategy.words)"
  }

  private var merits: String {
    guard let best = analysis.recommended else { return "" }
    return
      "stages are busy \(HumanNumber.percent(best.computeEvenness)) of a full pipeline's time, "
      + "the largest holds \(mebibytes(best.maximumMemory)) MB of weights, "
      + "a micro-batch sends \(mebibytes(best.communication)) MB between stages"
  }

  private func name(_ quantity: LayerQuantity) -> String {
    let layer = analysis.largestLayer(by: quantity)
    let size =
      switch quantity {
      case .memory: mebibytes(figures.weightBytes[layer]) + " MB"
      case .compute: gigaflops(figures.forwardFLOPs[layer]) + " GFLOPs"
      case .parameters: HumanNumber.count(figures.parameters[layer])
      }
    return "\(figures.graph.nodes[layer].name) (layer \(layer), \(size))"
  }

  // MARK: Tables

  private var partitions: [String] {
    var table = TextTable([
      .numbers("stages"), .words("split"), .numbers("balance"), .numbers("max MB"),
      .numbers("communication MB"), .numbers("compute even"), .numbers("memory even"), .words(""),
    ])
    let recommended = analysis.recommended
    for partition in analysis.partitions {
      table.add([
        "\(partition.stages.count)", partition.strategy.rawValue,
        HumanNumber.fixed(partition.balanceScore, decimals: 4),
        mebibytes(partition.maximumMemory), mebibytes(partition.communication),
        HumanNumber.percent(partition.computeEvenness),
        HumanNumber.percent(partition.memoryEvenness),
        partition == recommended ? "recommended" : "",
      ])
    }
    return table.isEmpty ? [] : table.lines(indent: 2)
  }

  private func stages(_ partition: Partition) -> [String] {
    var table = TextTable([
      .numbers("stage"), .words("layers"), .numbers("parameters"), .numbers("memory MB"),
      .numbers("GFLOPs"),
    ])
    for (id, stage) in partition.stages.enumerated() {
      let (first, last) = (stage.layers.lowerBound, stage.layers.upperBound - 1)
      table.add([
        "\(id)", first == last ? "\(first)" : "\(first)–\(last)",
        HumanNumber.count(stage.parameters), mebibytes(stage.memory),
        gigaflops(stage.forwardFLOPs),
      ])
    }
    return table.lines(indent: 2)
  }

  private var kinds: [String] {
    var table = TextTable([
      .words("kind"), .numbers("layers"), .numbers("parameters"), .numbers("share"),
      .numbers("memory MB"), .numbers("GFLOPs"), .numbers("share"),
    ])
    let totals = analysis.totals
    for share in analysis.shares {
      table.add([
        share.kind.rawValue, HumanNumber.count(share.layers),
        HumanNumber.count(share.parameters),
        HumanNumber.percent(Double(share.parameters) / max(1, Double(totals.parameters))),
        mebibytes(share.memory), gigaflops(share.forwardFLOPs),
        HumanNumber.percent(share.forwardFLOPs / max(totals.forwardFLOPs, FLOPs(1))),
      ])
    }
    return table.lines(indent: 2)
  }

  private var distributions: [String] {
    var table = TextTable([
      .words("of"), .numbers("least"), .numbers("median"), .numbers("mean"), .numbers("most"),
      .numbers("variation"),
    ])
    for quantity in LayerQuantity.allCases {
      let spread = analysis.distribution(of: quantity)
      let shown = { (value: Double) in
        switch quantity {
        case .parameters: HumanNumber.amount(value)
        case .memory: mebibytes(ByteCount(value)) + " MB"
        case .compute: gigaflops(FLOPs(value)) + " GFLOPs"
        }
      }
      table.add([
        quantity.rawValue, shown(spread.minimum), shown(spread.median), shown(spread.mean),
        shown(spread.maximum), HumanNumber.fixed(spread.coefficientOfVariation, decimals: 4),
      ])
    }
    return table.lines(indent: 2)
  }

  private let notes = [
    "  balance: coefficient of variation over stages, of memory for uniform, else of what is balanced",
    "  even: mean over maximum of the stages; the partition with the best worse half is recommended,",
    "    and of those within a percentage point the one with the fewest stages",
    "  GFLOPs: two for each multiply-add of matrix products and of attention over all keys, without a",
    "    discount for the causal mask (Narayanan et al. 2021); of one micro-batch, forward",
    "  This knows no cluster: POST /partition weighs time, memory and network of a real one.",
  ]

  private func mebibytes(_ size: ByteCount) -> String {
    HumanNumber.fixed(size.mebibytes, decimals: 2)
  }

  private func gigaflops(_ work: FLOPs) -> String {
    HumanNumber.fixed(work.value / 1e9, decimals: 1)
  }
}

extension PartitionStrategy {
  fileprivate var words: String {
    switch self {
    case .uniform: "as many blocks on each"
    case .memory: "balanced by memory"
    case .compute: "balanced by compute"
    case .parameters: "balanced by parameters"
    }
  }
}
