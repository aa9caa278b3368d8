import Foundation

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// An SVG document as a strict XML parser reads it.
final class Picture: NSObject, XMLParserDelegate {
  struct Malformed: Error { let line: Int }

  private(set) var root = ""
  private(set) var elements: Set<String> = []
  private(set) var ids: Set<String> = []
  /// Ids that fills refer to.
  private(set) var references: Set<String> = []
  private(set) var texts: [String] = []
  private(set) var title = ""
  private(set) var summary = ""
  /// The rightmost point of any rectangle, and about that of any text.
  private(set) var farthest = 0.0
  /// Widths of all boxes in paths, added up by fill.
  private(set) var boxWidths: [String: Double] = [:]
  private var text = ""
  private var textStart: (x: Double, class: String) = (0, "")

  init(_ svg: String) throws {
    super.init()
    let parser = XMLParser(data: Data(svg.utf8))
    parser.delegate = self
    guard parser.parse() else { throw Malformed(line: parser.lineNumber) }
  }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?,
    qualifiedName: String?, attributes: [String: String]
  ) {
    if root.isEmpty { root = name }
    elements.insert(name)
    text = ""
    if let id = attributes["id"] { ids.insert(id) }
    let fill = attributes["fill"] ?? ""
    if fill.hasPrefix("url(#") { references.insert(String(fill.dropFirst(5).dropLast())) }
    func number(_ key: String) -> Double { attributes[key].flatMap(Double.init) ?? 0 }
    if name == "rect" { farthest = max(farthest, number("x") + number("width")) }
    if name == "text" { textStart = (number("x"), attributes["class"] ?? "") }
    if name == "path", let path = attributes["d"] {
      for box in path.split(separator: "M") {
        guard let h = box.firstIndex(of: "h"), let v = box.firstIndex(of: "v") else { continue }
        boxWidths[fill, default: 0] += Double(box[box.index(after: h)..<v]) ?? .nan
      }
    }
  }

  func parser(_ parser: XMLParser, foundCharacters string: String) { text += string }

  func parser(
    _ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?
  ) {
    switch name {
    case "title": title = text
    case "desc": summary = text
    case "text":
      texts.append(text)
      let size = textStart.class.contains("small") ? 5.8 : 6.8
      let width = Double(text.count) * size
      let classes = textStart.class.split(separator: " ")
      let part = classes.contains("end") ? 0 : classes.contains("middle") ? 0.5 : 1
      farthest = max(farthest, textStart.x + width * part)
    default: break
    }
  }
}
