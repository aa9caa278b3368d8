import Workload

/// What the layers of a model attend to, where they differ.
enum LayerReach: Hashable {
  case full
  /// Keys at most that a query sees.
  case window(Int)
  case linear

  var window: Int? {
    if case .window(let keys) = self { keys } else { nil }
  }
}

extension ConfigReader {
  /// `num_hidden_layers`, under any of its names.
  mutating func layerCount(_ names: [StaticString] = ["num_hidden_layers", "n_layer"]) -> Int {
    size(named: names, max: ShapeLimits.layers)
  }

  mutating func hiddenSize(_ names: [StaticString] = ["hidden_size", "n_embd"]) -> Int {
    size(named: names, max: ShapeLimits.hiddenSize)
  }

  private mutating func size(named names: [StaticString], max: Int) -> Int {
    size(names.first(where: has) ?? names[0], max: max)
  }

  mutating func maximumLength(_ names: StaticString..., absent: Int? = nil) -> Int? {
    let name = names.first(where: has) ?? names[0]
    return optionalSize(name, max: ShapeLimits.positions) ?? absent
  }

  /// Heads of a multi-head attention that share out the hidden size.
  mutating func evenHeads(_ name: StaticString, of hiddenSize: Int, absent: Int? = nil) -> (
    heads: Int, dimension: Int
  ) {
    let heads = size(name, max: ShapeLimits.heads, absent: absent)
    return (heads, dividing(hiddenSize, by: heads, name))
  }

  /// Heads, heads of keys and values, and their dimension, in Llama's words. `num_key_value_heads`
  /// that is null means one for every head, one that is absent what the family's class says.
  mutating func groupedHeads(
    hiddenSize: Int, absentHeads: Int? = nil, absentKeyValueHeads: Int? = nil,
    absentDimension: Int? = nil
  ) -> (heads: Int, keyValueHeads: Int, dimension: Int) {
    let heads = size(
      "num_attention_heads", max: ShapeLimits.heads, absent: absentHeads)
    let keyValueHeads = size(
      "num_key_value_heads", max: ShapeLimits.heads,
      absent: isNull("num_key_value_heads") ? heads : absentKeyValueHeads ?? heads)
    let given =
      optionalSize("head_dim", "attention_head_dim", max: ShapeLimits.headDimension)
      ?? (isNull("head_dim") ? nil : absentDimension)
    let dimension = given ?? dividing(hiddenSize, by: heads, "num_attention_heads")
    if heads % keyValueHeads != 0, isSound {
      note(
        "num_key_value_heads",
        "expected a divisor of the \(heads) attention heads, found "
          + "\(keyValueHeads)")
    }
    return (heads, keyValueHeads, dimension)
  }

  private mutating func dividing(
    _ hiddenSize: Int, by heads: Int, _ name: StaticString
  ) -> Int {
    if hiddenSize % heads != 0, isSound {
      note(name, "expected a divisor of the hidden size of \(hiddenSize), found \(heads)")
    }
    return max(1, hiddenSize / heads)
  }

  /// What each layer attends to: `layer_types` where it is given, else by `absent`, which is asked
  /// whether a layer slides. The window is `sliding_window`, or `absentWindow`.
  mutating func reaches(
    layers: Int, absentWindow: Int? = nil, allowsLinear: Bool = false,
    slides absent: (Int) -> Bool
  ) -> [LayerReach] {
    let window =
      optionalSize("sliding_window", max: ShapeLimits.positions)
      ?? (isNull("sliding_window") ? nil : absentWindow)
    let sliding = window.map(LayerReach.window) ?? .full
    guard let types = words("layer_types") else {
      return (0..<layers).map { absent($0) ? sliding : .full }
    }
    let chunk = optionalSize("attention_chunk_size", max: ShapeLimits.positions)
    if types.count != layers, isSound {
      note(
        "layer_types", "expected one type for each of the \(layers) layers, found \(types.count)")
    }
    let list = types.prefix(layers).map { type -> LayerReach? in
      switch type {
      case "full_attention", "attention": .full
      case "sliding_attention": sliding
      case "chunked_attention": chunk.map(LayerReach.window) ?? .full
      case "linear_attention" where allowsLinear: .linear
      default: nil
      }
    }
    if let odd = list.firstIndex(of: nil) {
      note(
        "layer_types",
        "unknown type \"\(types[odd])\" in this family; known: full_attention, "
          + "sliding_attention, chunked_attention" + (allowsLinear ? ", linear_attention" : ""))
    }
    return list.map { $0 ?? .full } + Array(repeating: .full, count: layers - list.count)
  }

  /// Where every layer has the same reach.
  mutating func sameReach(layers: Int, allowsLinear: Bool = false) -> [LayerReach] {
    reaches(layers: layers, allowsLinear: allowsLinear) { _ in true }
  }

  mutating func fullReach(layers: Int) -> [LayerReach] {
    Array(repeating: .full, count: layers)
  }
}
