import Foundation
import Reporting

/// Times of searches over their size, both on logarithmic scales: a straight line is a power.
struct GrowthPicture {
  struct Point {
    var size: Double
    var milliseconds: Double
    /// The proof: nothing better exists.
    var isClosed: Bool
  }

  struct Chart {
    /// What the sizes count.
    var name: String
    var points: [Point]
  }

  var charts: [Chart]

  private static let (width, height, gap) = (360.0, 220.0, 90.0)
  private static let (left, top, bottom) = (70.0, 44.0, 46.0)

  var svg: String {
    let whole = Self.left + Double(charts.count) * (Self.width + Self.gap) - Self.gap + 20
    let high = Self.top + Self.height + Self.bottom
    let times = charts.flatMap(\.points).map(\.milliseconds)
    let axis = LogarithmicAxis(covering: times, decades: true)
    var writer = SVGWriter()
    writer.element(
      "svg",
      [
        "xmlns": "http://www.w3.org/2000/svg", "width": .number(whole), "height": .number(high),
        "viewBox": .text("0 0 \(Int(whole)) \(Int(high))"), "role": "img",
      ]
    ) { writer in
      writer.element("title", text: "How the time of a search grows")
      writer.element("desc", text: words)
      writer.style(Self.css)
      writer.element(
        "rect", ["width": .number(whole), "height": .number(high), "class": "paper"])
      for (index, chart) in charts.enumerated() {
        let x = Self.left + Double(index) * (Self.width + Self.gap)
        draw(chart, axis, left: x, into: &writer)
      }
    }
    return writer.document
  }

  /// What the picture shows, for those who cannot see it.
  private var words: String {
    charts.map { chart in
      chart.name + ": "
        + chart.points.map { "\(Self.whole($0.size)) in \(Self.short($0.milliseconds)) ms" }
        .joined(separator: ", ")
    }.joined(separator: ". ") + "."
  }

  private func draw(
    _ chart: Chart, _ vertical: LogarithmicAxis, left: Double, into writer: inout SVGWriter
  ) {
    let horizontal = LogarithmicAxis(covering: chart.points.map(\.size), decades: false)
    func x(_ size: Double) -> Double { left + horizontal.part(size) * Self.width }
    func y(_ time: Double) -> Double { Self.top + (1 - vertical.part(time)) * Self.height }
    writer.text("Milliseconds over \(chart.name)", x: left, y: 24, class: "panel")
    for decade in vertical.decades {
      line(left, y(decade), left + Self.width, y(decade), "grid", &writer)
      writer.text(Self.short(decade), x: left - 8, y: y(decade) + 4, class: "end faint")
    }
    let bottom = Self.top + Self.height
    line(left, bottom, left + Self.width, bottom, "line", &writer)
    for point in chart.points {
      line(x(point.size), bottom, x(point.size), bottom + 4, "line", &writer)
      writer.text(
        Self.whole(point.size), x: x(point.size), y: bottom + 18, class: "middle small faint")
    }
    let path = chart.points.map {
      "\(SVGWriter.coordinate(x($0.size))) \(SVGWriter.coordinate(y($0.milliseconds)))"
    }
    writer.element(
      "path", ["d": .text("M" + path.joined(separator: "L")), "class": "curve"])
    for point in chart.points {
      writer.element(
        "circle",
        [
          "cx": .number(x(point.size)), "cy": .number(y(point.milliseconds)), "r": 4,
          "class": point.isClosed ? "closed" : "open",
        ])
      writer.text(
        Self.short(point.milliseconds), x: x(point.size), y: y(point.milliseconds) - 9,
        class: "small middle")
    }
  }

  private func line(
    _ x: Double, _ y: Double, _ toX: Double, _ toY: Double, _ name: String,
    _ writer: inout SVGWriter
  ) {
    writer.element(
      "line",
      [
        "x1": .number(x), "y1": .number(y), "x2": .number(toX), "y2": .number(toY),
        "class": .text(name),
      ])
  }

  /// Two digits of small numbers.
  private static func short(_ time: Double) -> String {
    time < 10 ? "\((time * 10).rounded() / 10)".replacing(".0", with: "") : whole(time)
  }

  /// With commas between thousands.
  private static func whole(_ number: Double) -> String {
    var digits = String(Int(number.rounded()))
    var place = digits.count - 3
    while place > 0 {
      digits.insert(",", at: digits.index(digits.startIndex, offsetBy: place))
      place -= 3
    }
    return digits
  }

  /// The look of the plans' pictures.
  private static let css =
    """
    text{font:12px system-ui,-apple-system,'Segoe UI','DejaVu Sans',sans-serif;fill:#1c2128}
    .panel{font-size:14px;font-weight:600}.small{font-size:10px}.faint{fill:#57606a}
    .end{text-anchor:end}.middle{text-anchor:middle}.paper{fill:#fff}
    .line{stroke:#57606a}.grid{stroke:#d0d7de}.curve{stroke:#1d5796;stroke-width:2;fill:none}
    .closed{fill:#1d5796}.open{fill:#fff;stroke:#1d5796;stroke-width:2}
    @media (prefers-color-scheme:dark){text{fill:#e6edf3}.faint{fill:#9aa4af}.paper{fill:#0d1117}
    .line{stroke:#9aa4af}.grid{stroke:#30363d}.curve{stroke:#9cc7f4}.closed{fill:#9cc7f4}
    .open{fill:#0d1117;stroke:#9cc7f4}}
    """
}

/// Places numbers by their logarithm.
private struct LogarithmicAxis {
  private let low: Double
  private let high: Double

  /// - Parameter decades: The axis begins and ends at a power of ten.
  init(covering values: [Double], decades: Bool) {
    let (least, most) = (log10(values.min() ?? 1), log10(values.max() ?? 10))
    low = decades ? least.rounded(.down) : least
    high = max(low + 0.1, decades ? most.rounded(.up) : most)
  }

  func part(_ value: Double) -> Double { (log10(value) - low) / (high - low) }

  var decades: [Double] { stride(from: low, through: high, by: 1).map { pow(10, $0) } }
}
