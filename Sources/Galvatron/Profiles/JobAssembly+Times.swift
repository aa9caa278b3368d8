extension JobAssembly {
  /// Batch sizes that Galvatron asks for to fit a line.
  private static var fullBatchSizes: Int { 8 }

  /// Forward times of a layer and of the embedding and the head.
  mutating func times() -> (layer: TimeLaw, ends: TimeLaw) {
    let length = options.sequenceLength
    guard let profile = profiles.computation else {
      note(.noFile(.computation))
      return (
        estimates.forward(sequenceLength: length), estimates.endForward(sequenceLength: length)
      )
    }
    let estimates = self.estimates
    let layer = law(profile.layer, fitsParabola: true) {
      estimates.forward(sequenceLength: $0)
    }
    guard !profile.ends.isEmpty else {
      note(.noEndTimes)
      return (layer, estimates.endForward(sequenceLength: length))
    }
    let ends = law(profile.ends, fitsParabola: false) {
      estimates.endForward(sequenceLength: $0)
    }
    return (layer, ends)
  }

  private mutating func law(
    _ rows: [ComputationProfile.Row], fitsParabola: Bool, _ estimate: (Int) -> TimeLaw
  ) -> TimeLaw {
    let here = rows.filter { $0.sequenceLength == options.sequenceLength }
    let lengths = rows.filter { $0.batch == 1 && $0.sequenceLength != nil }
    switch options.timeMode ?? mode(here, lengths) {
    case .first:
      let first = options.timeMode == nil ? here.first ?? rows[0] : rows[0]
      if let length = first.sequenceLength, length != options.sequenceLength {
        if options.timeMode == nil { return scaled(rows, estimate) }
        note(.firstRowOfLength(length))
      }
      return TimeLaw(perSample: first.milliseconds)
    case .batch:
      return line(here) ?? scaled(rows, estimate)
    case .sequence:
      let points = lengths.map { (x: Double($0.sequenceLength!), y: $0.milliseconds) }
      guard points.count >= (fitsParabola ? 3 : 2) else { return scaled(rows, estimate) }
      let x = Double(options.sequenceLength)
      if fitsParabola { return TimeLaw(perSample: CurveFit.parabola(points, at: x)) }
      let line = CurveFit.line(points)
      return TimeLaw(perSample: line.slope * x + line.intercept)
    }
  }

  private func mode(
    _ here: [ComputationProfile.Row], _ lengths: [ComputationProfile.Row]
  ) -> JobOptions.TimeMode {
    if Set(here.compactMap(\.batch)).count >= Self.fullBatchSizes { return .batch }
    return here.isEmpty && lengths.count >= 3 ? .sequence : .first
  }

  /// Milliseconds over samples of a micro-batch; `nil` where there is but one batch size.
  private mutating func line(_ rows: [ComputationProfile.Row]) -> TimeLaw? {
    let points = rows.compactMap { row in
      row.batch.map { (x: Double($0), y: row.milliseconds * Double($0)) }
    }
    let sizes = Set(points.map(\.x)).count
    guard sizes >= 2 else { return nil }
    if sizes < Self.fullBatchSizes { note(.fewBatchSizes(sizes)) }
    let line = CurveFit.line(points)
    return TimeLaw(perSample: line.slope, constant: line.intercept)
  }

  /// From the sequence length that is nearest in proportion, by what the estimate says of both.
  private mutating func scaled(
    _ rows: [ComputationProfile.Row], _ estimate: (Int) -> TimeLaw
  ) -> TimeLaw {
    func distance(_ length: Int) -> Double {
      let (a, b) = (Double(length), Double(options.sequenceLength))
      return max(a, b) / min(a, b)
    }
    let lengths = Set(rows.compactMap(\.sequenceLength)).sorted()
    guard let nearest = lengths.min(by: { distance($0) < distance($1) }) else {
      return TimeLaw(perSample: rows[0].milliseconds)
    }
    let there = rows.filter { $0.sequenceLength == nearest }
    let law = line(there) ?? TimeLaw(perSample: there[0].milliseconds)
    guard nearest != options.sequenceLength else { return law }
    note(.timesScaled(from: nearest))
    let ratio =
      estimate(options.sequenceLength).milliseconds(samples: 1)
      / estimate(nearest).milliseconds(samples: 1)
    return law * ratio
  }
}
