import Costing
import Planning
import Quantities

/// Memory of one GPU of each stage, stacked by part, against the limit.
struct MemoryPanel: Panel {
  private let stages: [StagePlan]
  private let scale: Double

  init(_ stages: [StagePlan]) {
    self.stages = stages
    let most = stages.reduce(ByteCount(1)) { max($0, $1.memory.total, $1.memoryLimit) }
    scale = (Self.barRight - PanelMeasure.left) / most.value
  }

  private static let barRight = 1_000.0

  var title: String { "Memory of one GPU, by stage" }

  var summary: String {
    guard let fullest = stages.max(by: { $0.memory.total < $1.memory.total }) else { return title }
    let over = stages.filter { $0.memory.total > $0.memoryLimit }
    return
      "\(title). Stage \(fullest.id) holds the most: \(HumanNumber.size(fullest.memory.total)) of "
      + "\(HumanNumber.size(fullest.memoryLimit)). "
      + (over.isEmpty
        ? "Every stage is within its limit."
        : "Over their limit: " + over.map { "stage \($0.id)" }.joined(separator: ", ") + ".")
  }

  private var rowHeight: Double { PanelMeasure.rowHeight(stages: stages.count) }
  private var rowGap: Double { stages.count <= 16 ? 6 : 2 }

  var height: Double {
    Legend.height + Double(stages.count) * (rowHeight + rowGap) + 14
  }

  func draw(into writer: inout SVGWriter, top: Double) {
    Legend(entries: MemoryPart.allCases.map { ($0.fill, $0.rawValue) })
      .draw(into: &writer, top: top)
    drawLimitKey(top, &writer)
    for (row, stage) in stages.enumerated() {
      let y = top + Legend.height + 4 + Double(row) * (rowHeight + rowGap)
      drawRow(stage, y, &writer)
    }
  }

  private func drawLimitKey(_ top: Double, _ writer: inout SVGWriter) {
    let x = PanelMeasure.left + 560
    writer.element(
      "path",
      [
        "d": .text("M\(SVGWriter.coordinate(x)) \(SVGWriter.coordinate(top - 2))v17"),
        "class": "limit",
      ])
    writer.text("limit", x: x + 8, y: top + 11, class: "label")
  }

  private func drawRow(_ stage: StagePlan, _ y: Double, _ writer: inout SVGWriter) {
    let small = rowHeight < 18 ? "small " : ""
    let baseline = y + rowHeight / 2 + 4
    writer.text("stage \(stage.id)", x: PanelMeasure.left - 8, y: baseline, class: small + "end")
    var x = PanelMeasure.left
    for part in MemoryPart.allCases {
      let size = part.size(stage.memory)
      let wide = size.value * scale
      guard wide > 0 else { continue }
      writer.element(
        "rect",
        [
          "x": .number(x), "y": .number(y), "width": .number(wide), "height": .number(rowHeight),
          "fill": .text(part.fill.reference), "class": "boxes",
        ])
      drawSize(size, part, x + wide / 2, wide, baseline, &writer)
      x += wide
    }
    let limit = PanelMeasure.left + stage.memoryLimit.value * scale
    writer.element(
      "path",
      [
        "d": .text(
          "M\(SVGWriter.coordinate(limit)) \(SVGWriter.coordinate(y - 2))"
            + "v\(SVGWriter.coordinate(rowHeight + 4))"), "class": "limit",
      ])
    drawFigures(stage, baseline, small, &writer)
  }

  private func drawSize(
    _ size: ByteCount, _ part: MemoryPart, _ middle: Double, _ wide: Double, _ baseline: Double,
    _ writer: inout SVGWriter
  ) {
    let text = HumanNumber.size(size)
    guard rowHeight >= 18, wide >= Double(text.count) * 6.5 + 6 else { return }
    let shade = part == .weights ? "on-dark" : "on-light"
    writer.text(text, x: middle, y: baseline, class: "small middle \(shade)")
  }

  private func drawFigures(
    _ stage: StagePlan, _ baseline: Double, _ small: String, _ writer: inout SVGWriter
  ) {
    let excess = stage.memory.total - stage.memoryLimit
    let figures =
      excess > .zero
      ? "\(HumanNumber.size(stage.memory.total)): \(HumanNumber.size(excess)) over"
      : "\(HumanNumber.size(stage.memory.total)) of \(HumanNumber.size(stage.memoryLimit))"
    writer.text(
      figures, x: Self.barRight + 12, y: baseline,
      class: small + (excess > .zero ? "strong over" : "label"))
  }
}

/// The parts of a GPU's memory, in the order in which they are stacked.
enum MemoryPart: String, CaseIterable {
  case weights, gradients, optimizer, activations, workspace

  func size(_ memory: StageMemory) -> ByteCount {
    switch self {
    case .weights: memory.weights
    case .gradients: memory.gradients
    case .optimizer: memory.optimizer
    case .activations: memory.activations
    case .workspace: memory.workspace
    }
  }

  var fill: PictureStyle.Fill {
    switch self {
    case .weights: .weights
    case .gradients: .gradients
    case .optimizer: .optimizer
    case .activations: .activations
    case .workspace: .workspace
    }
  }
}
