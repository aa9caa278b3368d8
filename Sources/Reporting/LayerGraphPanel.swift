import Planning
import Quantities
import Workload

/// The layer graph, cut into stages: a card for each part, in the graph's order, and between cards
/// the cut with what crosses it.
struct LayerGraphPanel: Panel {
  private let graph: LayerGraph
  private let parts: [LayerPart]
  private let isInterleaved: Bool
  private let parameters: [Int: Int]

  init(_ graph: LayerGraph, stages: [StagePlan], tensors: TensorScale) {
    self.graph = graph
    parts = graph.parts(of: stages, tensors: tensors)
    isInterleaved = stages.contains { $0.layerRanges.count > 1 }
    parameters = Dictionary(stages.map { ($0.id, $0.parameters) }) { first, _ in first }
  }

  var title: String {
    let layers = "Layers of \(graph.name): \(HumanNumber.count(graph.nodes.count))"
    return parts.count > 1 ? layers + ", cut into \(parts.count) parts" : layers
  }

  var summary: String {
    let cuts = parts.dropLast()
    guard let largest = cuts.max(by: { $0.crossing < $1.crossing }) else {
      return "\(title). All layers are on one stage."
    }
    return
      "\(title). The largest cut, after layer \(largest.layers.upperBound), is crossed by "
      + "\(HumanNumber.size(largest.crossing)) a micro-batch."
  }

  // MARK: Geometry

  private static let gap = 62.0
  private static let cardHeight = 62.0
  private static let rowGap = 12.0
  private static let span = PanelMeasure.width - 2 * PanelMeasure.margin

  private var columns: Int {
    max(1, min(parts.count, Int(Self.span / ((isInterleaved ? 142 : 126) + Self.gap))))
  }
  private var cardWidth: Double {
    // The last card of a full row needs room for its cut, too.
    min(420, Self.span / Double(columns) - Self.gap)
  }
  private var rowCount: Int { (parts.count + columns - 1) / columns }

  var height: Double { Legend.height + Double(rowCount) * (Self.cardHeight + Self.rowGap) }

  // MARK: Drawing

  func draw(into writer: inout SVGWriter, top: Double) {
    Legend(entries: legend).draw(into: &writer, top: top)
    for (index, part) in parts.enumerated() {
      let x = PanelMeasure.margin + Double(index % columns) * (cardWidth + Self.gap)
      let row = Double(index / columns)
      let y = top + Legend.height + row * (Self.cardHeight + Self.rowGap)
      drawCard(part, x, y, &writer)
      if index < parts.count - 1 { drawCut(part, x + cardWidth, y, &writer) }
    }
  }

  private func drawCard(_ part: LayerPart, _ x: Double, _ y: Double, _ writer: inout SVGWriter) {
    writer.element(
      "rect",
      [
        "x": .number(x), "y": .number(y), "width": .number(cardWidth),
        "height": .number(Self.cardHeight), "rx": 4, "class": "frame",
      ])
    let name = isInterleaved ? "stage \(part.stage), chunk \(part.chunk)" : "stage \(part.stage)"
    writer.text(name, x: x + 8, y: y + 16, class: "strong")
    if !isInterleaved, let count = parameters[part.stage] {
      let amount = HumanNumber.amount(Double(count))
      writer.text(
        cardWidth < 200 ? amount : amount + " parameters", x: x + cardWidth - 8, y: y + 16,
        class: "end faint")
    }
    let (first, last) = (part.layers.lowerBound, part.layers.upperBound)
    writer.text(
      first == last ? "layer \(first)" : "layers \(first)–\(last)", x: x + 8, y: y + 30,
      class: "small faint")
    drawRuns(graph.runs(part.layers), x + 8, y + 37, cardWidth - 16, &writer)
  }

  /// Each run gets room for its mark, and what is left over goes to the runs by their layers.
  private func drawRuns(
    _ runs: [LayerRun], _ left: Double, _ y: Double, _ width: Double, _ writer: inout SVGWriter
  ) {
    let least = min(18, width / Double(max(1, runs.count)))
    let layers = runs.reduce(0) { $0 + $1.count }
    let spare = max(0, width - least * Double(runs.count)) / Double(max(1, layers))
    var x = left
    for run in runs {
      let wide = least + spare * Double(run.count)
      writer.element(
        "rect",
        [
          "x": .number(x), "y": .number(y), "width": .number(wide), "height": 18,
          "fill": .text(run.kind.fill.reference), "class": "boxes",
        ])
      let label = run.count > 1 ? "\(run.kind.initial)×\(run.count)" : run.kind.initial
      if wide >= Double(label.count) * 6.5 + 2 {
        writer.text(label, x: x + wide / 2, y: y + 13, class: "small middle strong on-light")
      }
      x += wide
    }
  }

  private func drawCut(_ part: LayerPart, _ x: Double, _ y: Double, _ writer: inout SVGWriter) {
    let middle = x + Self.gap / 2
    writer.element(
      "path",
      [
        "d": .text(
          "M\(SVGWriter.coordinate(middle)) \(SVGWriter.coordinate(y))"
            + "v\(SVGWriter.coordinate(Self.cardHeight - 24))"), "class": "cut",
      ])
    if part.tensors > 1 {
      writer.text(
        "\(part.tensors) tensors", x: middle, y: y + Self.cardHeight - 13,
        class: "small middle faint")
    }
    writer.text(
      HumanNumber.size(part.crossing), x: middle, y: y + Self.cardHeight - 2,
      class: "small middle")
  }

  private var legend: [(fill: PictureStyle.Fill, meaning: String)] {
    var seen: Set<Layer.Kind> = []
    var entries: [(fill: PictureStyle.Fill, meaning: String)] = []
    for part in parts {
      for run in graph.runs(part.layers) where seen.insert(run.kind).inserted {
        entries.append((run.kind.fill, "\(run.kind.initial) \(run.kind.meaning)"))
      }
    }
    return entries
  }
}

extension Layer.Kind {
  fileprivate var fill: PictureStyle.Fill {
    switch self {
    case .embedding: .embedding
    case .transformerBlock: .block
    case .finalNorm: .norm
    case .head: .head
    case .custom: .custom
    }
  }

  fileprivate var initial: String {
    switch self {
    case .embedding: "E"
    case .transformerBlock: "B"
    case .finalNorm: "N"
    case .head: "H"
    case .custom: "L"
    }
  }

  fileprivate var meaning: String {
    switch self {
    case .embedding: "embedding"
    case .transformerBlock: "transformer block"
    case .finalNorm: "final norm"
    case .head: "output head"
    case .custom: "layer"
    }
  }
}
