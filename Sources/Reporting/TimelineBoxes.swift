import Quantities
import Scheduling

/// The boxes of a timeline: one path for each fill and model chunk, however many boxes, so that a
/// picture of 64 stages stays small; numbers where they have room.
struct TimelineBoxes {
  private struct Style: Hashable {
    let fill: PictureStyle.Fill
    let chunk: Int

    /// Sends first, so that passes are drawn over them; then any fixed order.
    var order: String { "\(fill.isSend ? 0 : 1) \(fill.rawValue) \(1_000_000 + chunk)" }
  }

  private struct Label {
    let text: String
    let x: Double
    let y: Double
    let isOnDark: Bool
  }

  private let rows: TimelineRows
  private let chunks: Int
  private var paths: [Style: String] = [:]
  private var labels: [Label] = []

  init(_ slots: [TimelineSlot], rows: TimelineRows, scale: TimeScale, chunks: Int) {
    self.rows = rows
    self.chunks = chunks
    for slot in slots {
      for (left, right) in scale.spans(slot.start, slot.end) { add(slot, left, right) }
    }
  }

  /// Whether any box carries its number.
  var hasLabels: Bool { !labels.isEmpty }

  private mutating func add(_ slot: TimelineSlot, _ left: Double, _ right: Double) {
    let (top, height) = rows.extent(slot)
    let wide = SVGWriter.coordinate(max(right - left, 0.3))
    paths[Style(fill: slot.kind.fill, chunk: slot.chunk), default: ""] +=
      "M\(SVGWriter.coordinate(left)) \(SVGWriter.coordinate(top))"
      + "h\(wide)v\(SVGWriter.coordinate(height))h-\(wide)z"
    let size = min(11, height - 2)
    guard !slot.kind.isSend, size >= 9 else { return }
    let text = label(slot)
    guard right - left >= Double(text.count) * size * 0.62 + 2 else { return }
    labels.append(
      Label(
        text: text, x: (left + right) / 2, y: top + height / 2 + size * 0.36,
        isOnDark: slot.kind.fill == .backward))
  }

  private func label(_ slot: TimelineSlot) -> String {
    guard chunks > 1, slot.chunk < 26 else { return "\(slot.microBatch)" }
    return "\(slot.microBatch)" + String(UnicodeScalar(UInt8(97 + slot.chunk)))
  }

  func draw(into writer: inout SVGWriter) {
    for (style, path) in paths.sorted(by: { $0.key.order < $1.key.order }) {
      let fade = chunks > 1 ? 1 - 0.3 * Double(style.chunk) / Double(chunks - 1) : 1
      let outline = style.fill.isSend ? "send" : rows.stages <= 16 ? "boxes" : "boxes slim"
      writer.element(
        "path",
        [
          "d": .text(path), "fill": .text(style.fill.reference), "class": .text(outline),
          "fill-opacity": .text(HumanNumber.fixed(fade, decimals: 2)),
        ])
    }
    for label in labels {
      let shade = label.isOnDark ? "on-dark" : "on-light"
      writer.text(label.text, x: label.x, y: label.y, class: "small middle \(shade)")
    }
  }
}

extension PictureStyle.Fill {
  fileprivate var isSend: Bool { self == .sendForward || self == .sendBackward }
}

extension TimelineSlot.Kind {
  var fill: PictureStyle.Fill {
    switch self {
    case .forward: .forward
    case .backward, .backwardInput: .backward
    case .backwardWeight: .weightGradient
    case .recompute: .recompute
    case .sendForward: .sendForward
    case .sendBackward: .sendBackward
    }
  }

  var meaning: String {
    switch self {
    case .forward: "forward"
    case .backward: "backward"
    case .backwardInput: "backward, inputs"
    case .backwardWeight: "backward, weights"
    case .recompute: "recompute"
    case .sendForward: "sent on (below)"
    case .sendBackward: "sent back (above)"
    }
  }
}
