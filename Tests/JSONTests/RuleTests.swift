import JSON
import Testing

private enum Fruit: String, CaseIterable { case apple, pear, quince }

private struct Job: Equatable {
  var layers: Int
  var rate: Double
  var fruits: [Fruit]
  var name: String
  var parts: [[Int]]
}

private let job: JSONObjectRule<Job> = .object { o in
  let layers = o.required("layers", .positiveInteger(max: 100))
  let rate = o.optional("rate", .positiveNumber(max: 1), absent: 0.5)
  let fruits = o.required("fruits", .oneOrMore(of: .oneOf(Fruit.self)))
  let name = o.optional("name", .nonEmptyString, absent: "job")
  let parts = o.optional("parts", .list(of: .list(of: .integer, counts: 2...2)), absent: [])
  if let layers, layers % 7 == 0 { o.note("layers", "must not be a multiple of 7") }
  guard let layers, let fruits else { return nil }
  return Job(layers: layers, rate: rate, fruits: fruits, name: name, parts: parts)
}

@Suite struct RuleTests {
  private func read(_ text: String) throws -> Result<Job, JSONFaults> {
    try JSONDocument(parsing: text).root.read(as: job)
  }

  private func faults(_ text: String) throws -> [String] {
    guard case .failure(let faults) = try read(text) else { return [] }
    return faults.list.map { "\($0.pointer): \($0.detail)" }
  }

  @Test func readsWhatIsSound() throws {
    let full = try read(
      #"{"layers": 3, "rate": 1, "fruits": ["pear", "apple"], "name": "x", "parts": [[1, 2]]}"#)
    #expect(
      try full.get()
        == Job(layers: 3, rate: 1, fruits: [.pear, .apple], name: "x", parts: [[1, 2]]))
    let least = try read(#"{"fruits": "quince", "layers": 1e1}"#)
    #expect(
      try least.get() == Job(layers: 10, rate: 0.5, fruits: [.quince], name: "job", parts: []))
  }

  @Test func notesEveryFaultInTheDocumentsOrder() throws {
    let text = """
      {"layer": 3, "rate": 0, "fruits": ["pear", "aple", 3], "name": "", "parts": [[1], {}, [1, "2"]],
       "a/b": 1}
      """
    #expect(
      try faults(text) == [
        #"/layers: missing: expected an integer from 1 to 100"#,
        #"/layer: unknown member; did you mean "layers"?"#,
        #"/rate: expected a number above 0, up to 1, found 0"#,
        #"/fruits/1: unknown value "aple"; did you mean "apple"?"#,
        #"/fruits/2: expected one of "apple", "pear", "quince", found 3"#,
        #"/name: expected a string that is not empty, found """#,
        #"/parts/0: expected an array of 2, each an integer of at least -9223372036854775808, found an array"#,
        #"/parts/1: expected an array of 2, each an integer of at least -9223372036854775808, found an empty object"#,
        #"/parts/2/1: expected an integer of at least -9223372036854775808, found "2""#,
        #"/a~1b: unknown member; known here: "layers", "rate", "fruits", "name", "parts""#,
      ])
  }

  @Test(arguments: ["3", "[]", "null", "\"x\"", "{}"])
  func notesAWrongWhole(text: String) throws {
    let all = try faults(text)
    #expect(all.count == (text == "{}" ? 2 : 1))
    #expect(text == "{}" || all[0].hasPrefix(": expected an object, found "))
  }

  @Test(arguments: [
    "0", "-1", "101", "1.5", "1e300", "99999999999999999999", "null", "\"3\"", "[3]", "{}", "true",
    "9223372036854775808",
  ])
  func refusesOtherThanPositiveIntegers(layers: String) throws {
    let found = try faults("{\"fruits\": \"pear\", \"layers\": \(layers)}")
    let summary = ["[3]": "an array", "{}": "an empty object"][layers] ?? layers
    #expect(found == ["/layers: expected an integer from 1 to 100, found \(summary)"])
  }

  @Test func notesFaultsThatOnlyShowTogether() throws {
    #expect(
      try faults(#"{"fruits": "pear", "layers": 14}"#) == [
        "/layers: must not be a multiple of 7"
      ])
  }

  @Test func openObjectsPassOverWhatTheyDoNotKnow() throws {
    let rule: JSONObjectRule<Int> = .openObject { o in
      o.optional("heads", .positiveInteger(max: 9), absent: 4)
    }
    let text = #"{"other": {"a": 1}, "heads": null}"#
    #expect(try JSONDocument(parsing: text).root.read(as: rule).get() == 4)
    let bad = try JSONDocument(parsing: #"{"heads": 10}"#).root.read(as: rule)
    #expect(throws: JSONFaults.self) { try bad.get() }
  }

  @Test func readsMaps() throws {
    let text = #"{"b": 1, "a": [1, 2]}"#
    let rule: JSONMapRule<JSONOneOrMoreRule<JSONIntegerRule>> = .map(of: .oneOrMore(of: .integer))
    let map = try JSONDocument(parsing: text).root.read(as: rule).get()
    #expect(map.map(\.name) == ["b", "a"] && map.map(\.value) == [[1], [1, 2]])
  }

  @Test func unknownMembersBeyondTheSixtyFourthAreFound() throws {
    let text =
      "{\"layers\":1,\"fruits\":\"pear\""
      + (0..<100).map { ",\"member-\($0)\":0" }.joined() + "}"
    #expect(try faults(text).count == 100)
  }

  @Test func faultsTakeBoundedRoom() throws {
    let many = "{\"fruits\":[" + String(repeating: "0,", count: 5000) + "0]}"
    guard case .failure(let faults) = try read(many) else { return #expect(Bool(false)) }
    #expect(faults.list.count == 1000 && faults.omitted == 4002)

    let longName = String(repeating: "n", count: 100_000)
    let text = "{\"\(longName)\":[" + String(repeating: "\"\",", count: 900) + "\"\"]}"
    let root = try JSONDocument(parsing: text).root
    guard case .failure(let long) = root.read(as: .map(of: .list(of: .integer))) else {
      return #expect(Bool(false))
    }
    #expect(long.list.count == 2 && long.omitted == 899)
  }
}
