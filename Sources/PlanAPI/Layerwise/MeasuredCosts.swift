import Costing
import Galvatron
import JSON

extension PlanService {
  /// Reads `cost_model` and `profiles` for the service's own cost model: what was measured of layers and
  /// of the network then takes the place of what is modelled.
  func readMeasurements(_ job: inout JobRequest?, _ members: inout JSONMemberReader) {
    _ = members.optional("cost_model", .oneOf(CostModelName.self))
    if members.object["galvatron"] != nil {
      _ = members.value("galvatron")
      members.note("galvatron", Sentence.settingsNeedGalvatron)
    }
    guard
      let profiles = members.optional("profiles", ProfilesRule(store: self.profiles)),
      var measuredJob = job
    else { return }
    guard !measuredJob.isMixed else {
      members.note("profiles", Sentence.oneKindOfGPU)
      return
    }
    guard let layers = measuredJob.graph.identicalBlocks else {
      members.note("profiles", Sentence.profilesOfOtherLayers)
      return
    }
    var options = JobOptions(
      layers: layers, hiddenSize: measuredJob.graph.hiddenSize,
      sequenceLength: measuredJob.job.sequenceLength, gpus: measuredJob.pool.gpus)
    options.run.usesMixedPrecision = measuredJob.job.precision != .fp32
    options.run.sequenceParallel = !(profiles.memory?.sequenceParallel.isEmpty ?? false)
    let costs = CostModel(
      graph: measuredJob.graph, pool: measuredJob.pool, job: measuredJob.job,
      parameters: parameters)
    var assembly = JobAssembly(profiles, options, estimates: AnalyticEstimates(costs))
    let measured = assembly.job()
    note(assembly.faults, &members)
    guard let measured else { return }
    measuredJob.measurements = MeasuredLayers(
      measured, from: profiles, kinds: measuredJob.graph.kinds.map(\.kind))
    if let network = profiles.network(of: measuredJob.pool) {
      measuredJob.cluster.pools[0] = measuredJob.pool.measured(network)
    }
    measuredJob.overlapSlowdown = profiles.overlapSlowdown
    measuredJob.warnings += assembly.gaps.map {
      Sentence.profile($0, sequenceLength: measuredJob.job.sequenceLength)
    }
    job = measuredJob
  }
}

extension Sentence {
  static let settingsNeedGalvatron =
    "settings of Galvatron's search apply under \"cost_model\": \"galvatron\""
  static let oneKindOfGPU = "profiles are of one kind of GPU, and the cluster has several"
  static let profilesOfOtherLayers =
    "profiles are of models between whose embedding and head all transformer blocks are alike"
}
