/// What Megatron recomputes. It knows one number for every model chunk of every stage.
enum MegatronRecompute: Hashable, Sendable {
  case none
  /// Scores, softmax and dropout of attention, in all layers.
  case selective
  /// Every layer.
  case all
  /// The first so many layers of every model chunk.
  case first(Int)

  var settings: [MegatronSetting] {
    switch self {
    case .none: [.override("model.recompute_granularity", .null)]
    case .selective:
      [
        // Recipes set them, and Megatron refuses them here.
        .override("model.recompute_method", .null),
        .override("model.recompute_num_layers", .null),
        .value("--recompute-granularity", "model.recompute_granularity", "selective"),
        MegatronSetting(
          arguments: ["--recompute-modules", "core_attn"], path: "model.recompute_modules",
          value: ["core_attn"]),
      ]
    case .all: full(method: "uniform", layers: 1)
    case .first(let layers): full(method: "block", layers: layers)
    }
  }

  private func full(method: ConfigValue, layers: Int) -> [MegatronSetting] {
    [
      .value("--recompute-granularity", "model.recompute_granularity", "full"),
      .value("--recompute-method", "model.recompute_method", method),
      .value("--recompute-num-layers", "model.recompute_num_layers", .integer(layers)),
    ]
  }
}

extension PlannedJob {
  /// The least that recomputes, on every stage, at least what the plan does, so that it fits.
  func megatronRecompute(
    _ contents: StageContents, _ notes: inout ExportNotes
  ) -> MegatronRecompute {
    switch strategy.recompute {
    case .none: return .none
    case .selective: return .selective
    case .full: break
    }
    let stages = (0..<contents.pipeline).map { stage in
      let sizes = contents.chunkSizes(ofStage: stage)
      let wanted = min(plan.stages[stage].recomputedLayers, sizes.reduce(0, +))
      return (sizes: sizes, wanted: wanted)
    }
    func recomputed(_ sizes: [Int], _ perChunk: Int) -> Int {
      sizes.reduce(0) { $0 + min($1, perChunk) }
    }
    let most = stages.flatMap(\.sizes).max() ?? 0
    let perChunk =
      (0...most).first { count in
        stages.allSatisfy { recomputed($0.sizes, count) >= $0.wanted }
      } ?? most
    let surplus = stages.enumerated().filter { recomputed($1.sizes, perChunk) > $1.wanted }
    if !surplus.isEmpty {
      let examples = surplus.prefix(3).map { stage, layers in
        "stage \(stage) recomputes \(recomputed(layers.sizes, perChunk)) layers instead of "
          + "\(layers.wanted)"
      }
      notes.warn(
        Field.stages,
        "recompute_layers: Megatron has one number for all model chunks, \(perChunk); "
          + examples.joined(separator: ", ")
          + (surplus.count > 3 ? ", and \(surplus.count - 3) stages more" : ""))
    }
    return perChunk == 0 ? .none : perChunk == most ? .all : .first(perChunk)
  }
}
