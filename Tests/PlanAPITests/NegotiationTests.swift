import Testing

@testable import PlanAPI

@Suite struct NegotiationTests {
  private let offers: [MediaType] = [.json, .text, .svg]

  @Test(
    arguments: [
      ([], "application/json"), (["*/*"], "application/json"), (["text/plain"], "text/plain"),
      (["TEXT/Plain"], "text/plain"), (["image/*"], "image/svg+xml"),
      (["text/html, application/xhtml+xml, */*;q=0.8"], "application/json"),
      (["application/json;q=0.5, text/plain;q=0.8"], "text/plain"),
      (["application/json;q=0.5, text/plain;q=0.5"], "application/json"),
      (["*/*;q=0.1, image/svg+xml"], "image/svg+xml"),
      (["*/*, application/json;q=0"], "text/plain"),
      (["text/*;q=0.9, text/plain;q=0.1, image/svg+xml;q=0.5"], "image/svg+xml"),
      (["image/svg+xml;q=0.4", "text/plain;q=0.6"], "text/plain"),
      (["text/plain ; q=1.0 , application/json ;q=0.9"], "text/plain"),
      (["application/json;version=\"1,2;q=0\";q=0.2, text/plain;q=0.3"], "text/plain"),
      (["nonsense"], "application/json"), ([""], "application/json"), ([",,,"], "application/json"),
      (["text/plain;q=7, image/svg+xml"], "image/svg+xml"),
    ] as [([String], String)])
  func choosesWhatIsAcceptedMostGladly(accept: [String], expected: String) {
    #expect(AcceptHeader(accept).choice(among: offers)?.name == expected)
  }

  @Test(arguments: [
    "text/html", "application/xml", "*/*;q=0", "image/png, text/css", "application/problem+json",
    "application/json;q=0, text/*;q=0, image/*;q=0.000",
  ])
  func findsNothingAcceptable(accept: String) {
    #expect(AcceptHeader([accept]).choice(among: offers) == nil)
  }

  @Test(arguments: [
    ("application/json", true), ("Application/JSON; charset=UTF-8", true),
    ("application/json;charset=\"utf-8\"", true), ("application/ld+json", true),
    ("application/vnd.api+json; profile=x", true), ("application/json;", true),
    ("application/json; charset=latin1", false), ("application/json; charset=utf-16", false),
    ("text/plain", false), ("text/json", false), ("application/x-www-form-urlencoded", false),
    ("multipart/form-data; boundary=x", false), ("", false), ("json", false),
    ("application/json, text/plain", false), ("application/jsonx", false), ("*/*", false),
  ])
  func knowsJSON(contentType: String, isJSON: Bool) {
    #expect(MediaType.isJSON(contentType: contentType) == isJSON)
    #expect(MediaType.isJSON(contentType: nil))
  }

  @Test func tagsTellBytesApart() {
    let texts = ["", "\0", "\0\0", "a", "a\0", "abcdefgh", "abcdefgh\0", "abcdefghi", "abcdefgi"]
    let tags = texts.map { EntityTag.of(Array($0.utf8)) }
    #expect(Set(tags).count == texts.count)
    #expect(tags == texts.map { EntityTag.of(Array($0.utf8)) })
  }

  @Test func tagsMatch() {
    let tag = EntityTag.of(Array("abc".utf8))
    #expect(tag.wholeMatch(of: /"[0-9a-f]{16}"/) != nil)
    #expect(EntityTag.matches(tag, ifNoneMatch: [tag]))
    #expect(EntityTag.matches(tag, ifNoneMatch: ["\"x\", W/\(tag) , \"y\""]))
    #expect(EntityTag.matches(tag, ifNoneMatch: ["\"x\"", " * "]))
    #expect(!EntityTag.matches(tag, ifNoneMatch: []))
    #expect(!EntityTag.matches(tag, ifNoneMatch: ["\"x\"", "", ","]))
    #expect(EntityTag.of([]) != tag)
  }
}
