import Testing

@testable import JSON

@Suite struct NearestNamesTests {
  let gpus = [
    "h100-sxm5-80gb", "h100-pcie-80gb", "a100-sxm4-80gb", "a100-sxm4-40gb", "v100-sxm2-32gb",
    "mi300x",
  ]

  @Test(arguments: [
    ("H100-SXM5-80GB", ["h100-sxm5-80gb"]), ("h100", ["h100-pcie-80gb", "h100-sxm5-80gb"]),
    ("h100-smx", ["h100-sxm5-80gb"]),
    ("h1000", ["h100-pcie-80gb"]), ("v10", ["v100-sxm2-32gb"]),
    ("a100-sxm4-80g", ["a100-sxm4-80gb"]), ("mi300", ["mi300x"]),
    ("abacus", []), ("", []), ("zzzzzz", []), ("x", []),
  ])
  func guessesGPUs(name: String, expected: [String]) {
    let near = NearestNames.to(name, among: gpus)
    #expect(near.prefix(expected.count) == expected[...])
    #expect(near.isEmpty == expected.isEmpty)
  }

  @Test(arguments: [
    ("", "abc", 0), ("abc", "", 3), ("b", "abc", 0), ("smx5", "h100sxm580gb", 1),
    ("xyz", "axbycz", 2),
  ])
  func countsEditsToAPart(a: String, b: String, expected: Int) {
    #expect(
      NearestNames.editDistance(Array(a.utf8), Array(b.utf8), toAnyPart: true) == expected)
  }

  @Test(arguments: [
    ("", "", 0), ("abc", "", 3), ("abc", "abc", 0), ("abc", "acb", 1), ("kitten", "sitting", 3),
    ("layers", "layer", 1), ("ca", "abc", 3),
  ])
  func countsEdits(a: String, b: String, expected: Int) {
    #expect(NearestNames.editDistance(Array(a.utf8), Array(b.utf8)) == expected)
    #expect(NearestNames.editDistance(Array(b.utf8), Array(a.utf8)) == expected)
  }
}
