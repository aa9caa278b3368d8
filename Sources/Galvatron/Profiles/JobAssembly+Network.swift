extension JobAssembly {
  /// Groups from all GPUs down to pairs, halving.
  private var groups: [Int] {
    var groups: [Int] = []
    var group = options.gpus
    while group >= 2 {
      groups.append(group)
      group /= 2
    }
    return groups
  }

  mutating func groupBandwidths() -> (consecutive: [Int: Double], strided: [Int: Double]) {
    let estimates = self.estimates
    func estimated(_ isStrided: Bool) -> [Int: Double] {
      Dictionary(
        uniqueKeysWithValues: groups.map {
          ($0, estimates.bandwidth(group: $0, isStrided: isStrided && $0 != options.gpus))
        })
    }
    guard options.gpus > 1 else { return ([:], [:]) }
    guard let profile = profiles.allReduceBandwidth else {
      note(.noFile(.allReduceBandwidth))
      return (estimated(false), estimated(true))
    }
    var (consecutive, strided) = (profile.consecutive, profile.strided)
    check(.allReduceBandwidth, groups: Array(consecutive.keys) + strided.keys)
    guard let whole = consecutive[options.gpus] else {
      if faults.isEmpty { refuse(.noWholeGroup(gpus: options.gpus)) }
      return ([:], [:])
    }
    // All GPUs are neighbours of each other.
    strided[options.gpus] = whole
    let lacking = groups.filter { consecutive[$0] == nil || strided[$0] == nil }
    if !lacking.isEmpty { note(.groups(.allReduceBandwidth, lacking)) }
    consecutive.merge(estimated(false)) { measured, _ in measured }
    strided.merge(estimated(true)) { measured, _ in measured }
    return (consecutive, strided)
  }

  mutating func stageBandwidths() -> [Int: Double] {
    guard options.gpus > 1 else { return [:] }
    var bandwidths = profiles.stageBandwidth ?? [:]
    if profiles.stageBandwidth == nil { note(.noFile(.stageBandwidth)) }
    check(.stageBandwidth, groups: Array(bandwidths.keys))
    let lacking = groups.filter { options.gpus % $0 == 0 && bandwidths[$0] == nil }
    for stages in lacking { bandwidths[stages] = estimates.bandwidth(stages: stages) }
    if !lacking.isEmpty, profiles.stageBandwidth != nil {
      note(.groups(.stageBandwidth, lacking))
    }
    return bandwidths
  }

  mutating func messageTimes() -> (allReduce: [Int: MessageTimes], allToAll: [Int: MessageTimes]) {
    let degrees = options.degrees.filter { $0 > 1 }
    guard !degrees.isEmpty else { return ([:], [:]) }
    var (allReduce, allToAll) = (
      profiles.messageTimes?.allReduce ?? [:], profiles.messageTimes?.allToAll ?? [:]
    )
    if profiles.messageTimes == nil { note(.noFile(.messageTimes)) }
    check(.messageTimes, groups: Array(allReduce.keys) + allToAll.keys)
    let lacking = degrees.filter { allReduce[$0] == nil || allToAll[$0] == nil }
    for degree in lacking {
      allReduce[degree] = allReduce[degree] ?? estimates.allReduce(group: degree)
      allToAll[degree] = allToAll[degree] ?? estimates.allToAll(group: degree)
    }
    if !lacking.isEmpty, profiles.messageTimes != nil { note(.groups(.messageTimes, lacking)) }
    return (allReduce, allToAll)
  }

  private mutating func check(_ file: ProfileFile, groups: [Int]) {
    guard let other = groups.filter({ options.gpus % $0 != 0 }).max() else { return }
    refuse(.otherGroups(file, group: other, gpus: options.gpus))
  }
}
