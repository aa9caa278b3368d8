import Workload

/// Dense decoders that follow Llama's layout (Touvron et al. 2023), and how each departs from it.
extension HuggingFaceFamily {
  static let llamaFamilies = [
    llama, mistral, internLM, internLM2, baichuan, granite, smolLM3, seedOSS, exaone4, ernie45,
    arcee, persimmon,
  ]

  private static let llama = HuggingFaceFamily("llama") { reader, type in
    var layout = DecoderLayout(&reader)
    layout.hasBias = reader.flag("attention_bias", absent: false)
    let half = reader.gated(hasBias: reader.flag("mlp_bias", absent: false))
    return reader.decoder(layout, type, half, maximumLength: 2048)
  }

  private static let mistral = HuggingFaceFamily("mistral", "mistral3", "ministral") {
    reader, type in
    let layout = DecoderLayout(&reader, keyValueHeads: 8)
    let reaches = reader.reaches(layers: layout.layers, absentWindow: 4096) { _ in true }
    return reader.decoder(
      layout, type, reader.gated(), reaches: reaches, maximumLength: 131_072)
  }

  private static let internLM = HuggingFaceFamily("internlm") { reader, type in
    var layout = DecoderLayout(&reader)
    layout.hasBias = reader.flag("bias", absent: true)
    return reader.decoder(layout, type, reader.gated(), maximumLength: 2048)
  }

  private static let internLM2 = HuggingFaceFamily("internlm2") { reader, type in
    var layout = DecoderLayout(&reader)
    layout.hasBias = reader.flag("bias", absent: true)
    return reader.decoder(layout, type, reader.gated(), maximumLength: 2048)
  }

  private static let baichuan = HuggingFaceFamily("baichuan") { reader, type in
    let layout = DecoderLayout(&reader)
    let length = reader.maximumLength("model_max_length", absent: 4096)
    return reader.decoder(layout, type, reader.gated(), maximumLength: length)
  }

  /// The first Qwen: `intermediate_size` is that of gate and up together.
  private static let granite = HuggingFaceFamily("granite") { reader, type in
    var layout = DecoderLayout(&reader)
    layout.hasBias = reader.flag("attention_bias", absent: false)
    let half = reader.gated(hasBias: reader.flag("mlp_bias", absent: false))
    return reader.decoder(layout, type, half, maximumLength: 2048)
  }

  private static let smolLM3 = HuggingFaceFamily("smollm3") { reader, type in
    var layout = DecoderLayout(&reader, keyValueHeads: 4)
    layout.hasBias = reader.flag("attention_bias", absent: false)
    let half = reader.gated(hasBias: reader.flag("mlp_bias", absent: false))
    let slides = reader.flag("use_sliding_window", absent: false)
    let rotary = reader.rotaryLayers(layout.layers)
    let reaches = reader.reaches(layers: layout.layers) { slides && !rotary[$0] }
    return reader.model(
      of: layout, family: type, isTied: true, maximumLength: 32768
    ) { layout.block(layout.attention(reaches[$0], isRotary: rotary[$0]), half) }
  }

  private static let seedOSS = HuggingFaceFamily("seed_oss") { reader, type in
    var layout = DecoderLayout(&reader, keyValueHeads: 8, headDimension: 128)
    layout.hasInputBias = reader.flag("attention_bias", absent: true)
    layout.hasOutputBias = reader.flag("attention_out_bias", absent: false)
    let half = reader.gated(hasBias: reader.flag("mlp_bias", absent: false))
    return reader.decoder(layout, type, half, maximumLength: 524_288)
  }

  /// `sliding_window_pattern` may be letters, L for a local layer and G for a global one.
  private static let exaone4 = HuggingFaceFamily("exaone4") { reader, type in
    var layout = DecoderLayout(&reader, keyValueHeads: 32)
    layout.placement = .after
    layout.queryKeyNorm = .shared(.rms)
    let layers = layout.layers
    let reaches = reader.reaches(layers: layers, absentWindow: 4096) {
      ($0 + 1) % 4 != 0 && $0 < layers - 1
    }
    return reader.decoder(
      layout, type, reader.gated(), reaches: reaches, maximumLength: 2048)
  }

  private static let ernie45 = HuggingFaceFamily("ernie4_5") { reader, type in
    var layout = DecoderLayout(&reader, keyValueHeads: 2, headDimension: 128)
    layout.hasBias = reader.flag("use_bias", absent: false)
    let half = reader.gated(hasBias: layout.hasBias)
    return reader.decoder(layout, type, half, isTied: true, maximumLength: 131_072)
  }

  private static let arcee = HuggingFaceFamily("arcee") { reader, type in
    var layout = DecoderLayout(&reader)
    layout.hasBias = reader.flag("attention_bias", absent: false)
    let half = reader.plain(hasBias: reader.flag("mlp_bias", absent: false))
    return reader.decoder(layout, type, half, maximumLength: 4096)
  }

  private static let persimmon = HuggingFaceFamily("persimmon") { reader, type in
    var layout = DecoderLayout(&reader)
    layout.norm = .layer
    layout.hasBias = true
    if reader.flag("qk_layernorm", absent: true) { layout.queryKeyNorm = .shared(.layer) }
    return reader.decoder(layout, type, reader.plain(hasBias: true), maximumLength: 16384)
  }
}

extension ConfigReader {
  /// Which layers rotate queries and keys: `no_rope_layers` holds 1 for those that do.
  mutating func rotaryLayers(_ layers: Int) -> [Bool] {
    let interval = size("no_rope_layer_interval", max: ShapeLimits.layers, absent: 4)
    guard let given = indices("no_rope_layers"), !given.isEmpty else {
      return (0..<layers).map { ($0 + 1) % interval != 0 }
    }
    if given.count < layers, isSound {
      note(
        "no_rope_layers",
        "expected one number for each of the \(layers) layers, found \(given.count)")
    }
    return (0..<layers).map { $0 >= given.count || given[$0] != 0 }
  }
}
