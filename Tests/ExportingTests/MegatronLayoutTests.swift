import Testing

@testable import Exporting

/// Layouts and what Megatron Core's own parser made of them: stages in the order a micro-batch passes
/// them, `-` for an empty one.
private let parsed: [(layout: String, pipeline: Int, layers: Int, stages: String)] = [
  (
    "Et*3|(tt|)*29,m|L", 16, 61,
    "Ettt tt tt tt tt tt tt tt tt tt tt tt tt tt tt tt tt tt tt tt tt tt tt tt tt tt tt tt tt tt m L"
  ),
  (
    "Et|(tt|)*30mL", 8, 61,
    "Et tt tt tt tt tt tt tt tt tt tt tt tt tt tt tt tt tt tt tt tt tt tt tt tt tt tt tt tt tt tt mL"
  ),
  ("Ettt|tttt|tttt|tttL", 4, 14, "Ettt tttt tttt tttL"),
  ("Et*7|(t*8|)*2t*9L", 4, 32, "Ettttttt tttttttt tttttttt tttttttttL"),
  (
    "Et*4|t*4|t*4|t*4|t*4|t*4|t*4|t*4L", 2, 32, "Etttt tttt tttt tttt tttt tttt tttt ttttL"
  ),
  ("E||t|L", 2, 1, "E - t L"), ("E||t|L", 4, 1, "E - t L"), ("EttttL", 1, 4, "EttttL"),
  ("E(tt|)*2tt|L", 4, 6, "Ett tt tt L"),
]

/// Layouts that it refused, but for those with multi-token prediction.
private let refused: [(String, Int, Int, MegatronLayoutReader.Fault)] = [
  ("t|EtL", 2, 2, .firstIsNotEmbedding), ("Et|tL|", 2, 2, .stages(3)),
  ("Et|t|tL", 2, 3, .stages(3)), ("ExtL", 1, 1, .letter("x")),
  ("Et*16|t*16L", 2, 31, .layers(32)),
]

@Suite struct MegatronLayoutTests {
  @Test(arguments: parsed)
  func readerAgreesWithMegatron(
    layout: String, pipeline: Int, layers: Int, stages: String
  ) throws {
    let read = try MegatronLayoutReader.stages(layout, pipeline: pipeline, layers: layers)
    #expect(read.map { $0.isEmpty ? "-" : $0 }.joined(separator: " ") == stages)
  }

  @Test(arguments: refused)
  func readerRefusesWhatMegatronRefuses(
    layout: String, pipeline: Int, layers: Int, fault: MegatronLayoutReader.Fault
  ) {
    #expect(throws: fault) {
      try MegatronLayoutReader.stages(layout, pipeline: pipeline, layers: layers)
    }
  }

  private func parts(_ stages: String) -> [StageContents.Part] {
    var next = 0
    return stages.split(separator: " ").map { stage in
      let first = next
      next += stage.count { $0 == "t" }
      let hasHead = stage.contains("L")
      return StageContents.Part(
        hasEmbedding: stage.contains("E"), layers: first..<next, hasNorm: hasHead,
        hasHead: hasHead, firstLayer: first)
    }
  }

  @Test(arguments: [
    ("Etttttttt ttttttttt tttttttttt ttttttttL", "Et*8|t*9|t*10|t*8L"),
    ("E tttt tttt tttt L", "E|(t*4|)*3L"), ("Ett tt ttL", "Ett|tt|ttL"),
    ("Ettttt ttttt L", "Et*5|t*5|L"), ("EtL", "EtL"), ("E t t t L", "E|(t|)*3L"),
    ("Ettttt tttt ttttt tttt tttt L", "Et*5|t*4|t*5|(t*4|)*2L"),
  ])
  func writesTheShortForm(stages: String, layout: String) {
    #expect(MegatronLayout.text(parts(stages)) == layout)
  }

  /// What is written is read back as it was, whatever the sizes.
  @Test(arguments: 0..<200)
  func roundTrip(seed: Int) throws {
    var random = SplitMix64(seed: seed)
    let count = Int.random(in: 1...12, using: &random)
    var stages = (0..<count).map { _ in
      String(repeating: "t", count: Int.random(in: 1...3, using: &random) * (seed % 3 + 1))
    }
    if Bool.random(using: &random) { stages[0] = "" }
    stages[0] = "E" + stages[0]
    if count > 1, Bool.random(using: &random) { stages[count - 1] = "" }
    stages[count - 1] += "L"
    let layers = stages.joined().count { $0 == "t" }
    let layout = MegatronLayout.text(parts(stages.joined(separator: " ")))
    let read = try MegatronLayoutReader.stages(layout, pipeline: 1, layers: layers)
    #expect(read == stages, "\(layout)")
  }
}
