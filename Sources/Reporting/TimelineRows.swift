import Scheduling

/// Where the rows of a timeline lie: one for each stage, with a strip above its boxes for what it
/// sends back and one below them for what it sends on, if anything takes time to send.
struct TimelineRows {
  let stages: Int
  let top: Double
  let rowHeight: Double
  let sendHeight: Double
  private let gap: Double

  init(stages: Int, hasSends: Bool, top: Double = 0) {
    self.stages = stages
    self.top = top
    rowHeight = PanelMeasure.rowHeight(stages: stages)
    sendHeight = hasSends ? max(2, (rowHeight / 8).rounded()) : 0
    gap = stages <= 16 ? 4 : 2
  }

  func at(top: Double) -> TimelineRows {
    TimelineRows(stages: stages, hasSends: sendHeight > 0, top: top)
  }

  var boxHeight: Double { rowHeight - 2 * sendHeight }
  var height: Double { Double(stages) * (rowHeight + gap) }
  var bottom: Double { top + height }

  func rowTop(_ stage: Int) -> Double { top + Double(stage) * (rowHeight + gap) }
  func boxTop(_ stage: Int) -> Double { rowTop(stage) + sendHeight }
  func baseline(_ stage: Int) -> Double { rowTop(stage) + rowHeight / 2 + 4 }

  /// The vertical extent of a slot.
  func extent(_ slot: TimelineSlot) -> (top: Double, height: Double) {
    switch slot.kind {
    case .sendBackward: (rowTop(slot.stage), sendHeight)
    case .sendForward: (boxTop(slot.stage) + boxHeight, sendHeight)
    case .forward, .backward, .backwardInput, .backwardWeight, .recompute:
      (boxTop(slot.stage), boxHeight)
    }
  }
}
