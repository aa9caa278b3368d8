/// Writes an SVG document, element by element.
package struct SVGWriter {
  /// The value of an attribute.
  package enum Value: ExpressibleByStringLiteral, ExpressibleByStringInterpolation,
    ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral
  {
    case text(String)
    case number(Double)

    package init(stringLiteral value: String) { self = .text(value) }
    package init(integerLiteral value: Int) { self = .number(Double(value)) }
    package init(floatLiteral value: Double) { self = .number(value) }
  }

  package typealias Attributes = KeyValuePairs<String, Value>

  package private(set) var document = ""

  package init() {}

  /// An element with its contents.
  package mutating func element(
    _ name: String, _ attributes: Attributes = [:], _ body: (inout SVGWriter) -> Void
  ) {
    open(name, attributes)
    document += ">"
    body(&self)
    document += "</\(name)>\n"
  }

  /// An element without contents.
  package mutating func element(_ name: String, _ attributes: Attributes) {
    open(name, attributes)
    document += "/>\n"
  }

  /// An element that holds text.
  package mutating func element(_ name: String, _ attributes: Attributes = [:], text: String) {
    element(name, attributes) { $0.document += Self.escaped(text) }
  }

  /// A line of text whose baseline starts (or, by its class, ends or is centred) at a point.
  package mutating func text(_ text: String, x: Double, y: Double, class name: String) {
    element("text", ["x": .number(x), "y": .number(y), "class": .text(name)], text: text)
  }

  /// Styles; must hold no user's text.
  package mutating func style(_ css: String) {
    document += "<style>\(css)</style>\n"
  }

  private mutating func open(_ name: String, _ attributes: Attributes) {
    document += "<\(name)"
    for (key, value) in attributes {
      document += " \(key)=\""
      switch value {
      case .text(let text): document += Self.escaped(text)
      case .number(let number): document += Self.coordinate(number)
      }
      document += "\""
    }
  }

  /// To a tenth of a pixel, as short as it can be written.
  package static func coordinate(_ value: Double) -> String {
    guard value.isFinite, abs(value) < 1e12 else { return "0" }
    let tenths = Int((value * 10).rounded())
    let (whole, rest) = (tenths.magnitude / 10, tenths.magnitude % 10)
    return (tenths < 0 ? "-" : "") + (rest == 0 ? "\(whole)" : "\(whole).\(rest)")
  }

  /// Text with markup characters written as entities. Control characters, which XML cannot hold,
  /// become spaces.
  package static func escaped(_ text: String) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      case "'": escaped += "&#39;"
      default:
        let isForbidden =
          scalar.value < 0x20 || scalar.value == 0xFFFE || scalar.value == 0xFFFF
        escaped.unicodeScalars.append(isForbidden ? " " : scalar)
      }
    }
    return escaped
  }
}
