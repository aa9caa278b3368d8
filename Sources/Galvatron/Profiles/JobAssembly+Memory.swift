extension JobAssembly {
  struct Memory {
    var layer: MemoryProfile.LayerMemory
    var only: MeasuredJob.EndMemory
    var first: MeasuredJob.EndMemory
    var last: MeasuredJob.EndMemory
  }

  mutating func memory() -> Memory? {
    guard let profile = profiles.memory else {
      note(.noFile(.memory))
      let ends = estimates.endMemory(
        degrees: options.degrees, sequenceParallel: options.run.sequenceParallel)
      return Memory(
        layer: estimates.layerMemory(
          degrees: options.degrees, sequenceParallel: options.run.sequenceParallel),
        only: ends.only, first: ends.first, last: ends.last)
    }
    let table = options.run.sequenceParallel ? profile.sequenceParallel : profile.plain
    guard !table.isEmpty else {
      refuse(.noMemoryTables(sequenceParallel: options.run.sequenceParallel))
      return nil
    }
    var layer = self.layer(table.layer)
    layer.activations = filled(layer.activations)
    compareParameters(layer)
    return Memory(
      layer: layer, only: end(table.onlyStage), first: end(table.firstStage),
      last: end(table.lastStage))
  }

  /// Part by which a measured layer's parameters may differ from the model's: profilers count
  /// allocated blocks.
  private static var tolerance: Double { 0.05 }

  private mutating func compareParameters(_ layer: MemoryProfile.LayerMemory) {
    let model = estimates.layerMemory(
      degrees: [1], sequenceParallel: options.run.sequenceParallel
    ).parameters
    guard abs(layer.parameters - model) > Self.tolerance * model else { return }
    note(
      .otherParameters(
        measured: Int(layer.parameters * 0x1p18), model: Int(model * 0x1p18)))
  }

  /// In proportion to the longest sequence length, with the weights of the shortest, as Galvatron has
  /// it, unless the job's own was measured.
  private mutating func layer(
    _ lengths: [Int: MemoryProfile.LayerMemory]
  ) -> MemoryProfile.LayerMemory {
    if let own = own(lengths) { return own }
    let (longest, shortest) = (lengths.keys.max()!, lengths.keys.min()!)
    var layer = lengths[longest]!
    layer.parameters = lengths[shortest]!.parameters
    layer.activations = layer.activations.mapValues { scaled($0, from: longest) }
    layer.recomputed = scaled(layer.recomputed, from: longest)
    return layer
  }

  private mutating func end(_ lengths: [Int: MeasuredJob.EndMemory]) -> MeasuredJob.EndMemory {
    var end: MeasuredJob.EndMemory
    if let own = own(lengths) {
      end = own
    } else {
      let longest = lengths.keys.max()!
      end = lengths[longest]!
      end.activations = end.activations.mapValues { scaled($0, from: longest) }
    }
    end.states = filled(end.states)
    end.activations = filled(end.activations)
    return end
  }

  private mutating func own<Entry>(_ lengths: [Int: Entry]) -> Entry? {
    if options.memoryMode != .sequence {
      if let own = lengths[options.sequenceLength] { return own }
      if let unnamed = lengths[MemoryProfile.unnamedLength] { return unnamed }
    } else if lengths.count == 1, let unnamed = lengths[MemoryProfile.unnamedLength] {
      return unnamed
    }
    if options.memoryMode == nil || options.memoryMode == .first {
      note(.memoryScaled(from: lengths.keys.max()!))
    }
    return nil
  }

  private func scaled(_ size: Double, from length: Int) -> Double {
    size / Double(length) * Double(options.sequenceLength)
  }

  /// Degrees that were not measured take half of what the next lower one takes.
  private mutating func filled(_ sizes: [Int: Double]) -> [Int: Double] {
    var sizes = sizes
    var missing: [Int] = []
    for degree in options.degrees where sizes[degree] == nil {
      guard let lower = sizes[degree / 2] else { continue }
      sizes[degree] = lower / 2
      missing.append(degree)
    }
    if !missing.isEmpty { note(.degreesHalved(missing)) }
    return sizes
  }
}
