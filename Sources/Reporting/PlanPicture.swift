import Planning
import Quantities
import Scheduling
import Workload

/// A plan as one SVG document: its timeline, its memory, and the layer graph with the cuts.
///
/// The document needs nothing outside itself and adapts to light and dark. Its `title` and `desc`
/// say in words what it shows.
package struct PlanPicture {
  private let heading: String
  /// Below the heading.
  private let lines: [String]
  private let panels: [any Panel]

  /// - Parameters:
  ///   - heading: what the plan is for, such as the model and the cluster.
  ///   - playback: with its timeline; left out, the timeline is not drawn.
  ///   - notes: in front of the lines that say what the plan is.
  package init(
    heading: String, notes: [String] = [], plan: Plan, playback: Playback?, graph: LayerGraph,
    tensors: TensorScale
  ) {
    self.heading = heading
    lines =
      notes + [plan.prediction.speed, "\(plan.degrees); \(plan.manner)"]
    var panels: [any Panel] = []
    if let playback, playback.timeline != nil {
      panels.append(
        TimelinePanel(
          playback, schedule: plan.strategy.schedule, microBatches: plan.strategy.microBatches,
          step: plan.prediction.step))
    }
    panels.append(MemoryPanel(plan.stages))
    panels.append(LayerGraphPanel(graph, stages: plan.stages, tensors: tensors))
    self.panels = panels
  }

  /// No picture but words: why there is nothing to draw.
  package init(heading: String, lines: [String]) {
    self.heading = heading
    self.lines = lines
    panels = []
  }

  /// Only the timeline.
  package init(
    heading: String, playback: Playback, schedule: PipelineSchedule, microBatches: Int
  ) {
    self.heading = heading
    lines = []
    panels = [TimelinePanel(playback, schedule: schedule, microBatches: microBatches)]
  }

  private static let lineHeight = 18.0
  private var headingHeight: Double { 44 + Double(lines.count) * Self.lineHeight }
  private static let titleHeight = 28.0
  private static let panelGap = 26.0

  /// Complexity: O(slots + stages + layers).
  package var svg: String {
    let width = PanelMeasure.width
    let height = panels.reduce(headingHeight) {
      $0 + Self.titleHeight + $1.height + Self.panelGap
    }
    var writer = SVGWriter()
    writer.element(
      "svg",
      [
        "xmlns": "http://www.w3.org/2000/svg", "width": .number(width), "height": .number(height),
        "viewBox": "0 0 \(SVGWriter.coordinate(width)) \(SVGWriter.coordinate(height))",
        "role": "img", "aria-labelledby": "sw-title sw-summary",
      ]
    ) { writer in
      writer.element("title", ["id": "sw-title"], text: heading)
      writer.element(
        "desc", ["id": "sw-summary"], text: summary)
      PictureStyle.write(to: &writer)
      writer.element(
        "rect", ["width": .number(width), "height": .number(height), "class": "paper"])
      writer.text(heading, x: PanelMeasure.margin, y: 30, class: "heading")
      for (index, line) in lines.enumerated() {
        writer.text(
          line, x: PanelMeasure.margin, y: 50 + Double(index) * Self.lineHeight, class: "label")
      }
      drawPanels(&writer)
    }
    return writer.document
  }

  /// The picture in words.
  private var summary: String {
    (lines.map { $0.hasSuffix(".") ? $0 : $0 + "." } + panels.map(\.summary)).joined(separator: " ")
  }

  private func drawPanels(_ writer: inout SVGWriter) {
    var y = headingHeight
    for panel in panels {
      writer.text(panel.title, x: PanelMeasure.margin, y: y + 16, class: "panel")
      panel.draw(into: &writer, top: y + Self.titleHeight)
      y += Self.titleHeight + panel.height + Self.panelGap
    }
  }
}
