/// Puts together a job from profiles and, for what they lack, estimates.
package struct JobAssembly {
  let profiles: MeasuredProfiles
  let options: JobOptions
  let estimates: any ProfileEstimates
  package private(set) var gaps: [ProfileGap] = []
  package private(set) var faults: [ProfileFault] = []

  package init(
    _ profiles: MeasuredProfiles, _ options: JobOptions, estimates: any ProfileEstimates
  ) {
    self.profiles = profiles
    self.options = options
    self.estimates = estimates
  }

  /// The job; `nil` after noting every fault. Complexity: O(rows).
  package mutating func job() -> MeasuredJob? {
    let (forward, endForward) = times()
    let memory = self.memory()
    let (consecutive, strided) = groupBandwidths()
    let stages = stageBandwidths()
    let (allReduce, allToAll) = messageTimes()
    if profiles.overlapSlowdown == nil { gaps.append(.noFile(.overlap)) }
    guard faults.isEmpty, let memory else { return nil }
    var job = MeasuredJob(
      layers: options.layers, hiddenSize: options.hiddenSize,
      sequenceLength: options.sequenceLength, forward: forward, endForward: endForward,
      layerParameters: memory.layer.parameters, layerActivations: memory.layer.activations,
      recomputedActivations: memory.layer.recomputed, onlyStage: memory.only,
      firstStage: memory.first, lastStage: memory.last, gpus: options.gpus,
      consecutiveBandwidth: consecutive, stridedBandwidth: strided, stageBandwidth: stages,
      allReduce: allReduce, allToAll: allToAll,
      overlapSlowdown: profiles.overlapSlowdown ?? 1)
    job.run = options.run
    return job
  }

  mutating func note(_ gap: ProfileGap) {
    if !gaps.contains(gap) { gaps.append(gap) }
  }

  mutating func refuse(_ fault: ProfileFault) { faults.append(fault) }
}
