/// Reads `--pipeline-model-parallel-layout` as Megatron Core does: commas are for show, then
/// `(…)*n` and then `x*n` are written out, then `|` ends a stage.
struct MegatronLayoutReader {
  enum Fault: Error, Equatable {
    case letter(Character)
    case stages(Int)
    case firstIsNotEmbedding
    case lastIsNotLoss
    case layers(Int)
  }

  /// One text a virtual stage, in the order a micro-batch passes them.
  static func stages(
    _ layout: String, pipeline: Int, layers: Int
  ) throws(Fault) -> [String] {
    var text = layout.filter { $0 != "," }
    while let range = text.firstRange(of: #/\((?<body>[^)]+)\)\*(?<count>\d+)/#),
      let match = text[range].wholeMatch(of: #/\((?<body>[^)]+)\)\*(?<count>\d+)/#)
    {
      let written = String(repeating: String(match.output.body), count: Int(match.output.count)!)
      text.replaceSubrange(range, with: written)
    }
    text = text.replacing(#/(.)\*(\d+)/#) { match in
      String(repeating: String(match.output.1), count: Int(match.output.2)!)
    }
    let stages = text.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
    let letters = stages.joined()
    for letter in letters where !"ELtm".contains(letter) { throw .letter(letter) }
    guard stages.count % pipeline == 0 else { throw .stages(stages.count) }
    guard letters.first == "E" else { throw .firstIsNotEmbedding }
    guard letters.last == "L" else { throw .lastIsNotLoss }
    let count = letters.count { $0 == "t" }
    guard count == layers else { throw .layers(count) }
    return stages
  }
}
