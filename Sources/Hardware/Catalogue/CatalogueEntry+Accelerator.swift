import Quantities

extension CatalogueEntry {
  /// The figures that costs are computed from.
  ///
  /// - The fp32 peak is TF32's where the chip has it: matrix products of a 32-bit job run on those
  ///   units when the framework allows it (`allow_tf32`), and nobody trains large models without.
  /// - A GPU that hangs on PCIe reaches its network port through it, and so no faster.
  /// - `siblings` help to derive memory that no driver was seen to report (see
  ///   `driverMemory(among:)`).
  package func accelerator(among siblings: [CatalogueEntry]) -> Accelerator {
    var peaks: [Precision: ComputeRate] = [:]
    for (precision, figure) in [
      (Precision.bf16, bf16), (.fp16, fp16), (.fp8, fp8), (.fp32, tf32 ?? fp32),
    ] {
      if let figure { peaks[precision] = .tera(figure.value) }
    }
    let port =
      switch link {
      case .pcie, .pcieThroughHost: min(networkBandwidth.value, linkBandwidth.value)
      case .nvlink, .infinityFabric, .ethernet, .torus, .hccs: networkBandwidth.value
      }
    let perNode = Int(gpusPerNode.value)
    return Accelerator(
      id: id, name: name, vendor: vendor, architecture: architecture, peaks: peaks,
      vectorPeak: fp32.map { .tera($0.value) },
      achievablePart: achievablePart(among: siblings),
      memory: .mebi(driverMemory(among: siblings).value),
      memoryBandwidth: .gigabytes(memoryBandwidth.value),
      scaleUpBandwidth: .gigabytes(linkBandwidth.value),
      networkBandwidth: .gigabytes(port), gpusPerNode: perNode,
      scaleUpDomain: scaleUpDomain.map { Int($0.value) } ?? perNode, scaleUpLink: link,
      peerBandwidth: peerBandwidth.map { .gigabytes($0.value) },
      hostBandwidth: hostBandwidth.map { .gigabytes($0.value) })
  }

  /// In millionths, so that what is printed of it reads back the same.
  ///
  /// What was measured on the chip or, unless it was, on one of its architecture with the same peak; and no
  /// more than relatives that draw more power do at this one's. Rates grow with power^(9/16): 785 TFLOP/s
  /// on an MI325X of 1,000 W, 668 on an MI300X, the same chip at 750 W. What callers say of their own GPUs
  /// holds for these alone, and as it is.
  private func achievablePart(among siblings: [CatalogueEntry]) -> Double {
    guard let peak = bf16 ?? fp16 else { return Accelerator.usualAchievablePart }
    func part(_ rate: Double) -> Double { (rate / peak.value * 1e6).rounded() / 1e6 }
    if let measuredMatmul, measuredMatmul.source == .caller { return part(measuredMatmul.value) }
    let relatives = siblings.filter {
      $0.architecture == architecture && $0.measuredMatmul.map { $0.source != .caller } == true
        && $0.power?.source != .caller
    }
    let alike = relatives.filter { ($0.bf16 ?? $0.fp16)?.value == peak.value }
    let known = measuredMatmul?.value ?? alike.compactMap(\.measuredMatmul?.value).max()
    let fed = relatives.compactMap { relative -> Double? in
      guard let power, let more = relative.power, more.value >= power.value,
        let rate = relative.measuredMatmul
      else { return nil }
      let share = power.value / more.value
      return rate.value * share.squareRoot()
        * share.squareRoot().squareRoot().squareRoot().squareRoot()
    }
    return part(
      min(known ?? peak.value * Accelerator.usualAchievablePart, fed.min() ?? .infinity))
  }

  /// What the driver reports, 2^20 bytes; derived on the safe side where nobody wrote it down.
  ///
  /// The least that a chip of the same architecture sold with the same size reports (an A800 carries
  /// an A100's memory); without one, the marketed size read as decimal gigabytes, which no driver in
  /// the catalogue falls below.
  package func driverMemory(among siblings: [CatalogueEntry]) -> Figure {
    if let driverMemory { return driverMemory }
    let reported = siblings.lazy
      .filter { $0.architecture == architecture && $0.marketedMemory.value == marketedMemory.value }
      .compactMap(\.driverMemory?.value)
    if let least = reported.min() { return .derived(least) }
    return .derived((marketedMemory.value * 1e9 / 0x1p20).rounded(.down))
  }
}
