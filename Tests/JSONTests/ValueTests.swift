import Foundation
import JSON
import Testing

@Suite struct ValueTests {
  let root: JSONValue

  init() throws {
    root = try JSONDocument(
      parsing: """
        {"name": "gpt", "layers": [1, [2, {"x": 3}], "a\\tb"], "a/b": {"m~n": {"": true}},
         "none": null, "\\u4e2d": 1.5}
        """
    ).root
  }

  @Test func answersByKind() throws {
    #expect(root.kind == .object && root.count == 5)
    #expect(root["name"]?.string == "gpt")
    #expect(root["name"]?.isString("gpt") == true)
    #expect(root["name"]?.isString("gpu") == false)
    #expect(root["name"]?.integer == nil && root["name"]?.boolean == nil)
    #expect(root["none"]?.isNull == true)
    #expect(root["中"]?.double == 1.5)
    #expect(root["missing"] == nil)
    #expect(root["layers"]?[2]?.string == "a\tb")
    #expect(root["layers"]?[3] == nil && root["layers"]?[-1] == nil && root["name"]?[0] == nil)
    #expect(Array(root["name"]!.elements).isEmpty && Array(root["name"]!.members).isEmpty)
  }

  @Test func keepsTheOrderOfMembers() {
    #expect(root.members.map(\.name) == ["name", "layers", "a/b", "none", "中"])
    #expect(root["layers"]?.elements.map(\.kind) == [.number, .array, .string])
  }

  @Test(arguments: [
    "", "/name", "/layers", "/layers/1", "/layers/1/1/x", "/a~1b", "/a~1b/m~0n", "/a~1b/m~0n/",
    "/中",
  ])
  func pointersLeadThereAndBack(pointer: String) throws {
    let value = try #require(root.value(at: pointer))
    #expect(value.pointer == pointer)
  }

  @Test(arguments: [
    "name", "/nam", "/layers/3", "/layers/-1", "/layers/01", "/name/0", "/layers/x",
  ])
  func pointersLeadNowhere(pointer: String) {
    #expect(root.value(at: pointer) == nil)
  }

  /// Found by fuzzing: a name that starts with a mark which joins the slash before it.
  @Test func pointersAreBytes() throws {
    let marked = try JSONDocument(parsing: #"{"\u1060,1": {"\u00e9": 1, "e\u0301": 2}}"#).root
    let inner = try #require(marked.members.first { _ in true }).value
    #expect(inner.members.map(\.value.integer) == [1, 2])
    for (_, value) in inner.members {
      #expect(marked.value(at: value.pointer)?.integer == value.integer)
    }
    #expect(inner["e\u{301}"]?.integer == 2)
  }

  @Test func agreesWithFoundationOnStrings() throws {
    let text =
      #"["\"\\\/\b\f\n\r\t", "\u0000\u001f\u00e9\u4e2d\ud83d\ude00", "plain é中😀", "1234567\n8"]"#
    let expected = try JSONDecoder().decode([String].self, from: Data(text.utf8))
    #expect(try JSONDocument(parsing: text).root.elements.map(\.string) == expected)
  }
}
