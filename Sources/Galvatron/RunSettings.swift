/// How a job is run, as Galvatron's search is told, with its defaults.
package struct RunSettings: Hashable, Sendable {
  package var usesMixedPrecision = true
  /// Activations outside of tensor-parallel regions are split by tokens.
  package var sequenceParallel = true
  /// One buffer for all gathers of tensor-parallel layers.
  package var sharesGatherBuffer = true
  /// Gradients are reduced with every micro-batch.
  package var reducesGradientsEarly = true
  package var schedule = LayerwiseSchedule.pipedreamFlush
  package var defaultSharding = DefaultSharding.zero2
  /// All layer times are multiplied with it (`debug_costmodel_coe`).
  package var timeFactor = 1.0

  package init() {}
}
