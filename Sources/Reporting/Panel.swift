/// One part of a picture: knows its height at a width, and draws itself below a point.
protocol Panel {
  var title: String { get }
  /// What the picture shows, in words.
  var summary: String { get }
  /// Without the title.
  var height: Double { get }
  func draw(into writer: inout SVGWriter, top: Double)
}

/// Measures that all panels share, in pixels.
enum PanelMeasure {
  static let width = 1_200.0
  static let margin = 20.0
  /// Names of rows stand left of this.
  static let left = 84.0
  /// Figures of rows stand right of this.
  static let right = 1_080.0

  /// Height of one stage's row: less for more stages, never too little for its name.
  static func rowHeight(stages: Int) -> Double {
    switch stages {
    case ...8: 32
    case ...16: 24
    case ...32: 18
    default: 14
    }
  }
}

/// A row of samples of fills, each with its meaning, and notes without a sample.
struct Legend {
  static let height = 26.0
  let entries: [(fill: PictureStyle.Fill, meaning: String)]
  var notes: [String] = []

  func draw(into writer: inout SVGWriter, top: Double) {
    var x = PanelMeasure.left
    for entry in entries {
      writer.element(
        "rect",
        [
          "x": .number(x), "y": .number(top), "width": 22, "height": 13,
          "fill": .text(entry.fill.reference),
        ])
      writer.element(
        "rect",
        ["x": .number(x), "y": .number(top), "width": 22, "height": 13, "class": "frame"])
      writer.text(entry.meaning, x: x + 28, y: top + 11, class: "label")
      x += 28 + Self.width(entry.meaning) + 18
    }
    for note in notes {
      writer.text(note, x: x, y: top + 11, class: "label faint")
      x += Self.width(note) + 18
    }
  }

  /// About what text of the usual size takes.
  private static func width(_ text: String) -> Double { Double(text.count) * 6.8 }
}
