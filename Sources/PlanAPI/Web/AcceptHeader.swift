/// What forms of an answer a request accepts (RFC 9110, section 12.5.1).
struct AcceptHeader {
  private struct Range {
    var type: String
    var subtype: String
    /// From 0 (not acceptable) to 1000.
    var quality: Int

    /// How narrowly the range covers a type: 2 names it, 1 its family, 0 all; nil not at all.
    func precision(for media: MediaType) -> Int? {
      if type == "*" { return subtype == "*" ? 0 : nil }
      guard type == media.type else { return nil }
      if subtype == "*" { return 1 }
      return subtype == media.subtype ? 2 : nil
    }
  }

  private var ranges: [Range] = []

  /// `lines` are the values of the header's fields. Members that cannot be read are passed over; a
  /// header of which nothing can be read accepts everything, like one that is absent.
  init(_ lines: [String]) {
    for line in lines {
      var reader = HeaderReader(line)
      repeat {
        if let range = Self.range(&reader) { ranges.append(range) }
        reader.skipToComma()
      } while reader.pass(",")
    }
  }

  private static func range(_ reader: inout HeaderReader) -> Range? {
    guard let (type, subtype) = reader.mediaRange() else { return nil }
    var range = Range(type: type, subtype: subtype, quality: 1000)
    while reader.pass(";") {
      guard let parameter = reader.parameter() else { continue }
      if parameter.name == "q" {
        guard let quality = Double(parameter.value), (0...1).contains(quality) else { return nil }
        range.quality = Int(quality * 1000 + 0.5)
      }
    }
    return range
  }

  /// The offer that is accepted most gladly, the earlier of two equals; nil if none is.
  ///
  /// For each offer the narrowest range that covers it decides.
  func choice(among offers: [MediaType]) -> MediaType? {
    guard !ranges.isEmpty else { return offers.first }
    var best: (offer: MediaType, quality: Int)?
    for offer in offers {
      let quality = quality(of: offer)
      if quality > best?.quality ?? 0 { best = (offer, quality) }
    }
    return best?.offer
  }

  private func quality(of offer: MediaType) -> Int {
    var narrowest: (precision: Int, quality: Int)?
    for range in ranges {
      guard let precision = range.precision(for: offer) else { continue }
      if precision > narrowest?.precision ?? -1 { narrowest = (precision, range.quality) }
    }
    return narrowest?.quality ?? 0
  }
}
