import Quantities
import Scheduling

/// The pipeline's timeline: a row for each stage, boxes for its passes; what stays empty is bubble.
///
/// Boxes carry the number of their micro-batch where it fits. A step too long to be seen is drawn as
/// its beginning and its end, with the gap marked.
struct TimelinePanel: Panel {
  private let playback: Playback
  private let schedule: PipelineSchedule
  private let microBatches: Int
  private let step: Seconds?
  private let slots: [TimelineSlot]
  private let scale: TimeScale
  private let rows: TimelineRows
  private let chunks: Int

  /// - Parameter step: the whole step, of which the pipeline is a part.
  /// - Precondition: the playback has its timeline.
  init(
    _ playback: Playback, schedule: PipelineSchedule, microBatches: Int, step: Seconds? = nil
  ) {
    guard let slots = playback.timeline else {
      preconditionFailure("a timeline is drawn from a playback that recorded it")
    }
    self.playback = playback
    self.schedule = schedule
    self.microBatches = microBatches
    self.step = step
    self.slots = slots
    chunks = slots.reduce(1) { max($0, $1.chunk + 1) }
    rows = TimelineRows(
      stages: playback.stages, hasSends: slots.contains { $0.kind.isSend })
    scale = TimeScale(
      step: playback.makespan, unit: Self.averageForward(slots),
      unitWidths: Self.forwardWidths(stages: playback.stages),
      beginning: Self.fill(slots) * 1.1, left: PanelMeasure.left, right: PanelMeasure.right)
  }

  private static func averageForward(_ slots: [TimelineSlot]) -> Seconds {
    var (sum, count) = (Seconds.zero, 0)
    for slot in slots where slot.kind == .forward {
      (sum, count) = (sum + slot.duration, count + 1)
    }
    return sum / max(1, count)
  }

  /// Wide enough for a number where few stages make tall rows, else for a texture.
  private static func forwardWidths(stages: Int) -> ClosedRange<Double> {
    switch stages {
    case ...8: 8...15
    case ...16: 5...12
    case ...32: 2.5...6
    default: 1.5...3
    }
  }

  /// Until the first gradient is back at the first stage.
  private static func fill(_ slots: [TimelineSlot]) -> Seconds {
    let first = slots.first { slot in
      slot.stage == 0 && (slot.kind == .backward || slot.kind == .backwardInput)
    }
    return first?.end ?? .zero
  }

  // MARK: Words

  var title: String {
    let part = step.map { " of the step's \(HumanNumber.time($0))" } ?? ""
    return
      "Pipeline of one step: \(playback.stages) \(playback.stages == 1 ? "stage" : "stages"), "
      + "\(microBatches) \(microBatches == 1 ? "micro-batch" : "micro-batches"), \(schedule.name), "
      + HumanNumber.time(playback.makespan) + part
  }

  var summary: String {
    let breakdown = playback.breakdown
    var text =
      "\(title). All stages together are idle for \(HumanNumber.percent(playback.bubbleFraction)) "
      + "of it. Stage \(playback.boundingStage) has the most to compute and is idle for "
      + "\(HumanNumber.time(breakdown.bubble)); sends add "
      + "\(HumanNumber.time(breakdown.exposedSend))."
    if scale.isBroken { text += " " + hiddenNote }
    return text
  }

  private var hiddenNote: String {
    var seen = Set<Int>()
    for slot in slots
    where !slot.kind.isSend && !scale.spans(slot.start, slot.end).isEmpty {
      seen.insert(slot.microBatch)
    }
    let hidden = microBatches - seen.count
    let whole = hidden > 0 ? ", in which \(hidden) micro-batches pass unseen" : ""
    return "Not drawn: \(HumanNumber.time(scale.hidden)) in the middle\(whole)."
  }

  private static let axisHeight = 34.0

  var height: Double {
    Legend.height + rows.height + Self.axisHeight + (scale.isBroken ? 18 : 0)
  }

  // MARK: Drawing

  func draw(into writer: inout SVGWriter, top: Double) {
    let rows = rows.at(top: top + Legend.height)
    writer.text("busy", x: PanelMeasure.right + 8, y: rows.top - 6, class: "small faint")
    for stage in 0..<playback.stages { drawRow(stage, rows, &writer) }
    let boxes = TimelineBoxes(slots, rows: rows, scale: scale, chunks: chunks)
    boxes.draw(into: &writer)
    if scale.isBroken { drawBreak(rows, &writer) }
    drawAxis(rows.bottom + 3, &writer)
    var notes = boxes.hasLabels ? ["number: micro-batch"] : []
    if chunks > 1 && boxes.hasLabels { notes.append("letter: model chunk") }
    Legend(entries: legend, notes: notes).draw(into: &writer, top: top)
  }

  private func drawRow(_ stage: Int, _ rows: TimelineRows, _ writer: inout SVGWriter) {
    let small = rows.rowHeight < 18 ? "small " : ""
    writer.text(
      "stage \(stage)", x: PanelMeasure.left - 8, y: rows.baseline(stage), class: small + "end")
    for window in scale.windows {
      writer.element(
        "rect",
        [
          "x": .number(window.left), "y": .number(rows.boxTop(stage)),
          "width": .number(window.right - window.left), "height": .number(rows.boxHeight),
          "fill": .text(PictureStyle.Fill.bubble.reference),
        ])
    }
    let busy = playback.makespan > .zero ? playback.busy[stage] / playback.makespan : 0
    writer.text(
      HumanNumber.fixed(busy * 100) + " %", x: PanelMeasure.right + 8, y: rows.baseline(stage),
      class: small + "faint")
  }

  /// Two torn edges, and what is missing between them.
  private func drawBreak(_ rows: TimelineRows, _ writer: inout SVGWriter) {
    let (left, right) = (scale.windows[0].right, scale.windows[1].left)
    let teeth = max(2, Int(rows.height / 12))
    let tall = SVGWriter.coordinate((rows.height + 2) / Double(2 * teeth))
    for x in [left + 5, right - 9] {
      var path = "M\(SVGWriter.coordinate(x)) \(SVGWriter.coordinate(rows.top - 3))"
      for _ in 0..<teeth { path += "l4 \(tall)l-4 \(tall)" }
      writer.element("path", ["d": .text(path), "class": "line"])
    }
    let middle = (left + right) / 2
    writer.text("⋯", x: middle, y: rows.top + rows.height / 2, class: "panel middle")
    writer.text(
      hiddenNote, x: middle, y: rows.bottom + Self.axisHeight + 8, class: "middle faint")
  }

  private func drawAxis(_ y: Double, _ writer: inout SVGWriter) {
    let line = SVGWriter.coordinate(y)
    for window in scale.windows {
      let (left, right) = (
        SVGWriter.coordinate(window.left), SVGWriter.coordinate(window.right)
      )
      writer.element("path", ["d": "M\(left) \(line)H\(right)", "class": "line"])
    }
    for tick in scale.ticks(spacing: 90) {
      let x = SVGWriter.coordinate(tick.x)
      writer.element("path", ["d": "M\(x) \(line)v5", "class": "line"])
      writer.text(
        HumanNumber.roundTime(tick.time), x: tick.x, y: y + 16, class: "small middle faint")
    }
  }

  private var legend: [(fill: PictureStyle.Fill, meaning: String)] {
    var entries: [(fill: PictureStyle.Fill, meaning: String)] = []
    for kind in TimelineSlot.Kind.allCases where slots.contains(where: { $0.kind == kind }) {
      entries.append((kind.fill, kind.meaning))
    }
    return entries + [(.bubble, "idle")]
  }
}
