import Foundation
import JSON
import Testing

@Suite struct WriterTests {
  private func text(_ write: (inout JSONWriter) -> Void) -> String {
    var writer = JSONWriter()
    write(&writer)
    return String(decoding: writer.finish(), as: UTF8.self)
  }

  @Test func writesContainers() {
    let written = text { w in
      w.object { w in
        w.member("a", 1)
        w.member("b", [1, 2])
        w.object("c") { _ in }
        w.array("d", ["x", "y"]) { w, item in
          w.object { $0.member("n", item) }
        }
        w.member("e", [] as [String])
        w.name("f\"")
        w.null()
        w.member("g", true)
        w.name("h")
        w.raw(Array("[0]".utf8))
      }
    }
    #expect(
      written
        == #"{"a":1,"b":[1,2],"c":{},"d":[{"n":"x"},{"n":"y"}],"e":[],"f\"":null,"g":true,"h":[0]}"#
    )
  }

  @Test(arguments: [
    (0.0, "0"), (-0.0, "0"), (1.0, "1"), (-3.0, "-3"), (0.1, "0.1"), (1e15, "1000000000000000"),
    (9007199254740991, "9007199254740991"), (1e-7, "1e-07"), (1e300, "1e+300"),
    (.leastNonzeroMagnitude, "5e-324"),
    (3119.54, "3119.54"),
  ])
  func writesDoublesShort(number: Double, expected: String) throws {
    #expect(JSONWriter.text(number) == expected)
    #expect(try JSONDocument(parsing: expected).root.double == number)
  }

  @Test(arguments: [0, 7, -7, 10, 1234567890, Int.max, Int.min])
  func writesIntegers(number: Int) {
    #expect(text { $0.value(number) } == "\(number)")
  }

  @Test func escapesWhatItMust() throws {
    let all = (0...0x24F).compactMap { Unicode.Scalar($0) }.reduce(into: "") {
      $0.unicodeScalars.append($1)
    }
    let written = text { $0.value(all + "\\\u{2028}😀") }
    let read = try JSONDecoder().decode(
      String.self, from: Data(written.utf8))
    #expect(read == all + "\\\u{2028}😀")
    #expect(text { $0.value("\u{1}\u{1f}\n") } == #""\u0001\u001f\n""#)
  }

  @Test func refusesWhatIsNoNumber() async {
    await #expect(processExitsWith: .failure) {
      var writer = JSONWriter()
      writer.value(Double.nan)
    }
    await #expect(processExitsWith: .failure) {
      var writer = JSONWriter()
      writer.beginArray()
      _ = writer.finish()
    }
  }

  @Test func formatsForPeople() throws {
    let compact = #"{"a":{},"b":[],"c":[1,2.50,"x"],"d":[[1],{"e":null}]}"#
    let pretty = String(
      decoding: try JSONDocument(parsing: compact).root.prettyBytes, as: UTF8.self)
    #expect(
      pretty == """
        {
          "a": {},
          "b": [],
          "c": [1, 2.50, "x"],
          "d": [
            [1],
            {
              "e": null
            }
          ]
        }

        """)
    let long = "[" + (100..<140).map(String.init).joined(separator: ",") + "]"
    let lines = String(decoding: try JSONDocument(parsing: long).root.prettyBytes, as: UTF8.self)
      .split(separator: "\n")
    #expect(lines.count == 42 && lines[1] == "  100,")
  }
}

@Suite struct CanonicalTests {
  func canonical(_ text: String) throws -> String {
    String(decoding: try JSONDocument(parsing: text).root.canonicalBytes, as: UTF8.self)
  }

  @Test(arguments: [
    (#"{"b": 1, "a": [true, null]}"#, #"{"a":[true,null],"b":1}"#),
    (#"{"é": 1, "z": {"y": 0, "x": 0}}"#, #"{"z":{"x":0,"y":0},"é":1}"#),
    ("[1, 1.0, 10e-1, 0.1e1]", "[1,1,1,1]"), ("-0.0", "0"), ("-0", "0"),
    ("[1e17, 100000000000000000]", "[100000000000000000,100000000000000000]"),
    (#"["\u00e9\/\u0041\u000a"]"#, #"["é/A\n"]"#),
    ("[0.10, 1e-1]", "[0.1,0.1]"), ("9007199254740993", "9007199254740993"),
    ("[1e300, 10e299]", "[1e+300,1e+300]"),
  ])
  func hasOneForm(text: String, expected: String) throws {
    #expect(try canonical(text) == expected)
    #expect(try canonical(expected) == expected)
  }

  /// A random text survives writing, formatting and canonical form, and Foundation reads the same.
  @Test func agreesWithFoundation() throws {
    var random = SplitMix(state: 7)
    for _ in 0..<500 {
      var writer = JSONWriter()
      writer.array(0..<1) { writer, _ in write(&writer, depth: 4, &random) }
      let bytes = writer.finish()
      let root = try JSONDocument(parsing: bytes).root
      let canonical = root.canonicalBytes
      #expect(try JSONDocument(parsing: root.prettyBytes).root.canonicalBytes == canonical)
      #expect(try JSONDocument(parsing: canonical).root.canonicalBytes == canonical)
      let ours = try JSONSerialization.jsonObject(with: Data(canonical)) as? NSArray
      let original = try JSONSerialization.jsonObject(with: Data(bytes)) as? NSArray
      #expect(ours != nil && ours == original)
    }
  }

  private func write(_ writer: inout JSONWriter, depth: Int, _ random: inout SplitMix) {
    switch Int.random(in: 0..<(depth > 0 ? 8 : 5), using: &random) {
    case 0:
      writer.value(Int(truncatingIfNeeded: random.next()) >> Int.random(in: 0..<64, using: &random))
    case 1: writer.value(Double.random(in: -1e9...1e9, using: &random))
    case 2:
      let scalars = "ab\"\\\n\u{1}é中😀/~"
      writer.value(
        String(
          (0..<Int.random(in: 0..<20, using: &random)).map { _ in
            scalars.randomElement(using: &random)!
          }))
    case 3: writer.value(Bool.random(using: &random))
    case 4: writer.null()
    case 5, 6:
      writer.beginArray()
      for _ in 0..<Int.random(in: 0..<5, using: &random) {
        write(&writer, depth: depth - 1, &random)
      }
      writer.endArray()
    default:
      writer.beginObject()
      for i in (0..<Int.random(in: 0..<20, using: &random)).reversed() {
        writer.name("m\(i)\"é")
        write(&writer, depth: depth - 1, &random)
      }
      writer.endObject()
    }
  }
}
