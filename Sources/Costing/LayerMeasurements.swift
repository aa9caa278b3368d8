/// Measured costs of layers, which take the place of the analytic ones.
package protocol LayerMeasurements: Sendable {
  /// The costs of each distinct layer under one split, measured as far as they were; the rest as it
  /// is given.
  ///
  /// - Parameter costs: of `LayerGraph.kinds`, in their order.
  func replacing(_ costs: [LayerCost], for parallelism: LayerParallelism) -> [LayerCost]

  /// The same on GPUs that compute at a part of the measured ones' speed.
  func slowed(to speed: Double) -> any LayerMeasurements
}
