import Testing

@testable import Reporting

@Suite struct SVGWriterTests {
  @Test(arguments: [
    ("a & b", "a &amp; b"), ("<script>", "&lt;script&gt;"),
    ("\"x\" 'y'", "&quot;x&quot; &#39;y&#39;"),
    ("]]>", "]]&gt;"), ("\u{0}\u{1B}[31m", "  [31m"), ("模型 é 🚀", "模型 é 🚀"),
  ])
  func escapes(_ text: String, _ escaped: String) {
    #expect(SVGWriter.escaped(text) == escaped)
    var writer = SVGWriter()
    writer.element("text", ["class": .text(text)], text: text)
    #expect(writer.document == "<text class=\"\(escaped)\">\(escaped)</text>\n")
  }

  @Test(arguments: [
    (0.0, "0"), (-0.04, "0"), (12.34, "12.3"), (12.96, "13"), (-0.25, "-0.3"), (-7.0, "-7"),
    (Double.nan, "0"), (Double.infinity, "0"), (1e300, "0"),
  ])
  func coordinates(_ value: Double, _ text: String) {
    #expect(SVGWriter.coordinate(value) == text)
  }

  @Test func nests() {
    var writer = SVGWriter()
    writer.element("g", ["id": "a"]) { writer in
      writer.element("rect", ["x": 1, "width": 2.5])
    }
    #expect(writer.document == "<g id=\"a\"><rect x=\"1\" width=\"2.5\"/>\n</g>\n")
  }
}
