/// A split in Megatron-LM's notation for `--pipeline-model-parallel-layout` (since Megatron Core
/// 0.13): `E` the embedding, `t` a decoder layer, `L` the loss with final norm and head; `|` ends a
/// virtual stage but the last, `x*n` and `(…)*n` repeat. Virtual stages stand in the order in which a
/// micro-batch passes them.
enum MegatronLayout {
  static func text(_ parts: [StageContents.Part]) -> String {
    let stages = parts.map(text)
    var layout = ""
    var index = 0
    while index < stages.count - 1 {
      var end = index + 1
      while end < stages.count - 1, stages[end] == stages[index] { end += 1 }
      let count = end - index
      layout += count > 1 ? "(\(stages[index])|)*\(count)" : stages[index] + "|"
      index = end
    }
    return layout + (stages.last ?? "")
  }

  private static func text(_ part: StageContents.Part) -> String {
    let count = part.layers.count
    let layers = count > 3 ? "t*\(count)" : String(repeating: "t", count: count)
    return (part.hasEmbedding ? "E" : "") + layers + (part.hasHead ? "L" : "")
  }
}
